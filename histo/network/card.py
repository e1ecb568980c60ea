"""The card of a bundle: what the weights are, what trained them, how well they do, and what they are not for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass
from histo.geometry import WORKING_MPP
from histo.network.encoder import ALIGNMENT_WPX, CHANNELS, ENCODERS, HALO_WPX
from histo.network.layout import STRIDE
from histo.network.operating import OperatingPoints
from histo.network.trained_on import check_digests, salted_digest

SCHEMA = 1
"""Version of card.json's form; another version is refused, not guessed at."""

TILE_CORE_WPX = 1536
"""Side of the tiles that the default network is read with, without their halo."""


def names(kinds: type[IntEnum]) -> tuple[str, ...]:
    """The members' names in the order of their codes, as the card writes them."""
    return tuple(kind.name.lower() for kind in kinds)


@dataclass(frozen=True)
class Metric:
    """One measured number.

    Attributes:
        value: The estimate.
        low: Lower end of its 95% interval, or None where no interval could be measured.
        high: Upper end, or None together with `low`.
        n: Number of units (fields, slides, fibers: the metric's name says which) that it was measured on.
    """

    value: float
    low: float | None
    high: float | None
    n: int

    def __post_init__(self) -> None:
        """Refuse numbers that are not finite, intervals that do not hold their value, and nothing measured.

        Raises:
            ValueError: Saying which.
        """
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval needs both of its ends")
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        if not all(math.isfinite(number) for number in (self.value, low, high)):
            raise ValueError("a metric must be finite")
        if not low <= self.value <= high:
            raise ValueError(f"the interval {low} to {high} does not hold the value {self.value}")
        if self.n < 1:
            raise ValueError(f"n must be at least 1, not {self.n}")


@dataclass(frozen=True)
class Training:
    """Where the weights come from.

    Attributes:
        data: What the network was trained on, in one or two sentences.
        data_sha256: Digest of the data, or of what generates it.
        recipe: The committed recipe that makes these weights, and the command to run it.
        seeds: Every seed that the recipe uses.
    """

    data: str
    data_sha256: str
    recipe: str
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Card:
    """Everything a reading must know, and say, about the network that made it.

    Attributes:
        name: Of the bundle.
        version: Of the bundle.
        training: Where the weights come from.
        phantom_metrics: Measured on digital phantoms that were never trained on.
        real_metrics: Measured on real images. Never mixed with the phantoms'.
        intended_use: What it is for, and that it is for research.
        limits: What it was not shown to do, one sentence each.
        license: SPDX identifier of the weights' license.
        encoder: Which encoder the network has, a name of `histo.network.encoder.ENCODERS`.
        channels: Feature channels of `MuscleNet` at strides 2, 4, 8 and 16.
        operating_points: Thresholds of the decoder.
        tile_core_wpx: Side of a tile without its halo, in working pixels.
        halo_wpx: Margin around it.
        mpp: Micrometers per pixel that the network reads.
        stride: Input pixels per map pixel.
        fiber_classes: Names in the order of the maps, as are the next three.
        fiber_attributes: See `fiber_classes`.
        cell_classes: See `fiber_classes`.
        compartments: See `fiber_classes`.
        training_slides: Salted digests of the slides trained on, by their sha256; see `histo.network.trained_on`.
        training_patients: Salted digests of the patients trained on, by the manifest's codes.
        salt: Of both; empty where there are none.
        weights_sha256: Digest of weights.safetensors; `save_bundle` fills it in.
    """

    name: str
    version: str
    training: Training
    phantom_metrics: Mapping[str, Metric]
    real_metrics: Mapping[str, Metric]
    intended_use: str
    limits: tuple[str, ...]
    license: str
    encoder: str = "compact"
    channels: tuple[int, int, int, int] = CHANNELS
    operating_points: OperatingPoints = field(default_factory=OperatingPoints)
    tile_core_wpx: int = TILE_CORE_WPX
    halo_wpx: int = HALO_WPX
    mpp: float = WORKING_MPP.um_per_px
    stride: int = STRIDE
    fiber_classes: tuple[str, ...] = names(FiberClass)
    fiber_attributes: tuple[str, ...] = names(FiberAttribute)
    cell_classes: tuple[str, ...] = names(CellClass)
    compartments: tuple[str, ...] = names(Compartment)
    training_slides: tuple[str, ...] = ()
    training_patients: tuple[str, ...] = ()
    salt: str = ""
    weights_sha256: str = ""

    def __post_init__(self) -> None:
        """Refuse a card that does not fit this version's maps and tiles, or that leaves a statement empty.

        Raises:
            ValueError: Naming the entry, what it holds, and what it must hold.
        """
        for entry in ("name", "version", "intended_use", "license"):
            if not getattr(self, entry).strip():
                raise ValueError(f"{entry} must not be empty")
        if not self.limits:
            raise ValueError("limits must not be empty")
        fixed = {
            "mpp": WORKING_MPP.um_per_px,
            "stride": STRIDE,
            "fiber_classes": names(FiberClass),
            "fiber_attributes": names(FiberAttribute),
            "cell_classes": names(CellClass),
            "compartments": names(Compartment),
        }
        for entry, expected in fixed.items():
            if getattr(self, entry) != expected:
                raise ValueError(f"{entry} must be {expected}, not {getattr(self, entry)}")
        if min(self.channels) < 1 or len(self.channels) != len(CHANNELS):
            raise ValueError(f"channels must be {len(CHANNELS)} positive numbers, not {self.channels}")
        for entry in ("tile_core_wpx", "halo_wpx"):
            if getattr(self, entry) < ALIGNMENT_WPX or getattr(self, entry) % ALIGNMENT_WPX:
                raise ValueError(f"{entry} must be a multiple of {ALIGNMENT_WPX}, not {getattr(self, entry)}")
        shape = ENCODERS.get(self.encoder)
        if shape is None:
            raise ValueError(f"encoder must be one of {', '.join(ENCODERS)}, not {self.encoder}")
        if shape.fixed and self.channels != shape.channels:
            raise ValueError(f"channels of {self.encoder} must be {shape.channels}, not {self.channels}")
        if self.halo_wpx < shape.halo_wpx:
            raise ValueError(f"halo_wpx must be at least {shape.halo_wpx}, not {self.halo_wpx}")
        check_digests(self.training_slides, self.training_patients, self.salt)

    def was_trained_on(self, identity: str) -> bool:
        """Whether a slide, or a patient, is among those that the weights were trained on.

        Args:
            identity: A slide's sha256, or a patient's code as the training's manifest has it.

        Returns:
            Also False where the card lists none, as that of a bundle trained on phantoms.
        """
        known = {*self.training_slides, *self.training_patients}
        return bool(known) and salted_digest(self.salt, identity) in known
