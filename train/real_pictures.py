"""A real field with what was found, missed and falsely found drawn on it, and every mistake listed with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.findings import FiberClass
from histo.geometry import WORKING_MPP
from histo.report.style import FIBER_STYLES
from train.real_fields import RealReading

_ZOOM = 2
_HIT, _FALSE, _MISSED, _IGNORED, _INK = (0, 158, 115), (213, 94, 0), (30, 60, 230), (140, 140, 140), (20, 20, 20)
_LINE_PX = 24


@dataclass(frozen=True)
class RealMistake:
    """A fiber of a real field that was missed, or found where there is none.

    Attributes:
        field: Name of the field.
        kind: `false`, `missed`, or `missed place` for a fiber that the masks lack as well.
        x_px: Of its middle, in pixels of the field's file.
        y_px: Likewise.
        note: What was said or is there.
    """

    field: str
    kind: str
    x_px: int
    y_px: int
    note: str


def real_mistakes(reading: RealReading) -> tuple[RealMistake, ...]:
    """Every false and every missed fiber, and the places that the masks miss if nothing right was found there."""
    return tuple(_mistakes(reading))


def _mistakes(reading: RealReading) -> Iterator[RealMistake]:
    field, fibers = reading.field, reading.fibers

    def mistake(kind: str, x_um: float, y_um: float, note: str) -> RealMistake:
        return RealMistake(field.name, kind, round(field.mpp.to_px(x_um)), round(field.mpp.to_px(y_um)), note)

    for row in reading.false_rows.tolist():
        note = f"called {_label(int(fibers.fiber_class[row]))}, {fibers.area_um2[row]:.0f} um2"
        yield mistake("false", float(fibers.center_um[row, 0]), float(fibers.center_um[row, 1]), note)
    for number in reading.missed_masks.tolist():
        ys, xs = np.nonzero(field.truth.fiber_labels == number)
        x_um, y_um = (float(WORKING_MPP.to_um(places.mean() + 0.5)) for places in (xs, ys))
        yield mistake("missed", x_um, y_um, f"mask {number}, {field.truth.mpp.area_um2(len(xs)):.0f} um2")
    for miss, row in zip(field.missed, reading.at_missed, strict=True):
        if row < 0 or fibers.fiber_class[row] not in miss.family:
            x_um, y_um = (float(WORKING_MPP.to_um(place)) for place in miss.at_wpx)
            said = "no outline" if row < 0 else f"called {_label(int(fibers.fiber_class[row]))}"
            yield mistake("missed place", x_um, y_um, f"{miss.reads_as}: {said}")


def _label(code: int) -> str:
    return FIBER_STYLES[FiberClass(code)].label


def draw_real_reading(reading: RealReading) -> bytes:
    """The field twice as large as at the working scale, as a PNG.

    Fibers that were hit are green, false ones orange, missed masks blue; what the field's border cuts is gray. Fibers
    called anything but intact bear their class, mistakes their number in the list below the picture; a cross marks
    what the masks miss.
    """
    field, paired = reading.field, reading.paired
    large = cv2.resize(field.rgb, None, fx=_ZOOM, fy=_ZOOM, interpolation=cv2.INTER_CUBIC)
    image: NDArray[np.uint8] = np.ascontiguousarray(large, np.uint8)
    hit, false = set(paired.predicted.tolist()), set(reading.false_rows.tolist())
    at_missed = set(reading.at_missed)
    for row in range(len(reading.fibers)):
        color = _HIT if row in hit or row in at_missed else _FALSE if row in false else _IGNORED
        _outline(image, reading.drawn == row + 1, color)
        if reading.fibers.fiber_class[row] != FiberClass.INTACT:
            x, y = (float(WORKING_MPP.to_px(um)) * _ZOOM for um in reading.fibers.center_um[row])
            _write(image, _label(int(reading.fibers.fiber_class[row])), (x - 30, y + 16))
    for number in reading.missed_masks.tolist():
        _outline(image, field.truth.fiber_labels == number, _MISSED)
    for miss in field.missed:
        x, y = (round(place * _ZOOM) for place in miss.at_wpx)
        cv2.drawMarker(image, (x, y), _INK, cv2.MARKER_CROSS, 16, 2, cv2.LINE_AA)
    mistakes = real_mistakes(reading)
    for number, mistake in enumerate(mistakes, start=1):
        x, y = (float(WORKING_MPP.to_px(field.mpp.to_um(place))) * _ZOOM for place in (mistake.x_px, mistake.y_px))
        _write(image, str(number), (x + 6, y - 6))
    ok, buffer = cv2.imencode(".png", np.vstack([image, _list(image.shape[1], reading, mistakes)])[..., ::-1])
    if not ok:
        raise RuntimeError("a picture could not be encoded")
    return bytes(buffer)


def _list(width: int, reading: RealReading, mistakes: tuple[RealMistake, ...]) -> NDArray[np.uint8]:
    legend = (
        (_HIT, f"found ({len(reading.paired.truth)} of {int(reading.paired.truth_counts.sum())} masks)"),
        (_FALSE, f"false ({len(reading.false_rows)})"),
        (_MISSED, f"missed ({len(reading.missed_masks)})"),
        (_IGNORED, "cut by the border: not counted"),
    )
    strip = np.full((_LINE_PX * (len(mistakes) + 2), width, 3), 255, np.uint8)
    x = 10
    for color, text in legend:
        cv2.rectangle(strip, (x, 8), (x + 14, 22), color, -1)
        _write(strip, text, (x + 22, 20))
        x += 60 + 9 * len(text)
    for number, mistake in enumerate(mistakes, start=1):
        text = f"{number}  {mistake.kind} at ({mistake.x_px}, {mistake.y_px}): {mistake.note}"
        _write(strip, text, (10, 20 + _LINE_PX * number))
    return strip


def _write(image: NDArray[np.uint8], text: str, at: tuple[float, float]) -> None:
    """Text on a white ground."""
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    (width, height), below = cv2.getTextSize(text, font, size, 1)
    x, y = round(at[0]), round(at[1])
    cv2.rectangle(image, (x - 2, y - height - 2), (x + width + 2, y + below), (255, 255, 255), -1)
    cv2.putText(image, text, (x, y), font, size, _INK, 1, cv2.LINE_AA)


def _outline(image: NDArray[np.uint8], mask: NDArray[np.bool_], color: tuple[int, int, int]) -> None:
    large = cv2.resize(mask.astype(np.uint8), None, fx=_ZOOM, fy=_ZOOM, interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(image, outlines, -1, color, 2, cv2.LINE_AA)
