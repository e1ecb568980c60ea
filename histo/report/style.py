"""How findings look in figures: one palette, one marker and one name for each, also told apart without color."""

from __future__ import annotations

from dataclasses import dataclass

from histo.findings import CellClass, FiberClass
from histo.records import COLORS, FIBER_NAMES

RESEARCH_USE = "Research use only. A pattern, not a diagnosis."

INK = "#222222"
"""Of text and of the dark line around every colored one."""

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class FiberStyle:
    """How one class of fiber is drawn.

    Attributes:
        label: Of one fiber, short.
        plural: Of all of them, in a legend or a heading.
        color: RGB, each 0 to 1, of the palette of Okabe and Ito.
        marker: Matplotlib marker put on fibers that are too small to see.
        dash: Matplotlib line style of the outline.
    """

    label: str
    plural: str
    color: Rgb
    marker: str
    dash: str


def _color(name: str) -> Rgb:
    red, green, blue = COLORS[name]
    return red / 255, green / 255, blue / 255


FIBER_STYLES: dict[FiberClass, FiberStyle] = {
    kind: FiberStyle(label, plural, _color(FIBER_NAMES[kind]), marker, dash)
    for kind, label, plural, marker, dash in (
        (FiberClass.INTACT, "intact", "intact fibers", ".", "solid"),
        (FiberClass.REGENERATING, "regenerating", "regenerating fibers", "^", "dashed"),
        (FiberClass.NECROTIC_PALE, "necrotic, pale", "necrotic fibers, pale", "o", "solid"),
        (FiberClass.NECROTIC_HYALINE, "necrotic, hyaline", "necrotic fibers, hyaline", "s", "solid"),
        (FiberClass.MYOPHAGOCYTOSIS, "myophagocytosis", "myophagocytosis", "D", "solid"),
    )
}


@dataclass(frozen=True, slots=True)
class CellStyle:
    """How one kind of inflammatory cell is drawn: by its look, for lineage is not proven on H&E."""

    label: str
    color: Rgb
    marker: str
    size: float
    """Of the marker's box, so that a triangle weighs as much as a dot."""


CELL_STYLES: dict[CellClass, CellStyle] = {
    CellClass.LYMPHOCYTE: CellStyle("lymphocyte-like", _color("Lymphocyte"), "o", 1.0),
    CellClass.MACROPHAGE: CellStyle("macrophage-like", _color("Macrophage"), "v", 1.8),
}
