"""Which pieces of an annotated slide become fields: all that was drawn, once; and what is rare, once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from histo.annotations import Annotations
from histo.detection.looking import GLASS_COLOR
from histo.findings import INFLAMMATORY_CLASSES, FiberAttribute, FiberClass
from histo.geometry import WORKING_MPP, Mpp, Region, Size
from histo.phantom.truth import UNKNOWN_COMPARTMENT, Field
from histo.slide import SlideReader
from train.annotation_truth import truth_of

PLAN_MPP = Mpp(4.0)
"""Scale of the map on which fields are laid: 8 working pixels."""

RIM_WPX = 64
"""What is rare and lies nearer than this to every field's rim gets a field of its own."""

_COMMON_ATTRIBUTES = (FiberAttribute.INTERNAL_NUCLEUS, FiberAttribute.OBLIQUE)
_JOINED_UM = 24.0


@dataclass(frozen=True, slots=True)
class PlannedField:
    """A piece of a slide that shall become a field.

    Attributes:
        region_wpx: In working pixels of the slide; may reach beyond it.
        cover: Whether it belongs to the cover, in which no place counts twice.
        taken: Earlier regions of the cover that it overlaps: there it counts as unknown.
    """

    region_wpx: Region
    cover: bool
    taken: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldSizes:
    """How large fields may be. An annotated region becomes one field if it can, so that few fibers are cut.

    Attributes:
        smallest_wpx: Width and height of a field around something small: room for any training crop.
        largest_wpx: Larger regions become several fields.

    Raises:
        ValueError: If they are no multiples of 16, which the network needs, or the wrong way round.
    """

    smallest_wpx: int = 512
    largest_wpx: int = 1024

    def __post_init__(self) -> None:
        """Refuse sizes that the network does not take."""
        if not 64 <= self.smallest_wpx <= self.largest_wpx or self.smallest_wpx % 16 or self.largest_wpx % 16:
            raise ValueError(f"fields need sizes in multiples of 16, from 64 on and in order, not {self}")


def plan_fields(
    annotations: Annotations, slide_wpx: Size, sizes: FieldSizes, centered: bool
) -> tuple[PlannedField, ...]:
    """Lay fields over what was drawn.

    Args:
        annotations: Of the slide.
        slide_wpx: The slide's size in working pixels.
        sizes: Of the fields.
        centered: Whether rare findings that the cover shows at a rim only get a field around them, for training.

    Returns:
        The cover, in which every known place lies once; then the centered fields.
    """
    cover: list[PlannedField] = []
    for region in _cover(annotations, slide_wpx, sizes):
        taken = tuple(earlier.region_wpx for earlier in cover if earlier.region_wpx.intersection(region))
        cover.append(PlannedField(region, cover=True, taken=taken))
    return (*cover, *(_centered(annotations, cover, slide_wpx, sizes.smallest_wpx) if centered else ()))


def cut_field(reader: SlideReader, annotations: Annotations, planned: PlannedField) -> Field:
    """Read the pixels of a field and what is known of them.

    Args:
        reader: The slide.
        annotations: Of the slide.
        planned: Where.
    """
    region = planned.region_wpx
    pixels = reader.read(region, WORKING_MPP)
    truth = truth_of(annotations, region, pixels.valid)
    free = np.ones(pixels.valid.shape, np.bool_)
    for other in planned.taken:
        if (common := other.intersection(region)) is not None:
            free[common.shifted(-region.x, -region.y).slices] = False
    rgb = pixels.rgb.copy()
    rgb[~pixels.valid] = GLASS_COLOR  # as reading a slide has it
    if truth.fibers_known is None or truth.cells_known is None:
        raise AssertionError("a slide is never known everywhere")
    compartments = np.where(free, truth.compartments, UNKNOWN_COMPARTMENT).astype(np.uint8)
    known = replace(
        truth, fibers_known=truth.fibers_known & free, cells_known=truth.cells_known & free, compartments=compartments
    )
    return Field(rgb, known)


def _cover(annotations: Annotations, slide: Size, sizes: FieldSizes) -> list[Region]:
    """Rectangles over everything that is known, each group of near things with a grid of its own."""
    known = [annotations.fibers_known, annotations.cells_known, annotations.compartments_known]
    shape = shapely.union_all(known)
    if shape.is_empty:
        return []
    left, top = (int(PLAN_MPP.to_px(float(side))) - 1 for side in shape.bounds[:2])
    wanted = _drawn(shape, left, top)
    reach = PLAN_MPP.px(_JOINED_UM)
    joined = cv2.dilate(wanted, np.ones((reach, reach), np.uint8))
    count, groups, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    regions = []
    for group in sorted(range(1, count), key=lambda one: (-stats[one, cv2.CC_STAT_AREA], one)):
        x, y, width, height = (int(value) for value in stats[group, :4])
        window = np.s_[y : y + height, x : x + width]
        own = (groups[window] == group) & (wanted[window] > 0)
        if not own.any():
            continue
        for cell in _cells(own, sizes):
            at = (left + x + cell.x) * _STEP, (top + y + cell.y) * _STEP
            size = cell.width * _STEP, cell.height * _STEP
            region = Region(_within(at[0], size[0], slide.width), _within(at[1], size[1], slide.height), *size)
            regions.append(region)
            seen_x, seen_y = region.x // _STEP - left, region.y // _STEP - top
            wanted[max(seen_y, 0) : max(seen_y + cell.height, 0), max(seen_x, 0) : max(seen_x + cell.width, 0)] = 0
    return regions


_STEP = int(PLAN_MPP.um_per_px / WORKING_MPP.um_per_px)


def _cells(own: NDArray[np.bool_], sizes: FieldSizes) -> list[Region]:
    """Equal rectangles that cover all of a map, in its pixels: a grid centered on what it holds."""
    spans = []
    for axis in (0, 1):
        places = np.flatnonzero(own.any(axis=axis))
        first, extent = int(places[0]), int(places[-1] - places[0] + 1)
        number = -(-extent * _STEP // sizes.largest_wpx)
        side = max(sizes.smallest_wpx, -(-extent * _STEP // (16 * number)) * 16) // _STEP
        spans.append([(first - (number * side - extent) // 2 + place * side, side) for place in range(number)])
    cells = [Region(x, y, width, height) for y, height in spans[1] for x, width in spans[0]]
    return [cell for cell in cells if own[max(cell.y, 0) : cell.bottom, max(cell.x, 0) : cell.right].any()]


def _within(start: int, size: int, extent: int) -> int:
    """Moved so that the field lies on the slide, where the slide is large enough."""
    return max(0, min(start, extent - size))


def _drawn(shape: shapely.Geometry, left: int, top: int) -> NDArray[np.uint8]:
    """The shape on the plan's map, from column `left` and row `top` on; every pixel that it touches is 1."""
    right, bottom = (int(PLAN_MPP.to_px(float(edge))) + 2 for edge in shape.bounds[2:])
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    for part in shapely.get_parts(shape):
        rings = [PLAN_MPP.to_px(shapely.get_coordinates(ring)) for ring in (part.exterior, *part.interiors)]
        cv2.fillPoly(canvas, [np.floor(ring - [left, top]).astype(np.int32) for ring in rings], 1)
    return canvas


def _centered(annotations: Annotations, cover: Sequence[PlannedField], slide: Size, size: int) -> list[PlannedField]:
    shown = [planned.region_wpx for planned in cover]
    found = []
    for x, y in _rare_wpx(annotations):
        if any(_well_inside(region, x, y, slide) for region in shown):
            continue
        left, top = _within(round(x) - size // 2, size, slide.width), _within(round(y) - size // 2, size, slide.height)
        region = Region(left, top, size, size)
        shown.append(region)
        found.append(PlannedField(region, cover=False))
    return found


def _well_inside(region: Region, x: float, y: float, slide: Size) -> bool:
    """Whether a point has room around it in the region; the slide's own rim counts as room."""
    left = region.x + RIM_WPX if region.x > 0 else 0
    top = region.y + RIM_WPX if region.y > 0 else 0
    right = region.right - RIM_WPX if region.right < slide.width else slide.width
    bottom = region.bottom - RIM_WPX if region.bottom < slide.height else slide.height
    return left <= x < right and top <= y < bottom


def _rare_wpx(annotations: Annotations) -> NDArray[np.float64]:
    """(K, 2) x and y of fibers that are not merely intact and of inflammatory cells, from top to bottom."""
    fibers, cells = annotations.fibers, annotations.cells
    uncommon = [kind for kind in FiberAttribute if kind not in _COMMON_ATTRIBUTES]
    rare = (fibers.fiber_class != FiberClass.INTACT) | fibers.attributes[:, uncommon].any(axis=1)
    centers = shapely.get_coordinates(shapely.centroid(fibers.outlines[rare])).reshape(-1, 2)
    inflammatory = cells.center_um[np.isin(cells.cell_class, INFLAMMATORY_CLASSES)].astype(np.float64)
    points = WORKING_MPP.to_px(np.concatenate([centers, inflammatory.reshape(-1, 2)]))
    return np.asarray(points[np.lexsort((points[:, 0], points[:, 1]))], np.float64)
