"""Where the decoder draws its lines: thresholds chosen on phantoms, kept in the bundle's card."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from histo.findings import CellClass, FiberAttribute


@dataclass(frozen=True)
class OperatingPoints:
    """Thresholds of `decode_block`.

    Attributes:
        foreground: Probability from which a pixel belongs to a fiber.
        seed_height: How far a peak of the distance map must stand above the pass to a higher one, to be its own fiber.
        merge_boundary: Two touching parts are one fiber when the mean boundary probability on their common edge is
            below this.
        minimum_area_um2: Smaller outlines are dropped.
        fiber: Mean foreground probability inside an outline from which it is a fiber. Collagen and vessel walls that
            the foreground threshold lets through stay below it (on real fields: hits above 0.95, such patches 0.8).
        necrotic_fiber: The same for an outline that is called necrotic: sarcoplasm that is lost, or full of phagocytes,
            looks less like a fiber.
        necrotic: Summed probability of the necrotic classes from which a fiber is called necrotic.
        attributes: Probability from which each `FiberAttribute` is held to be present.
        cells: Peak height from which a nucleus of each `CellClass` is counted.
        cell_spacing_um: Two peaks nearer than this are one nucleus.
    """

    foreground: float = 0.5
    seed_height: float = 0.1
    merge_boundary: float = 0.5
    minimum_area_um2: float = 60.0
    fiber: float = 0.75
    necrotic_fiber: float = 0.5
    necrotic: float = 0.5
    attributes: tuple[float, ...] = (0.5,) * len(FiberAttribute)
    cells: tuple[float, ...] = (0.4,) * len(CellClass)
    cell_spacing_um: float = 3.0

    def __post_init__(self) -> None:
        """Refuse values that no map can reach.

        Raises:
            ValueError: Naming the field and its value.
        """
        for name, values, count in (
            ("attributes", self.attributes, len(FiberAttribute)),
            ("cells", self.cells, len(CellClass)),
        ):
            if len(values) != count:
                raise ValueError(f"{name} needs {count} thresholds, not {len(values)}")
        for field in fields(self):
            value = getattr(self, field.name)
            positive_um = field.name.endswith(("_um", "_um2"))
            for number in value if isinstance(value, tuple) else (value,):
                if not math.isfinite(number) or number <= 0 or (number >= 1 and not positive_um):
                    span = "positive" if positive_um else "between 0 and 1"
                    raise ValueError(f"{field.name} must be {span}, not {number}")
