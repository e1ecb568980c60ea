"""What a file backend offers: levels of raw pixels. Everything about scales is done once, above it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from histo.geometry import Region, Size
from histo.slide.reader import Pixels


@dataclass(frozen=True, slots=True)
class ScaleTag:
    """What one tag of a file says about the scale, not judged yet.

    Attributes:
        name: The tag, e.g. `aperio.MPP`.
        text: Its value as the file has it, with its unit, e.g. `72 dpi`.
        x_um: Micrometers per level-0 pixel in x; None when the value has no usable unit.
        y_um: The same in y.
        is_print: Whether cameras and printers write the same tag, about pages.
    """

    name: str
    text: str
    x_um: float | None
    y_um: float | None
    is_print: bool = False


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What a file's header says.

    Attributes:
        vendor: Format or maker, e.g. `aperio`.
        level_sizes_px: Sizes of all levels in their own pixels, finest first.
        scale_tags: What tells the scale, the most trusted first.
        properties: Allow-listed properties; never names of people, nor free text.
    """

    vendor: str
    level_sizes_px: tuple[Size, ...]
    scale_tags: tuple[ScaleTag, ...]
    properties: Mapping[str, str]


class LevelSource(Protocol):
    """Raw pixels of a pyramid. Safe to use from several threads at once; pickles without open handles."""

    @property
    def facts(self) -> SourceFacts:
        """The header's facts."""
        ...

    @property
    def last_error(self) -> str | None:
        """Why the last failed read failed."""
        ...

    def read_level(self, level: int, region: Region) -> Pixels:
        """Pixels of one level.

        The pixels of a place do not depend on the region that asks for it.

        Args:
            level: Index into `facts.level_sizes_px`.
            region: In the level's own pixels, wholly inside the level.

        Returns:
            Pixels of the region's size; where the file cannot be read, not valid and `failed`.
        """
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
