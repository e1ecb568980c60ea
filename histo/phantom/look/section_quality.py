"""How well a section was cut, laid on its slide and kept clean: how much of every artefact it carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class SectionQuality:
    """Artefacts of one section. A density of 0 is none; any other gives at least one artefact of the kind.

    Attributes:
        uneven_thickness: Standard deviation of the slow change of thickness, relative.
        chatter_mm2: Patches of parallel bands that a vibrating knife cut, per mm2 of scene.
        ice_mm2: Patches of ice-crystal holes.
        hemorrhages_mm2: Lakes of red cells between fibers.
        crushes_mm2: Patches where forceps smeared the nuclei.
        folds_mm2: Bands where the section lies double.
        soft_focus_mm2: Patches slightly out of focus, which can still be judged.
        defocus_mm2: Patches out of focus.
        bubbles_mm2: Air bubbles under the cover glass.
        lint_mm2: Fibers of cloth or hair.
        dust_mm2: Specks of dust.
        pen_mm2: Strokes of a pen.
    """

    uneven_thickness: float = 0.0
    chatter_mm2: float = 0.0
    ice_mm2: float = 0.0
    hemorrhages_mm2: float = 0.0
    crushes_mm2: float = 0.0
    folds_mm2: float = 0.0
    soft_focus_mm2: float = 0.0
    defocus_mm2: float = 0.0
    bubbles_mm2: float = 0.0
    lint_mm2: float = 0.0
    dust_mm2: float = 0.0
    pen_mm2: float = 0.0


def typical_quality(rng: np.random.Generator) -> SectionQuality:
    """A good routine section: nearly always clean, with a little dust or a fold now and then."""

    def rare(share: float, low: float, high: float) -> float:
        amount = rng.uniform(low, high)
        return amount if rng.random() < share else 0.0

    return SectionQuality(
        uneven_thickness=rng.uniform(0.0, 0.03),
        chatter_mm2=rare(0.02, 0.02, 0.1),
        ice_mm2=rare(0.02, 0.02, 0.2),
        hemorrhages_mm2=rare(0.03, 0.02, 0.2),
        crushes_mm2=rare(0.03, 0.02, 0.1),
        folds_mm2=rare(0.08, 0.02, 0.15),
        soft_focus_mm2=rare(0.03, 0.02, 0.1),
        defocus_mm2=rare(0.02, 0.02, 0.1),
        bubbles_mm2=rare(0.02, 0.02, 0.1),
        lint_mm2=rare(0.04, 0.02, 0.2),
        dust_mm2=rare(0.10, 0.05, 1.0),
        pen_mm2=rare(0.02, 0.01, 0.03),
    )


def training_quality(rng: np.random.Generator, frozen: bool) -> SectionQuality:
    """A widely drawn section for a field of about a quarter of a mm2: each artefact in 3 to 6 of 100 fields.

    Args:
        rng: Draws.
        frozen: Whether the section was frozen; only then there is ice.
    """

    def rare(share: float, low: float, high: float) -> float:
        amount = rng.uniform(low, high)
        return amount if rng.random() < share else 0.0

    return SectionQuality(
        uneven_thickness=rng.uniform(0.02, 0.16) if rng.random() < 0.3 else 0.0,
        chatter_mm2=rare(0.04, 0.5, 3.0),
        ice_mm2=rare(0.08 if frozen else 0.0, 0.5, 5.0),
        hemorrhages_mm2=rare(0.05, 1.0, 12.0),
        crushes_mm2=rare(0.04, 0.5, 5.0),
        folds_mm2=rare(0.05, 0.5, 5.0),
        soft_focus_mm2=rare(0.05, 0.5, 5.0),
        defocus_mm2=rare(0.03, 0.5, 5.0),
        bubbles_mm2=rare(0.03, 0.5, 5.0),
        lint_mm2=rare(0.04, 1.0, 10.0),
        dust_mm2=rare(0.06, 5.0, 100.0),
        pen_mm2=rare(0.03, 0.2, 2.0),
    )
