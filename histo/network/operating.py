"""Where the decoder draws its lines, and how sure it is: chosen on validation fields, kept in the bundle's card."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, fields

from histo.findings import CellClass, FiberAttribute, FiberClass
from histo.network.second_look import NO_SECOND_LOOK

ADDED = frozenset(
    (
        "necrotic_look",
        "necrotic_with_phagocytes",
        "class_temperature",
        "attribute_temperature",
        "cell_temperature",
        "cell_even_height",
        "compartment_temperature",
    )
)
"""What cards of earlier versions do not hold; the defaults leave the network's numbers as they are, as those did."""


@dataclass(frozen=True)
class OperatingPoints:
    """Thresholds and temperatures of `decode_block`.

    Attributes:
        foreground: Probability from which a pixel belongs to a fiber.
        seed_height: How far a peak of the distance map must stand above the pass to a higher one, to be its own fiber.
        merge_boundary: Two touching parts are one fiber when the mean boundary probability on their common edge is
            below this, by the `FiberClass` that looks likeliest there: two pale fibers show little between them, and
            the fissures of a hyaline one look like borders.
        minimum_area_um2: Smaller outlines are dropped.
        fiber: Mean foreground probability inside an outline from which it is a fiber. Collagen and vessel walls that
            the foreground threshold lets through stay below it (on real fields: hits above 0.95, such patches 0.8).
        necrotic_fiber: The same for an outline that is called necrotic: sarcoplasm that is lost, or full of phagocytes,
            looks less like a fiber.
        necrotic: Summed probability of the necrotic classes from which a fiber is called necrotic.
        necrotic_look: Weights of the second look at fibers that may be necrotic (`histo.network.second_look`);
            `necrotic` is compared with what comes out.
        necrotic_with_phagocytes: The same for a fiber with two macrophage-like nuclei or more, where that is lower:
            phagocytes in a fiber are themselves a sign that it is dying.
        attributes: Probability from which each `FiberAttribute` is held to be present.
        cells: Peak height from which a nucleus of each `CellClass` is counted.
        cell_spacing_um: Two peaks nearer than this are one nucleus.
        class_temperature: Divides the log-odds of a fiber's class probabilities, so that what a reading states comes
            true as often as it says (Guo 2017, arXiv 1706.04599); above 1 is less sure, 1 leaves them as they are.
            `necrotic` is compared with what comes out.
        attribute_temperature: The same for attributes, compared with `attributes`.
        cell_temperature: The same for the height of a nucleus' peak, compared with `cells`.
        cell_even_height: Height of a peak that is as likely a nucleus of its kind as not. A heat map was not taught
            probabilities: on phantoms peaks of 0.45 are nuclei four times in five, which no temperature alone can say.
        compartment_temperature: The same for compartments. A reading states only the likeliest one, which no
            temperature changes; it is for whoever reads the maps themselves.
    """

    foreground: float = 0.5
    seed_height: float = 0.1
    merge_boundary: tuple[float, ...] = (0.5,) * len(FiberClass)
    minimum_area_um2: float = 60.0
    fiber: float = 0.75
    necrotic_fiber: float = 0.5
    necrotic: float = 0.5
    necrotic_look: tuple[float, ...] = NO_SECOND_LOOK
    necrotic_with_phagocytes: float = 0.999
    attributes: tuple[float, ...] = (0.5,) * len(FiberAttribute)
    cells: tuple[float, ...] = (0.4,) * len(CellClass)
    cell_spacing_um: float = 3.0
    class_temperature: float = 1.0
    attribute_temperature: float = 1.0
    cell_temperature: float = 1.0
    cell_even_height: float = 0.5
    compartment_temperature: float = 1.0

    @property
    def sha256(self) -> str:
        """Of all numbers, to tell one choice of thresholds from another."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def __post_init__(self) -> None:
        """Refuse values that no map can reach.

        Raises:
            ValueError: Naming the field and its value.
        """
        for name, values, count in (
            ("merge_boundary", self.merge_boundary, len(FiberClass)),
            ("attributes", self.attributes, len(FiberAttribute)),
            ("necrotic_look", self.necrotic_look, len(NO_SECOND_LOOK)),
            ("cells", self.cells, len(CellClass)),
        ):
            if len(values) != count:
                raise ValueError(f"{name} needs {count} thresholds, not {len(values)}")
        for field in fields(self):
            value = getattr(self, field.name)
            unbounded = field.name.endswith(("_um", "_um2", "_temperature"))
            for number in value if isinstance(value, tuple) else (value,):
                if field.name == "necrotic_look" and math.isfinite(number):
                    continue
                if not math.isfinite(number) or number <= 0 or (number >= 1 and not unbounded):
                    span = "positive" if unbounded else "between 0 and 1"
                    raise ValueError(f"{field.name} must be {span}, not {number}")
