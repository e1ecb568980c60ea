"""What a spike-in recovery says: plain frozen numbers, and the pictures by which they can be judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from histo.evidence import Estimate
from histo.findings import Cells, Fibers
from histo.geometry import Region
from histo.pattern import RecoveryVerdict
from histo.recovery.kinds import ImplantKind


class Outcome(StrEnum):
    """What became of one implant."""

    AS_ITSELF = "as itself"
    AS_ANOTHER = "as another"
    """Called another necrotic kind, or the other inflammatory cell."""
    MISSED = "missed"
    BEFORE = "before"
    """Something of the kind had been called there without the implant: it does not count."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """One implant.

    Attributes:
        kind: What was put there.
        x_um: Its middle, in slide micrometers.
        y_um: The same.
        fiber: Row of the healthy fiber that was drawn over; None for a cell.
        outcome: What became of it.
        called: The class of the fiber with its outline, or of the inflammatory cell at its place; None if none was
            found.
        iou: How well the outlines agree; None where none was found, and for cells.
    """

    kind: ImplantKind
    x_um: float
    y_um: float
    fiber: int | None
    outcome: Outcome
    called: str | None
    iou: float | None


@dataclass(frozen=True, slots=True)
class KindRecovery:
    """How many implants of one kind, or of several together, came back.

    Attributes:
        kind: Its name; `necrotic` and `inflammatory` are several together.
        implanted: Implants that count.
        places: Different fibers among them; for cells as many as implants.
        called_before: Implants that do not count, as something of the kind had been called there before.
        as_itself: Found as what they are.
        as_another: Found as another necrotic kind, or as the other inflammatory cell.
        missed: Not found as either.
        found_percent: Found at all, with its exact 95% interval; None without implants.
        as_itself_percent: Found as what they are.
        mean_iou: Mean agreement of outlines of the fibers that were found; None for cells, or where none was.
    """

    kind: str
    implanted: int
    places: int
    called_before: int
    as_itself: int
    as_another: int
    missed: int
    found_percent: Estimate | None
    as_itself_percent: Estimate | None
    mean_iou: float | None


@dataclass(frozen=True, slots=True)
class Control:
    """What was called where nothing sick had been put.

    Attributes:
        untouched: Places of fibers, before anything was drawn there.
        untouched_called: Of these, called necrotic.
        redrawn: Healthy fibers that were drawn anew as healthy ones.
        redrawn_called: Of these, called necrotic: for being drawn.
        redrawn_called_percent: The same with its exact 95% interval; None without any.
    """

    untouched: int
    untouched_called: int
    redrawn: int
    redrawn_called: int
    redrawn_called_percent: Estimate | None


@dataclass(frozen=True, slots=True)
class SlideLookFacts:
    """How the slide looked to the simulator, which drew in this look.

    Attributes:
        stain_source: `macenko`: the dyes' colors are the slide's own; `ruifrok`: they are a textbook's.
        hematoxylin: Optical density of one unit in R, G, B.
        eosin: The same.
        eosin_level: Eosin of healthy sarcoplasm.
        nucleus_level: Hematoxylin of nuclei.
        nucleus_size: Size of nuclei, relative to the simulator's.
        blur_um: Sigma of the optics, by the edges of nuclei.
        noise: Of pixels, in gray levels.
        nuclei: Nuclei that were measured.
    """

    stain_source: str
    hematoxylin: tuple[float, float, float]
    eosin: tuple[float, float, float]
    eosin_level: float
    nucleus_level: float
    nucleus_size: float
    blur_um: float
    noise: float
    nuclei: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """The recovery of one slide.

    Attributes:
        slide: Name.
        slide_sha256: Of the file.
        model_sha256: Of the bundle.
        conventions: Name of the conventions that the verdict follows.
        seed: Repeats it.
        asked_per_kind: Implants of each kind that were asked for.
        healthy_fibers: Healthy fibers that there were to choose from.
        kinds: Each kind on its own.
        necrotic: All stages of necrosis together; as many of each as were implanted, not as they occur.
        inflammatory: Both inflammatory cells together; None where they are not assessed.
        control: What was called where nothing sick was put.
        look: How the slide looked.
        verdict: What follows.
        implants: Each of them, those that do not count included.
    """

    slide: str
    slide_sha256: str
    model_sha256: str
    conventions: str
    seed: int
    asked_per_kind: int
    healthy_fibers: int
    kinds: tuple[KindRecovery, ...]
    necrotic: KindRecovery
    inflammatory: KindRecovery | None
    control: Control
    look: SlideLookFacts
    verdict: RecoveryVerdict
    implants: tuple[Recovered, ...]


@dataclass(frozen=True, eq=False)
class Example:
    """One implant as a picture.

    Attributes:
        recovered: What became of it.
        region_wpx: What is shown.
        before: (H, W, 3) uint8, the slide.
        after: (H, W, 3) uint8, with the implant.
        outline_um: (V, 2) float64, what was drawn; of a cell one point.
        fibers: Fibers that were found in the window, implants and all.
        cells: The same of nuclei.
    """

    recovered: Recovered
    region_wpx: Region
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    outline_um: NDArray[np.float64]
    fibers: Fibers
    cells: Cells
