"""Leaving out one group of the simulator's features, to measure what it teaches: see docs/decisions."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

import numpy as np

from histo.phantom.look import Look, SectionQuality, typical_look
from histo.phantom.spec import PhantomSpec


class Group(StrEnum):
    """A group of features of the training fields."""

    STAINS = "stains"
    """Stains, sarcoplasm textures and scanners of many laboratories; without them, those of a good routine."""
    ARTEFACTS = "artefacts"
    """Everything that spoils a section."""
    STRUCTURES = "structures"
    """What lies between fibers and is none: vessels, nerves, spindles, fat, bands and patches of collagen."""
    INFILTRATE = "infiltrate"
    """Inflammatory cells outside of phagocytosed fibers."""
    VARIETY = "variety"
    """Fibers of every size, shape and cut."""
    RARE_LOOKS = "rare-looks"
    """Attributes and other looks of fibers that are not necrotic, which necrosis is confused with."""


_DEFAULT = PhantomSpec()

_FIELDS: dict[Group, tuple[str, ...]] = {
    Group.VARIETY: (
        "fiber_um", "size_spread", "elongation", "oblique", "roundness", "split", "cleft", "hypertrophic", "atrophic",
        "angular",
    ),
    Group.RARE_LOOKS: ("vacuolated", "lipid", "glycogen", "granular_rim", "edge_opaque", "opaque"),
}  # fmt: skip
"""Fields of a specification that get their default back."""

_NONE: dict[Group, tuple[str, ...]] = {
    Group.STRUCTURES: (
        "vessels_mm2", "nerves_mm2", "fat_mm2", "scars_mm2", "spindles_mm2", "bands_mm2", "epimysium_um", "capillaries",
    ),
    Group.ARTEFACTS: ("tears_mm2", "debris_mm2", "folds_mm2"),
    Group.INFILTRATE: (
        "invaded", "lymphocytes_mm2", "macrophages_mm2", "perimysial_mm2", "foci_mm2", "cuffs", "sheets_mm2",
        "granulomas_mm2",
    ),
}  # fmt: skip
"""Fields of a specification that become 0."""


def without(group: Group, spec: PhantomSpec, look: Look, rng: np.random.Generator) -> tuple[PhantomSpec, Look]:
    """The same phantom without one group of features.

    Args:
        group: What to leave out.
        spec: What the phantom is made of.
        look: How it is stained, cut and scanned.
        rng: Draws what takes the place of a look.
    """
    changed: dict[str, Any] = {name: getattr(_DEFAULT, name) for name in _FIELDS.get(group, ())}
    changed |= dict.fromkeys(_NONE.get(group, ()), 0.0)
    if group is Group.ARTEFACTS:
        look = replace(look, section=SectionQuality())
    if group is Group.STAINS:
        look = replace(typical_look(rng), section=look.section, offset=look.offset)
    return replace(spec, **changed), look
