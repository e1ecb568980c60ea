"""A disease as something to draw biopsies from: the faces it shows, and how widely each varies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from histo.phantom.chance import log_uniform
from histo.phantom.spec import PATTERN_SPECS, PhantomSpec, Placement

Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Face:
    """One way in which a disease shows.

    Attributes:
        share: Share of the biopsies of the disease.
        pattern: What is visible, a pattern label.
        like: Key of `PATTERN_SPECS` that it begins with.
        ranges: By field of `PhantomSpec`, the interval that it is drawn from, even on the log scale.
        fixed: By field of `PhantomSpec`, a value that is always so.
    """

    share: float
    pattern: str
    like: str
    ranges: Ranges
    fixed: Mapping[str, float | Placement]


@dataclass(frozen=True, slots=True)
class Disease:
    """A disease that can be simulated.

    Attributes:
        name: Its key in `DISEASES`.
        pattern: What is visible in most of its biopsies, a pattern label; one biopsy's own is in its specification.
        source: Where its looks and shares are written, or (C).
        faces: The ways in which it shows; their shares add up to 1.
        children: Share of the biopsies that are of a child.
    """

    name: str
    pattern: str
    source: str
    faces: tuple[Face, ...]
    children: float = 0.05

    def draw(self, rng: np.random.Generator) -> PhantomSpec:
        """One patient's biopsy, of any age and severity within the disease."""
        face = self.faces[rng.choice(len(self.faces), p=[face.share for face in self.faces])]
        typical = PATTERN_SPECS[face.like]
        stated = {key for key in _BODY.keys() - face.ranges.keys() if getattr(typical, key) != getattr(_DEFAULT, key)}
        drawn: dict[str, Any] = {
            key: log_uniform(rng, *interval) for key, interval in (_BODY | dict(face.ranges)).items()
        }
        drawn = {key: value for key, value in drawn.items() if key not in stated}
        if "fiber_um" not in face.ranges and rng.random() < self.children:
            drawn["fiber_um"] = log_uniform(rng, 18, 40)
        drawn["endomysium_fill"] = drawn.get("endomysium_fill", rng.uniform(0.1, 1))
        drawn["late"] = rng.uniform(0.1, 0.45)
        drawn["oblique"] = rng.choice([0.0, 0.0, 0.15, 0.5])
        return replace(typical, **{**drawn, **face.fixed, "pattern": face.pattern, "disease": self.name})


_BODY: dict[str, tuple[float, float]] = {
    "fiber_um": (40, 75),
    "size_spread": (0.14, 0.26),
    "elongation": (1.0, 1.35),
    "roundness": (0.15, 0.6),
    "endomysium_um": (1.0, 3.5),
    "fascicle_um": (350, 800),
    "perimysium_um": (12, 45),
    "internal_nuclei": (0.005, 0.03),
    "vessels_mm2": (0.8, 3.0),
    "fat_mm2": (0.05, 1.0),
}
"""What varies from one healthy adult to the next (C); diameters after Dubowitz.

What a pattern's own specification states otherwise than `PhantomSpec` does holds instead.
"""

_DEFAULT = PhantomSpec()


def face(share: float, pattern: str, ranges: Ranges, like: str | None = None, **fixed: float | Placement) -> Face:
    """A face; it begins like its own pattern unless another is named."""
    return Face(share, pattern, like or pattern, MappingProxyType(dict(ranges)), MappingProxyType(fixed))
