"""The worst misses and false alarms of an evaluation, as pictures with outlines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, CellClass, FiberClass
from histo.phantom.truth import Field, FieldTruth
from histo.report.style import CELL_STYLES, FIBER_STYLES
from train.evaluate import Evaluation
from train.field_store import load_field
from train.matching import MATCH_UM, draw_fibers, pair_points
from train.metrics import cells_known_at
from train.observe import Observation, true_of_found

CROP_UM = 110.0
"""Side of a picture: a fiber of 80 um with what surrounds it."""

EACH = 6
"""Pictures of one kind of mistake, of as many fields as there are."""

_ZOOM = 2
_TRUE, _FOUND, _INK = (30, 90, 230), (240, 120, 0), (20, 20, 20)


@dataclass(frozen=True, eq=False)
class Mistake:
    """One miss or false alarm.

    Attributes:
        kind: `missed: necrotic, pale`, `false: lymphocyte`, `missed: fiber`, ...
        note: What was there and what was said, in a few words.
        badness: How wrong, within the kind; the higher the worse.
        place: Number of the field.
        center_um: x and y in the field.
    """

    kind: str
    note: str
    badness: float
    place: int
    center_um: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Picture:
    """A mistake as it looks.

    Attributes:
        mistake: Which.
        field: Name of its field.
        jpeg: Left as it is, right with what is true (blue; nuclei as circles) and what was found (orange; crosses).
    """

    mistake: Mistake
    field: str
    jpeg: bytes


def worst_mistakes(evaluation: Evaluation) -> dict[str, tuple[Picture, ...]]:
    """By kind, the worst `EACH`, at most two of one field unless there are no others.

    Args:
        evaluation: Its fields are read again, for their pixels.
    """
    found: dict[str, list[Mistake]] = {}
    for place, (path, seen) in enumerate(zip(evaluation.paths, evaluation.observations, strict=True)):
        for mistake in _mistakes(load_field(path).truth, seen, place):
            found.setdefault(mistake.kind, []).append(mistake)
    chosen = {kind: _spread(found[kind]) for kind in sorted(found, key=_order)}
    pictures = {kind: tuple(_draw(evaluation, mistakes)) for kind, mistakes in chosen.items()}
    return {kind: drawn for kind, drawn in pictures.items() if drawn}


def _order(kind: str) -> tuple[bool, str]:
    return kind.endswith(": fiber"), kind.partition(": ")[2] + kind


def _spread(mistakes: Sequence[Mistake]) -> list[Mistake]:
    ranked = sorted(mistakes, key=lambda mistake: (-mistake.badness, mistake.place, mistake.center_um))
    seen: dict[int, int] = {}
    turns = []
    for mistake in ranked:
        seen[mistake.place] = seen.get(mistake.place, 0) + 1
        turns.append((seen[mistake.place] > 2, mistake))
    return [mistake for _, mistake in sorted(turns, key=lambda turn: turn[0])][:EACH]


def _mistakes(truth: FieldTruth, seen: Observation, place: int) -> Iterator[Mistake]:
    yield from _fiber_mistakes(truth, seen, place)
    yield from _cell_mistakes(truth, seen, place)


def _fiber_mistakes(truth: FieldTruth, seen: Observation, place: int) -> Iterator[Mistake]:
    fibers, paired = seen.fibers, seen.paired
    number = true_of_found(truth, paired)
    row_of = dict(zip(paired.truth.tolist(), paired.predicted.tolist(), strict=True))
    necrotic = fibers.class_probability[:, list(NECROTIC_CLASSES)].sum(axis=1)
    for true in np.flatnonzero(paired.truth_counts).tolist():
        kind, row = FiberClass(int(truth.fiber_class[true])), row_of.get(true)
        if row is None:
            rows, columns = np.nonzero(truth.fiber_labels == true)
            center = float(truth.mpp.to_um(columns.mean() + 0.5)), float(truth.mpp.to_um(rows.mean() + 0.5))
            name = FIBER_STYLES[kind].label if kind in NECROTIC_CLASSES else "fiber"
            badness = 1 + float(len(rows))  # beyond any probability, the largest first
            yield Mistake(f"missed: {name}", f"{FIBER_STYLES[kind].label}; no outline", badness, place, center)
        elif kind in NECROTIC_CLASSES and fibers.fiber_class[row] not in NECROTIC_CLASSES:
            note = f"called {_label(int(fibers.fiber_class[row]))}; necrotic {necrotic[row]:.2f}"
            center = float(fibers.center_um[row, 0]), float(fibers.center_um[row, 1])
            yield Mistake(f"missed: {FIBER_STYLES[kind].label}", note, 1 - float(necrotic[row]), place, center)
    for row in np.flatnonzero(paired.predicted_counts).tolist():
        said, true = int(fibers.fiber_class[row]), int(number[row])
        center = float(fibers.center_um[row, 0]), float(fibers.center_um[row, 1])
        there = _label(int(truth.fiber_class[true])) if true else "no such fiber"
        if said in NECROTIC_CLASSES and (not true or truth.fiber_class[true] not in NECROTIC_CLASSES):
            note = f"truly {there}; necrotic {necrotic[row]:.2f}"
            yield Mistake(f"false: {_label(said)}", note, float(necrotic[row]), place, center)
        elif not true:
            note = f"called {_label(said)}"
            yield Mistake("false: fiber", note, float(fibers.area_um2[row]), place, center)


def _label(code: int) -> str:
    return FIBER_STYLES[FiberClass(code)].label


def _cell_mistakes(truth: FieldTruth, seen: Observation, place: int) -> Iterator[Mistake]:
    if not truth.cell_classes_known[list(INFLAMMATORY_CLASSES)].all():
        return
    true_um = truth.mpp.to_um(truth.cell_center_px)
    is_true, is_called = (np.isin(kinds, INFLAMMATORY_CLASSES) for kinds in (truth.cell_class, seen.cell_class))
    pairs = pair_points(true_um[is_true], seen.cell_um[is_called])
    hit_true, hit_called = np.zeros(is_true.sum(), np.bool_), np.zeros(is_called.sum(), np.bool_)
    hit_true[pairs[:, 0]], hit_called[pairs[:, 1]] = True, True
    known = cells_known_at(truth, truth.cell_center_px)
    for number in np.flatnonzero(is_true)[~hit_true].tolist():
        if known[number]:
            center = (float(true_um[number, 0]), float(true_um[number, 1]))
            said, height = _nearest(seen, center)
            kind = CELL_STYLES[CellClass(truth.cell_class[number])].label
            yield Mistake(f"missed: {kind}", f"called {said}", height, place, center)
    known = cells_known_at(truth, truth.mpp.to_px(seen.cell_um).astype(np.float32))
    for row in np.flatnonzero(is_called)[~hit_called].tolist():
        if known[row]:
            kind = CELL_STYLES[CellClass(seen.cell_class[row])].label
            center = (float(seen.cell_um[row, 0]), float(seen.cell_um[row, 1]))
            height = float(seen.cell_height[row])
            yield Mistake(f"false: {kind}", f"sure to {height:.2f}", height, place, center)


def _nearest(seen: Observation, center_um: tuple[float, float]) -> tuple[str, float]:
    """Which other kind was called within 6 um of a missed inflammatory cell, and how surely; nothing is half as bad."""
    rows = np.flatnonzero(~np.isin(seen.cell_class, INFLAMMATORY_CLASSES))
    if len(rows):
        apart = np.hypot(*(seen.cell_um[rows] - np.array(center_um, np.float32)).T)
        row = int(rows[apart.argmin()])
        if apart.min() <= MATCH_UM:
            return CellClass(int(seen.cell_class[row])).name.lower(), float(seen.cell_height[row])
    return "nothing", 0.5


def _draw(evaluation: Evaluation, mistakes: Sequence[Mistake]) -> Iterator[Picture]:
    for mistake in mistakes:
        field = load_field(evaluation.paths[mistake.place])
        jpeg = _crop(field, evaluation.observations[mistake.place], mistake.center_um)
        yield Picture(mistake, evaluation.origins[mistake.place].field, jpeg)


def _crop(field: Field, seen: Observation, center_um: tuple[float, float]) -> bytes:
    truth, mpp = field.truth, field.truth.mpp
    height, width = truth.fiber_labels.shape
    side = min(mpp.px(CROP_UM), height, width)
    left = int(np.clip(round(float(mpp.to_px(center_um[0])) - side / 2), 0, width - side))
    top = int(np.clip(round(float(mpp.to_px(center_um[1])) - side / 2), 0, height - side))
    view = np.s_[top : top + side, left : left + side]
    plain: NDArray[Any] = cv2.resize(
        np.ascontiguousarray(field.rgb[view]), None, fx=_ZOOM, fy=_ZOOM, interpolation=cv2.INTER_CUBIC
    )
    drawn = plain.copy()
    _outline(drawn, truth.fiber_labels[view], _TRUE)
    _outline(drawn, draw_fibers(seen.fibers, (height, width), mpp)[view], _FOUND)
    corner = np.array([left, top])
    for (x, y), kind in zip(truth.cell_center_px - corner, truth.cell_class, strict=True):
        if kind in INFLAMMATORY_CLASSES:
            cv2.circle(drawn, (round(float(x) * _ZOOM), round(float(y) * _ZOOM)), 11, _TRUE, 2, cv2.LINE_AA)
    for (x, y), kind in zip(mpp.to_px(seen.cell_um) - corner, seen.cell_class, strict=True):
        if kind in INFLAMMATORY_CLASSES:
            at = (round(float(x) * _ZOOM), round(float(y) * _ZOOM))
            cv2.drawMarker(drawn, at, _FOUND, cv2.MARKER_TILTED_CROSS, 12, 2, cv2.LINE_AA)
    middle = tuple(round(float(mpp.to_px(um) - edge) * _ZOOM) for um, edge in zip(center_um, corner, strict=True))
    for image in (plain, drawn):
        cv2.drawMarker(image, _corner_mark(middle, side * _ZOOM), _INK, cv2.MARKER_TRIANGLE_UP, 14, 3, cv2.LINE_AA)
    both = cv2.resize(np.hstack([plain, drawn]), None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    ok, buffer = cv2.imencode(".jpg", both[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 82))
    if not ok:
        raise RuntimeError("a picture could not be encoded")
    return bytes(buffer)


def _corner_mark(middle: tuple[int, ...], side: int) -> tuple[int, int]:
    """A small triangle below the place that is meant, so that it is found but not covered."""
    return middle[0], min(middle[1] + 28, side - 9)


def _outline(image: NDArray[Any], labels: NDArray[np.int32], color: tuple[int, int, int]) -> None:
    for label in np.unique(labels[labels > 0]).tolist():
        mask = cv2.resize((labels == label).astype(np.uint8), None, fx=_ZOOM, fy=_ZOOM, interpolation=cv2.INTER_NEAREST)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(image, outlines, -1, color, 2, cv2.LINE_AA)
