"""Do outlines sit on the tissue that they were drawn on? Offset, scale, and swapped axes, before hours are lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.annotations.annotations import Annotations
from histo.annotations.match import HALF_UM, Match, match_window
from histo.slide import SlideReader
from histo.tissue import TissueMap, find_tissue

WELL_UM = 7.0
"""An offset up to this is within the care with which people draw (C). Outlines drawn 1-2 um inside fibers seem
scaled, by up to 6 um at the rim of a slide of 2 mm."""

SAME_SCALE = 0.005
"""A scale within this part of 1 is right: 5 um over 1 mm (C)."""

LEAST_OUTLINES, LEAST_NUCLEI = 3, 20
"""With fewer, nothing is looked for."""

MOST_WINDOWS = 6
_FIT_FROM_WINDOWS = 3
_FIT_FROM_UM = 1000.0
_STRAY_UM = 15.0
_STEP = 0.01

_SCALES = (0.5, 2.0, 0.25, 4.0)
"""Levels of a slide, and 20x against 40x."""

_NEAR_SCALES = tuple(sorted((round(1 + 0.02 * k, 2) for k in range(-10, 13) if k), key=lambda s: abs(s - 1)))

_ON_TISSUE = 0.5


class PlacementVerdict(StrEnum):
    """How outlines lie on the slide."""

    SITS_WELL = "sits well"
    MOVED = "is moved"
    SCALED = "is scaled"
    SWAPPED = "has x and y swapped"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Placement:
    """What the check found.

    What was drawn fits best at `scale * (x, y) + offset_um`, with x and y exchanged first if `swapped`.

    Attributes:
        verdict: In a word.
        offset_um: x and y to add, in slide micrometers; 0 where nothing could be told.
        scale: Factor about the slide's origin; 1 where nothing could be told.
        swapped: Whether x and y must be exchanged first.
        strength: Of the best window that is believed, see `Match.strength`; 0 if none is.
        windows: Places of the slide that were looked at.
        agreeing: Of them, those in which the fit is believed.
        on_tissue: Share of the drawn fibers and nuclei whose center lies on tissue; NaN without any.
        warnings: One sentence each; empty if all is well.
    """

    verdict: PlacementVerdict
    offset_um: tuple[float, float]
    scale: float
    swapped: bool
    strength: float
    windows: int
    agreeing: int
    on_tissue: float
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class _Shapes:
    """Drawn fibers and nuclei under a supposed correction; all in slide micrometers."""

    outlines: NDArray[np.object_]
    nuclei_um: NDArray[np.float64]
    offset_um: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    swapped: bool = False

    def corrected(self, scale: float, offset_um: NDArray[np.float64], swap: bool = False) -> _Shapes:
        """The same, corrected further."""

        def place(points: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray((points[:, ::-1] if swap else points) * scale + offset_um, np.float64)

        before = self.offset_um[::-1] if swap else self.offset_um
        return replace(
            self,
            outlines=shapely.transform(self.outlines, place),
            nuclei_um=place(self.nuclei_um),
            scale=self.scale * scale,
            offset_um=(before[0] * scale + float(offset_um[0]), before[1] * scale + float(offset_um[1])),
            swapped=self.swapped != swap,
        )

    @property
    def centers_um(self) -> NDArray[np.float64]:
        """(N, 2) of fibers, or of nuclei where there are too few fibers."""
        if len(self.outlines) >= LEAST_OUTLINES:
            return np.asarray(shapely.get_coordinates(shapely.centroid(self.outlines)))
        return self.nuclei_um


def check_placement(reader: SlideReader, annotations: Annotations, tissue: TissueMap | None = None) -> Placement:
    """Compare what was drawn with the slide's pixels, as it lies and as it would lie elsewhere.

    Outlines of fibers are compared with the steepness of the picture, in up to 6 places, for every shift of up to
    200 um; nuclei with its darkness where there are hardly any outlines. If nothing fits, exchanged axes and other
    scales about the slide's origin are tried: 1/4 to 4 in powers of 2, and 0.80 to 1.24.

    Args:
        reader: The slide.
        annotations: What was drawn.
        tissue: Of the slide; found if None.

    Returns:
        The verdict, and the correction that would make it fit.
    """
    shapes = _Shapes(annotations.fibers.outlines, annotations.cells.center_um.astype(np.float64))
    on_tissue = _on_tissue(shapes, find_tissue(reader) if tissue is None else tissue)
    if len(shapes.outlines) < LEAST_OUTLINES and len(shapes.nuclei_um) < LEAST_NUCLEI:
        few = f"too few objects to check their place: fewer than {LEAST_OUTLINES} fibers and {LEAST_NUCLEI} nuclei"
        return _told(shapes, [], on_tissue, few)
    matches = _match(reader, shapes, MOST_WINDOWS)
    if not _fits(matches):
        for supposed in _suppositions(shapes):
            if _fits(_match(reader, supposed, 2)) and _fits(better := _match(reader, supposed, MOST_WINDOWS)):
                shapes, matches = supposed, better
                break
        else:
            return _told(shapes, [replace(m, strength=0.0) for m in matches], on_tissue, "what was drawn fits nowhere")
    if not _spread_out(matches):
        shapes, matches = _sharpened(reader, shapes, matches)
    return _told(_fitted(shapes, matches), matches, on_tissue)


def _suppositions(shapes: _Shapes) -> Iterator[_Shapes]:
    nothing = np.zeros(2)
    yield shapes.corrected(1.0, nothing, swap=True)
    for scale in _SCALES:
        yield shapes.corrected(scale, nothing)
    for scale in _NEAR_SCALES:
        yield shapes.corrected(scale, nothing)
    for scale in _SCALES:
        yield shapes.corrected(scale, nothing, swap=True)


def _sharpened(reader: SlideReader, shapes: _Shapes, matches: list[Match]) -> tuple[_Shapes, list[Match]]:
    """Scale by scale as long as it fits better: for windows too near to each other to tell a scale by their moves."""
    for step in (1 + _STEP, 1 / (1 + _STEP)):
        while abs(shapes.scale * step - 1) < 4:
            trial = shapes.corrected(step, np.zeros(2))
            better = _match(reader, trial, MOST_WINDOWS)
            if _strength(better) <= _strength(matches):
                break
            shapes, matches = trial, better
    return shapes, matches


def _fits(matches: Sequence[Match]) -> bool:
    """Whether most windows are believed."""
    return bool(matches) and 2 * sum(match.believed for match in matches) > len(matches)


def _strength(matches: Sequence[Match]) -> float:
    return max((match.strength for match in matches if match.believed), default=0.0)


def _match(reader: SlideReader, shapes: _Shapes, most: int) -> list[Match]:
    fibers = len(shapes.outlines) >= LEAST_OUTLINES
    tree = shapely.STRtree(shapes.outlines)
    matches = []
    for x, y in _places(reader, shapes.centers_um, most):
        window = shapely.box(x - HALF_UM, y - HALF_UM, x + HALF_UM, y + HALF_UM)
        outlines = shapes.outlines[np.sort(tree.query(window))].tolist() if fibers else []
        matches.append(match_window(reader, (x, y), outlines, shapes.nuclei_um))
    return matches


def _places(reader: SlideReader, centers_um: NDArray[np.float64], most: int) -> list[tuple[float, float]]:
    """Middles of windows where much was drawn, far from each other; none outside the slide."""
    info = reader.info
    slide_um = info.scale.mpp.to_um(np.array([info.size_px.width, info.size_px.height], np.float64))
    inside = centers_um[np.all((centers_um >= 0) & (centers_um < slide_um), axis=1)]
    if not len(inside):
        return []
    cells, member, counts = np.unique(
        np.floor(inside / (2 * HALF_UM)).astype(np.int64), axis=0, return_inverse=True, return_counts=True
    )
    middles = np.stack([inside[member.ravel() == index].mean(axis=0) for index in range(len(cells))])
    good = np.flatnonzero(counts >= 0.3 * counts.max())
    chosen = [int(good[np.argmax(counts[good])])]
    while len(chosen) < min(most, len(good)):
        away = np.min(np.linalg.norm(middles[good][:, None] - middles[chosen][None], axis=2), axis=1)
        chosen.append(int(good[np.argmax(away)]))
    return [(float(x), float(y)) for x, y in middles[chosen]]


def _fitted(shapes: _Shapes, matches: Sequence[Match]) -> _Shapes:
    """The shapes moved, and scaled where it can be told, as the believed windows say."""
    at, move = _believed(matches)
    offset, scale = _line(at, move) if _spread_out(matches) else (np.median(move, axis=0), 1.0)
    return shapes.corrected(scale, offset)


def _believed(matches: Sequence[Match]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places and moves of the windows in which the fit is believed."""
    believed = [match for match in matches if match.believed]
    return np.array([m.center_um for m in believed]), np.array([m.move_um for m in believed])


def _spread_out(matches: Sequence[Match]) -> bool:
    """Whether the believed windows lie so far apart that their moves tell a scale."""
    at, _ = _believed(matches)
    return len(at) >= _FIT_FROM_WINDOWS and bool(np.ptp(at, axis=0).max() >= _FIT_FROM_UM)


def _line(at: NDArray[np.float64], move: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Offset and scale from moves at places: move = offset + (scale - 1) * place, without stray windows."""
    kept = np.ones(len(at), np.bool_)
    for _ in range(2):
        middle = at[kept].mean(axis=0)
        spread = at[kept] - middle
        growth = float((spread * (move[kept] - move[kept].mean(axis=0))).sum() / max((spread**2).sum(), 1e-9))
        offset = move[kept].mean(axis=0) - growth * middle
        stray = np.linalg.norm(move - offset - growth * at, axis=1)
        kept = stray <= max(_STRAY_UM, float(np.median(stray)))
    return offset, 1.0 + growth


def _on_tissue(shapes: _Shapes, tissue: TissueMap) -> float:
    centers = np.concatenate([shapely.get_coordinates(shapely.centroid(shapes.outlines)), shapes.nuclei_um])
    if not len(centers):
        return float("nan")
    column, row = np.floor(tissue.mpp.to_px(centers)).astype(np.int64).T
    height, width = tissue.tissue.shape
    inside = (row >= 0) & (column >= 0) & (row < height) & (column < width)
    return float(np.count_nonzero(tissue.tissue[row[inside], column[inside]]) / len(centers))


def _told(shapes: _Shapes, matches: Sequence[Match], on_tissue: float, problem: str = "") -> Placement:
    # What counts is how far the correction moves what was looked at: a tiny scale far from the origin is a large move.
    farthest = _farthest(shapes, matches)
    if problem:
        verdict = PlacementVerdict.CANNOT_TELL
    elif shapes.swapped:
        verdict = PlacementVerdict.SWAPPED
    elif farthest <= WELL_UM:
        verdict = PlacementVerdict.SITS_WELL
    else:
        verdict = PlacementVerdict.SCALED if abs(shapes.scale - 1) > SAME_SCALE else PlacementVerdict.MOVED
    warnings = _warnings(verdict, shapes, on_tissue, problem)
    return Placement(
        verdict=verdict,
        offset_um=(round(shapes.offset_um[0], 1), round(shapes.offset_um[1], 1)),
        scale=round(shapes.scale, 4),
        swapped=shapes.swapped,
        strength=round(_strength(matches), 1),
        windows=len(matches),
        agreeing=len(_believed(matches)[0]),
        on_tissue=on_tissue,
        warnings=warnings,
    )


def _farthest(shapes: _Shapes, matches: Sequence[Match]) -> float:
    at, _ = _believed(matches)
    if not len(at):
        return 0.0
    drawn = (at - shapes.offset_um) / shapes.scale
    return float(np.linalg.norm(at - drawn, axis=1).max())


def _warnings(verdict: PlacementVerdict, shapes: _Shapes, on_tissue: float, problem: str) -> tuple[str, ...]:
    x, y = shapes.offset_um
    found = [problem] if problem else []
    if verdict is PlacementVerdict.SWAPPED:
        found.append("the outlines fit with x and y exchanged: the export writes y first")
    if verdict is PlacementVerdict.SCALED:
        found.append(
            f"the outlines fit when scaled by {shapes.scale:.4g} and moved by ({x:.0f}, {y:.0f}) um: "
            "were they drawn on another level, or with another um per pixel?"
        )
    if verdict is PlacementVerdict.MOVED:
        found.append(
            f"the outlines fit when moved by ({x:.0f}, {y:.0f}) um: were they drawn on a cropped or another scan?"
        )
    if on_tissue < _ON_TISSUE:
        found.append(f"only {100 * on_tissue:.0f}% of the objects lie on tissue: do they belong to this slide?")
    return tuple(found)
