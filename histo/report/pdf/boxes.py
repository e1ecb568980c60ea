"""Things in a frame."""

from __future__ import annotations

from reportlab.lib.colors import Color, white
from reportlab.platypus import Flowable, Image, KeepTogether, Table, TableStyle

from histo.report.pdf.paper import LINE

LEAST_SHRUNK = 0.72
"""Of its size: a picture that must yield no more stays on a page that is begun; else it goes to the next as it is."""


def boxed(parts: list[Flowable], width: float, color: Color, *, dashed: bool = False) -> Table:
    """Parts one below the other behind a thick line at their left; it may break over pages.

    Args:
        parts: What to frame; each narrower than `width` by 24 pt.
        width: Of the frame.
        color: Of the line.
        dashed: Whether the line is broken, which tells it apart without color.
    """
    table = Table([[part] for part in parts], colWidths=[width], splitByRow=1, splitInRow=1)
    line = ("LINEBEFORE", (0, 0), (0, -1), 4, color, 1, (7, 3)) if dashed else ("LINEBEFORE", (0, 0), (0, -1), 4, color)
    table.setStyle(
        TableStyle(
            [
                ("BOX", (0, 0), (-1, -1), 0.6, LINE),
                line,
                ("BACKGROUND", (0, 0), (-1, -1), white),
                ("LEFTPADDING", (0, 0), (-1, -1), 14),
                ("RIGHTPADDING", (0, 0), (-1, -1), 10),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("TOPPADDING", (0, 0), (-1, 0), 7),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 0.5),
                ("BOTTOMPADDING", (0, -1), (-1, -1), 7),
            ]
        )
    )
    table.spaceBefore, table.spaceAfter = 7, 5
    return table


class Together(KeepTogether):  # type: ignore[misc]
    """Parts that stay on one page. It tells them, for one inside another would never be thought to fit.

    A picture among them shrinks a little where that keeps half a page from staying empty.
    """

    def __init__(self, parts: list[Flowable]) -> None:
        """Of parts one below the other."""
        super().__init__(parts)
        self.parts = parts

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Measure, and make the picture smaller if that is all that is wanting."""
        size: tuple[float, float] = super().wrap(width, height)
        over = self._H - height
        for part in self.parts:
            if isinstance(part, Image) and 0 < over <= (1 - LEAST_SHRUNK) * part.drawHeight:
                share = 1 - over / part.drawHeight
                part.drawWidth, part.drawHeight = share * part.drawWidth, share * part.drawHeight - 0.1
                return self.wrap(width, height)
        return size


def columns(cells: list[list[object]], widths: list[float], gap: float = 8.0) -> Table:
    """Things side by side, without lines.

    Args:
        cells: Rows of flowables or of lists of them.
        widths: Of the columns.
        gap: Between them.
    """
    table = Table(cells, colWidths=widths, splitByRow=1)
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), gap),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    table.hAlign = "LEFT"
    return table
