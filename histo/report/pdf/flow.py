"""From the parts of a report to things that flow over pages."""

from __future__ import annotations

import io
from html import escape
from typing import Any

from reportlab.platypus import CondPageBreak, Flowable, Image, ListFlowable, ListItem, Paragraph, Spacer, TableStyle
from reportlab.platypus import Table as PaperTable

from histo.report.case import (
    Balance,
    Block,
    Figures,
    Gallery,
    Grid,
    Leanings,
    Points,
    Sides,
    Strips,
    Table,
    Words,
)
from histo.report.case.blocks import Figure, Heading
from histo.report.pdf.boxes import Together, boxed, columns
from histo.report.pdf.drawings import BalanceDrawing, CropDrawing, LeaningDrawing, StripDrawing, Swatch
from histo.report.pdf.paper import BLUE, LINE, SOFT, STYLES, WARN

GALLERY_COLUMNS = 4
LEAST_PT = 60.0
"""Room that a heading needs below it."""
_TALLEST_FIGURE = 0.46
_TALLEST_MAP = 0.3
"""Of the height between the margins."""


def flow(block: Block, width: float, height: float) -> list[Flowable]:
    """One part.

    Args:
        block: The part.
        width: That it may take, in points.
        height: Of a page between the margins.
    """
    match block:
        case Words():
            style = STYLES[block.tone]
            return (
                [boxed([text(block.text, style)], width, WARN)] if block.tone == "notice" else [text(block.text, style)]
            )
        case Heading():
            return [CondPageBreak(LEAST_PT), text(block.text, STYLES["heading"])]
        case Points():
            return [_points(block.items)]
        case Grid():
            return [_grid(block, width)]
        case Table():
            return [_table(block, width), Spacer(0, 4)]
        case Figures():
            return _figures(block, width, height)
        case Gallery():
            return _gallery(block, width)
        case Strips():
            return _strips(block, width)
        case Sides():
            return [_sides(block, width)]
        case Leanings():
            return [_leanings(block, width)]
        case Balance():
            return [_balance(block, width)]


def text(told: str, style: Any) -> Paragraph:  # noqa: ANN401
    """A paragraph of plain words: whatever they hold, they are no markup."""
    return Paragraph(escape(told, quote=False), style)


def _points(items: tuple[str, ...], style: str = "plain") -> ListFlowable:
    entries = [ListItem(text(item, STYLES[style]), leftIndent=9) for item in items]
    return ListFlowable(entries, bulletType="bullet", start="•", leftIndent=9, bulletFontSize=7, bulletColor=SOFT)


_LINES = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 7),
    ("TOPPADDING", (0, 0), (-1, -1), 2.2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
]


def _grid(grid: Grid, width: float) -> PaperTable:
    rows = [[text(fact.name, STYLES["name"]), text(fact.text, STYLES["cell"])] for fact in grid.facts]
    table = PaperTable(rows, colWidths=[0.24 * width, 0.76 * width], splitInRow=1)
    table.setStyle(TableStyle(_LINES))
    return table


def _table(block: Table, width: float) -> PaperTable:
    rows: list[list[Flowable]] = [[text(head, STYLES["bold"]) for head in block.heads]]
    for row in block.rows:
        first = f"◆ {row.cells[0]}" if row.mark else row.cells[0]
        style = "part" if row.part else "bold" if row.mark else "cell"
        rows.append([text(first, STYLES[style]), *(text(cell, STYLES["cell"]) for cell in row.cells[1:])])
    table = PaperTable(rows, colWidths=[share * width for share in block.widths], repeatRows=1, splitInRow=1)
    table.setStyle(TableStyle([*_LINES, ("LINEBELOW", (0, 0), (-1, 0), 0.9, SOFT)]))
    return table


def _figures(block: Figures, width: float, height: float) -> list[Flowable]:
    if block.wide:
        return [Together(_figure(figure, width, _TALLEST_FIGURE * height)) for figure in block.figures]
    half = width / 2 - 5
    rows: list[Flowable] = []
    for at in range(0, len(block.figures), 2):
        pair: list[object] = [_figure(one, half, _TALLEST_MAP * height) for one in block.figures[at : at + 2]]
        rows.append(Together([columns([[*pair, *[""] * (2 - len(pair))]], [width / 2, width / 2], gap=10)]))
    return rows


def _figure(figure: Figure, width: float, tallest: float) -> list[Flowable]:
    image = figure.image
    scale = min(width / image.width_px, tallest / image.height_px)
    shown = Image(io.BytesIO(image.data), image.width_px * scale, image.height_px * scale)
    shown.hAlign = "LEFT"
    title = [text(figure.title, STYLES["heading"])] if figure.title else []
    return [*title, shown, text(figure.caption, STYLES["caption"])]


def _gallery(gallery: Gallery, width: float) -> list[Flowable]:
    parts: list[Flowable] = []
    cell, side = width / GALLERY_COLUMNS, width / GALLERY_COLUMNS - 8
    for group in gallery.groups:
        title = [text(group.title, STYLES["heading"])]
        note = [text(group.note, STYLES["note"])] if group.note else []
        rows: list[Flowable] = []
        for at in range(0, len(group.crops), GALLERY_COLUMNS):
            shown: list[object] = [
                [CropDrawing(crop, side), text(crop.title, STYLES["caption"]), text(crop.place, STYLES["caption"])]
                for crop in group.crops[at : at + GALLERY_COLUMNS]
            ]
            rows.append(columns([[*shown, *[""] * (GALLERY_COLUMNS - len(shown))]], [cell] * GALLERY_COLUMNS))
        parts += [Together([*title, *note, *rows[:1]]), *rows[1:]]
    return parts


def _strips(block: Strips, width: float) -> list[Flowable]:
    parts: list[Flowable] = []
    told_width, axis_width = 0.34 * width, 0.66 * width - 12
    for strip in block.strips:
        told = [
            text(strip.text, STYLES["bold"]),
            text(strip.told, STYLES["cell"]),
            *([text(strip.where, STYLES["cell"])] if strip.where else []),
        ]
        drawn = [
            StripDrawing(strip, axis_width),
            *(text(f"┆ {mark.text}", STYLES["caption"]) for mark in strip.marks),
            text(strip.source, STYLES["caption"]),
        ]
        row = columns([[told, drawn]], [told_width, width - told_width])
        row.setStyle(TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE)]))
        parts.append(row)
    return parts


def _sides(block: Sides, width: float) -> PaperTable:
    share = width / len(block.sides)
    heads = [text(f"{side.sign}  {side.title}", STYLES["bold"]) for side in block.sides]
    cells = [
        [_points(side.items, "cell")] if side.items else [text(side.empty, STYLES["note"])] for side in block.sides
    ]
    table = PaperTable([heads, cells], colWidths=[share] * len(block.sides), splitInRow=1)
    lines = [
        ("LINEABOVE", (0, 0), (0, 0), 2.4, BLUE),
        ("LINEABOVE", (1, 0), (1, 0), 2.4, WARN, 1, (6, 2)),
        ("LINEABOVE", (2, 0), (2, 0), 2.4, SOFT, 1, (1.5, 2)),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BOX", (0, 0), (-1, -1), 0.5, LINE),
        ("INNERGRID", (0, 0), (-1, -1), 0.0, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 7),
        ("RIGHTPADDING", (0, 0), (-1, -1), 7),
    ]
    table.setStyle(TableStyle(lines))
    table.spaceAfter = 5
    return table


def _leanings(block: Leanings, width: float) -> PaperTable:
    bar = 0.4 * width
    head = [
        text("Feature", STYLES["bold"]),
        text("Here", STYLES["bold"]),
        text(f"◀ {block.second}  |  {block.first} ▶", STYLES["bold"]),
    ]
    rows = [
        [text(one.text, STYLES["cell"]), text(one.value, STYLES["cell"]), LeaningDrawing(one.amount, bar - 10)]
        for one in block.bars
    ]
    table = PaperTable([head, *rows], colWidths=[0.36 * width, 0.24 * width, bar], repeatRows=1)
    table.setStyle(TableStyle([*_LINES, ("LINEBELOW", (0, 0), (-1, 0), 0.9, SOFT)]))
    return table


def _balance(block: Balance, width: float) -> Together:
    cells: list[object] = []
    for share in block.shares:
        cells += [Swatch(share.fill), text(f"{share.name} {share.text} ({100 * share.share:.0f}%)", STYLES["cell"])]
    legend = columns([cells], [14, 110] * len(block.shares), gap=3)
    return Together([text(block.title, STYLES["bold"]), BalanceDrawing(block, width), legend])
