"""The parts that a report is made of. They hold words, numbers and pictures, and know nothing of HTML or PDF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from histo.report.case.strips import Strip
from histo.report.facts import Fact
from histo.report.image import Image

Tone = Literal["plain", "note", "notice", "lead"]


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Names and what is known about each."""

    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes:
        cells: The first names the row.
        part: Whether it is part of the row above.
        mark: Whether it stands out: it decided.
    """

    cells: tuple[str, ...]
    part: bool = False
    mark: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        heads: Of the columns.
        rows: What stands below.
        widths: Shares of the columns.
        numbers: Columns whose entries are numbers that must not break.
    """

    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    widths: tuple[float, ...]
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with what it shows.

    Attributes:
        image: The picture.
        title: Above it; empty for none.
        caption: Below it.
        alt: What one sees, for those who do not.
    """

    image: Image
    title: str
    caption: str
    alt: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Pictures: one beside the other, or each as wide as the page."""

    figures: tuple[Figure, ...]
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Crop:
    """A magnified place.

    Attributes:
        image: Square pixels.
        ring: Corners of an outline, as shares of the side; empty for none.
        color: Of the outline, `#rrggbb`.
        dash: Whether the outline is broken.
        dots: Inflammatory cells: x and y as shares of the side, and whether it is like a lymphocyte.
        bar: Length of the scale bar, as share of the side.
        bar_text: What that length is.
        letter: That marks it on the overview; empty for none.
        title: First line of the caption.
        place: Second line: where it lies.
        alt: What it shows.
    """

    image: Image
    ring: tuple[tuple[float, float], ...]
    color: str
    dash: bool
    dots: tuple[tuple[float, float, bool], ...]
    bar: float
    bar_text: str
    letter: str
    title: str
    place: str
    alt: str


@dataclass(frozen=True, slots=True)
class CropGroup:
    """Magnified places of one kind."""

    title: str
    note: str
    crops: tuple[Crop, ...]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Magnified places by kind."""

    groups: tuple[CropGroup, ...]


@dataclass(frozen=True, slots=True)
class Strips:
    """Measures on their axes."""

    strips: tuple[Strip, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an argument.

    Attributes:
        title: Of the side.
        sign: A character that tells the sides apart without color.
        tone: `for`, `against` or `open`.
        items: The arguments.
        empty: What to say without any.
    """

    title: str
    sign: str
    tone: str
    items: tuple[str, ...]
    empty: str


@dataclass(frozen=True, slots=True)
class Sides:
    """Arguments for and against, side by side."""

    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Leaning:
    """What one feature says between two candidates: -1 wholly for the second, 1 wholly for the first."""

    text: str
    value: str
    amount: float


@dataclass(frozen=True, slots=True)
class Leanings:
    """Features as bars to either side."""

    first: str
    second: str
    bars: tuple[Leaning, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole: name, amount in words, share, and filling: `full`, `hatched` or `dotted`."""

    name: str
    text: str
    share: float
    fill: str


@dataclass(frozen=True, slots=True)
class Balance:
    """Parts of a whole as one bar."""

    title: str
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section."""

    text: str


Block = Words | Points | Grid | Table | Figures | Gallery | Strips | Sides | Leanings | Balance | Heading


@dataclass(frozen=True, slots=True)
class Section:
    """A section.

    Attributes:
        key: Stable, for links and tests.
        title: Its heading.
        blocks: What it holds.
        apart: Whether it is set apart from the histology.
    """

    key: str
    title: str
    blocks: tuple[Block, ...]
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The pattern, or that none is named.

    Attributes:
        kind: What the line below is.
        text: The pattern.
        refused: Whether none is named.
        blocks: Why.
    """

    kind: str
    text: str
    refused: bool
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class CaseReport:
    """A whole report.

    Attributes:
        name: Of the biopsy.
        kind: What this is.
        notice: Stands on every page.
        head: Facts of the biopsy.
        verdict: The pattern or the refusal.
        sections: All else, in order.
        made_by: The software, for the foot of a page.
    """

    name: str
    kind: str
    notice: str
    head: tuple[Block, ...]
    verdict: Verdict
    sections: tuple[Section, ...]
    made_by: str
