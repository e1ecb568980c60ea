"""Paper, and what is printed with: sizes, fonts, styles and colors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib as mpl
from reportlab.lib import pagesizes
from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

INK, SOFT, LINE = HexColor("#1d2430"), HexColor("#4a5563"), HexColor("#d7dce2")
BLUE, WARN, PALE = HexColor("#005a8f"), HexColor("#a33c00"), HexColor("#a9cbe4")
SANS, BOLD, SLANTED, SERIF = "HistoSans", "HistoSans-Bold", "HistoSans-Oblique", "HistoSerif-Bold"

SIDE_MM, TOP_MM, BOTTOM_MM = 15.0, 14.0, 20.0


@dataclass(frozen=True, slots=True)
class Paper:
    """A page.

    Attributes:
        name: What users call it.
        width_pt: Of the sheet.
        height_pt: Of the sheet.
    """

    name: str
    width_pt: float
    height_pt: float

    @property
    def inner_width_pt(self) -> float:
        """Between the margins."""
        return self.width_pt - 2 * SIDE_MM * float(mm)

    @property
    def inner_height_pt(self) -> float:
        """Between the margins."""
        return self.height_pt - (TOP_MM + BOTTOM_MM) * float(mm)


A4 = Paper("A4", *pagesizes.A4)
LETTER = Paper("Letter", *pagesizes.LETTER)


@cache
def load_fonts() -> None:
    """Fonts with Greek letters, signs and superscripts: those that come with matplotlib, embedded in every file."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name, file in (
        (SANS, "DejaVuSans"),
        (BOLD, "DejaVuSans-Bold"),
        (SLANTED, "DejaVuSans-Oblique"),
        (SERIF, "DejaVuSerif-Bold"),
    ):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{file}.ttf")))
    pdfmetrics.registerFontFamily(SANS, normal=SANS, bold=BOLD, italic=SLANTED, boldItalic=BOLD)


def _style(name: str, size: float, **more: object) -> ParagraphStyle:
    settings: dict[str, object] = {
        "fontName": SANS, "fontSize": size, "leading": 1.36 * size, "textColor": INK, "spaceAfter": 2.5,
    }  # fmt: skip
    return ParagraphStyle(name, **(settings | more))


STYLES = {
    "plain": _style("plain", 8.2, spaceAfter=4),
    "lead": _style("lead", 8.6, fontName=BOLD, spaceAfter=4),
    "note": _style("note", 7.2, textColor=SOFT, spaceAfter=3),
    "notice": _style("notice", 8.0, fontName=BOLD, borderColor=WARN, leftIndent=7, spaceAfter=4),
    "kind": _style("kind", 8.2, textColor=SOFT),
    "title": _style("title", 17, fontName=SERIF, spaceAfter=6, spaceBefore=1),
    "verdict": _style("verdict", 14, fontName=SERIF, spaceAfter=5, spaceBefore=2),
    "section": _style("section", 11.5, fontName=BOLD, spaceBefore=11, spaceAfter=4),
    "heading": _style("heading", 8.8, fontName=BOLD, spaceBefore=6, spaceAfter=2.5),
    "cell": _style("cell", 7.2, spaceAfter=0),
    "part": _style("part", 7.2, leftIndent=8, textColor=SOFT, spaceAfter=0),
    "name": _style("name", 7.2, textColor=SOFT, spaceAfter=0),
    "bold": _style("bold", 7.2, fontName=BOLD, spaceAfter=0),
    "number": _style("number", 7.2, spaceAfter=0, splitLongWords=0),
    "caption": _style("caption", 6.6, textColor=SOFT, spaceBefore=2, spaceAfter=1.5, leading=8.6),
}
