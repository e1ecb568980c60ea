"""What is drawn on a page with lines and pictures: strips, magnified places, shares and leanings."""

from __future__ import annotations

import io

from reportlab.lib.colors import HexColor, black, white
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from histo.report.case import Balance
from histo.report.case.blocks import Crop
from histo.report.case.strips import Strip
from histo.report.image import Image
from histo.report.pdf.paper import BLUE, BOLD, INK, PALE, SANS, SOFT, WARN

_BAND, _ODD = HexColor("#eef0f3"), HexColor("#dfe3e8")
_FULL, _HATCH = HexColor("#7fa8c9"), HexColor("#333333")


def reader_of(image: Image) -> ImageReader:
    """A picture as ReportLab takes it."""
    return ImageReader(io.BytesIO(image.data))


class StripDrawing(Flowable):  # type: ignore[misc]
    """A measure on its axis."""

    def __init__(self, strip: Strip, width: float) -> None:
        """Of a width in points."""
        super().__init__()
        self._strip = strip
        self.width, self.height = width, 33.0

    def draw(self) -> None:
        """Bands, limits, marks, interval and point."""
        canvas, strip, width = self.canv, self._strip, self.width
        low, high = 9.0, 24.0
        middle = (low + high) / 2
        for index, band in enumerate(strip.bands):
            canvas.setFillColor(PALE if band.here else _ODD if index % 2 else _BAND)
            canvas.rect(width * band.left, low, width * (band.right - band.left), high - low, stroke=0, fill=1)
            if band.name:
                canvas.setFillColor(INK if band.here else SOFT)
                canvas.setFont(BOLD if band.here else SANS, 5.6)
                canvas.drawCentredString(width * (band.left + band.right) / 2, 26.5, band.name)
        canvas.setStrokeColor(SOFT)
        canvas.setLineWidth(0.6)
        canvas.setFillColor(SOFT)
        canvas.setFont(SANS, 5.6)
        for tick in strip.ticks:
            canvas.line(width * tick.at, low - 2, width * tick.at, high)
            canvas.drawCentredString(width * tick.at, 1.5, tick.text)
        canvas.setStrokeColor(WARN)
        canvas.setLineWidth(1.2)
        canvas.setDash(2, 1.6)
        for mark in strip.marks:
            canvas.line(width * mark.at, low, width * mark.at, high)
        canvas.setDash()
        canvas.setStrokeColor(black)
        canvas.setLineWidth(1.4)
        if strip.low is not None and strip.high is not None:
            left, right = width * strip.low, width * strip.high
            canvas.line(left, middle, right, middle)
            canvas.line(left, middle - 3, left, middle + 3)
            canvas.line(right, middle - 3, right, middle + 3)
        canvas.setFillColor(white)
        canvas.circle(width * strip.point, middle, 2.9, stroke=1, fill=1)


class CropDrawing(Flowable):  # type: ignore[misc]
    """A magnified place with its outline and a scale bar."""

    def __init__(self, crop: Crop, side: float) -> None:
        """Of a side in points."""
        super().__init__()
        self._crop = crop
        self.width = self.height = side

    def draw(self) -> None:
        """Pixels, outline, cells, bar and letter."""
        canvas, crop, side = self.canv, self._crop, self.width
        canvas.drawImage(reader_of(crop.image), 0, 0, side, side)
        if crop.ring:
            for width, color, dash in ((2.4, black, ()), (1.2, HexColor(crop.color), (3, 1.5) if crop.dash else ())):
                path = canvas.beginPath()
                path.moveTo(side * crop.ring[0][0], side * (1 - crop.ring[0][1]))
                for x, y in crop.ring[1:]:
                    path.lineTo(side * x, side * (1 - y))
                path.close()
                canvas.setLineJoin(1)
                canvas.setLineWidth(width)
                canvas.setStrokeColor(color)
                canvas.setDash(*dash)
                canvas.drawPath(path)
            canvas.setDash()
        self._dots()
        canvas.setFillColor(white)
        canvas.rect(0.034 * side, 0.04 * side, (crop.bar + 0.012) * side, 0.028 * side, stroke=0, fill=1)
        canvas.setFillColor(black)
        canvas.rect(0.04 * side, 0.046 * side, crop.bar * side, 0.016 * side, stroke=0, fill=1)
        _on_white(canvas, 0.04 * side, 0.085 * side, crop.bar_text, 5.6)
        if crop.letter:
            _on_white(canvas, 0.04 * side, 0.89 * side, crop.letter, 10.0)

    def _dots(self) -> None:
        canvas, side = self.canv, self.width
        canvas.setStrokeColor(black)
        canvas.setLineWidth(0.4)
        for x, y, round_one in self._crop.dots:
            at, up = side * x, side * (1 - y)
            if round_one:
                canvas.circle(at, up, 1.4, stroke=1, fill=0)
                continue
            path = canvas.beginPath()
            path.moveTo(at - 1.6, up + 1.3)
            path.lineTo(at + 1.6, up + 1.3)
            path.lineTo(at, up - 1.6)
            path.close()
            canvas.drawPath(path)


def _on_white(canvas: Canvas, x: float, y: float, text: str, size: float) -> None:
    """Text with a white rim, readable on any tissue."""
    for mode, width in ((1, 0.26 * size), (0, 0.0)):
        told = canvas.beginText(x, y)
        told.setFont(BOLD, size)
        told.setTextRenderMode(mode)
        told.setStrokeColor(white)
        told.setFillColor(black)
        canvas.setLineWidth(width)
        told.textOut(text)
        told.setTextRenderMode(0)
        canvas.drawText(told)


class BalanceDrawing(Flowable):  # type: ignore[misc]
    """Parts of a whole as one bar."""

    def __init__(self, balance: Balance, width: float) -> None:
        """Of a width in points."""
        super().__init__()
        self._balance = balance
        self.width, self.height = width, 11.0

    def draw(self) -> None:
        """Each part with its own filling."""
        canvas, left = self.canv, 0.0
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(0.6)
        for share in self._balance.shares:
            width = max(self.width * share.share, 1.0)
            fill_box(canvas, left, 1, min(width, self.width - left), 9, share.fill)
            left += width
        canvas.rect(0, 1, self.width, 9, stroke=1, fill=0)


class Swatch(Flowable):  # type: ignore[misc]
    """A small box with a filling, for a legend."""

    def __init__(self, fill: str) -> None:
        """With `full`, `hatched` or `dotted`."""
        super().__init__()
        self._fill = fill
        self.width, self.height = 10.0, 8.0

    def draw(self) -> None:
        """The box."""
        fill_box(self.canv, 0, 0, 10, 7, self._fill)
        self.canv.setLineWidth(0.5)
        self.canv.rect(0, 0, 10, 7, stroke=1, fill=0)


def fill_box(canvas: Canvas, left: float, low: float, width: float, height: float, fill: str) -> None:
    """Fill a box in a way that can be told without color."""
    canvas.saveState()
    path = canvas.beginPath()
    path.rect(left, low, width, height)
    canvas.clipPath(path, stroke=0, fill=0)
    canvas.setFillColor(_FULL if fill == "full" else white)
    canvas.rect(left, low, width, height, stroke=0, fill=1)
    canvas.setStrokeColor(_HATCH)
    canvas.setFillColor(_HATCH)
    canvas.setLineWidth(0.8)
    steps = int((width + height) / 3) + 1
    for step in range(steps if fill == "hatched" else 0):
        canvas.line(left + 3 * step - height, low, left + 3 * step, low + height)
    for step in range(int(width / 3) + 1 if fill == "dotted" else 0):
        for up in (2, 5, 8):
            canvas.circle(left + 3 * step + 1.5, low + up, 0.5, stroke=0, fill=1)
    canvas.restoreState()


class LeaningDrawing(Flowable):  # type: ignore[misc]
    """A bar to either side of the middle."""

    def __init__(self, amount: float, width: float) -> None:
        """Of a width in points."""
        super().__init__()
        self._amount = amount
        self.width, self.height = width, 8.0

    def draw(self) -> None:
        """Filled for the first, hollow for the second."""
        canvas, middle = self.canv, self.width / 2
        length = abs(self._amount) * middle
        canvas.setLineWidth(0.8)
        if self._amount > 0:
            canvas.setFillColor(BLUE)
            canvas.rect(middle, 1.5, length, 5, stroke=0, fill=1)
        else:
            canvas.setStrokeColor(WARN)
            canvas.rect(middle - length, 1.5, length, 5, stroke=1, fill=0)
        canvas.setStrokeColor(INK)
        canvas.line(middle, 0, middle, 8)
