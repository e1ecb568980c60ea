"""Takes the magnified places that a report shows, while the slide is open: the fibers and cells that decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from histo.evidence import SlideEvidence
from histo.findings import INFLAMMATORY_CLASSES, CellClass, Cells, FiberAttribute, FiberClass, Fibers, Findings
from histo.geometry import Mpp, Region
from histo.report.choice import deciding_fibers, fibers_at_random, surest
from histo.report.pictures import Picture, take_overview
from histo.slide import SlideReader
from histo.tissue import TissueMap

CROP_SIDE_PX = 260
CROP_SIDE_UM = 120.0
"""Smallest field of a crop: a fiber of 60 um with its neighbors."""

CROP_FILL = 0.7
"""Largest part of a crop's side that its fiber may span."""

PLACE_SIDE_PX = 420
CLUSTER_SIDE_UM = 200.0
SAMPLE_SIDE_UM = 320.0
"""Field of a place that is shown because nothing was found: some thirty fibers."""

MOST_OF_A_KIND = 6
MOST_CLUSTERS = 3
SAMPLES = 6


class Why(StrEnum):
    """Why a fiber or a place is shown."""

    CLASS = "class"
    """It is diseased."""
    SMALL_AT_EDGE = "small_at_edge"
    SMALL = "small"
    PHAGOCYTES = "phagocytes"
    """It is not called necrotic, but full of macrophages."""
    INVADED = "invaded"
    CLUSTER = "cluster"
    DENSEST = "densest"
    SAMPLE = "sample"
    """Nothing was found: a place at random, to see what was looked at."""


@dataclass(frozen=True, eq=False)
class FiberCrop:
    """One fiber with its surroundings.

    Attributes:
        fiber: The fiber's row in fibers.parquet.
        fiber_class: What it was called.
        probability: Of that class; of the attribute, for a candidate for invasion.
        outline_um: (V, 2) float32, in slide micrometers.
        center_um: x and y of its centroid, in slide micrometers.
        min_feret_um: Its smallest caliper width.
        picture: The crop.
        why: Why it is shown.
    """

    fiber: int
    fiber_class: FiberClass
    probability: float
    outline_um: NDArray[np.float32]
    center_um: tuple[float, float]
    min_feret_um: float
    picture: Picture
    why: Why = Why.CLASS


@dataclass(frozen=True, eq=False)
class PlaceCrop:
    """A place rather than a fiber.

    Attributes:
        why: Why it is shown.
        center_um: x and y of its middle, in slide micrometers.
        cells: Inflammatory cells of the cluster or of the field; 0 for a place at random.
        picture: The crop.
    """

    why: Why
    center_um: tuple[float, float]
    cells: int
    picture: Picture


@dataclass(frozen=True, eq=False)
class SlidePictures:
    """The pictures of one slide.

    Attributes:
        overview: The tissue, or the whole slide where no tissue was found.
        crops: Diseased fibers, those of one class together, the most certain first.
        further: Other fibers that may decide: small ones, and candidates for invasion.
        places: Clusters and the densest field; where nothing at all was found, places at random.
    """

    overview: Picture
    crops: tuple[FiberCrop, ...]
    further: tuple[FiberCrop, ...] = ()
    places: tuple[PlaceCrop, ...] = ()


def take_pictures(
    reader: SlideReader, tissue: TissueMap, findings: Findings, evidence: SlideEvidence | None = None
) -> SlidePictures:
    """Read the overview and the crops of one slide.

    Args:
        reader: The slide.
        tissue: Where it has tissue.
        findings: What was found on it.
        evidence: What that amounts to; without it no more is shown than diseased fibers.
    """
    fibers = findings.fibers
    crops = tuple(_take_fiber(reader, fibers, row, Why.CLASS) for row in deciding_fibers(fibers))
    overview = take_overview(reader, tissue)
    if evidence is None:
        return SlidePictures(overview, crops)
    further = tuple(_take_fiber(reader, fibers, row, why) for why, row in _further_rows(fibers, evidence))
    places = _infiltrated(reader, evidence)
    if not crops and not further:
        rows = fibers_at_random(fibers, reader.info.sha256, SAMPLES)
        places += tuple(_take_place(reader, Why.SAMPLE, _center(fibers, row), 0, SAMPLE_SIDE_UM) for row in rows)
    return SlidePictures(overview, crops, further, places)


def crop_frame(outline_um: NDArray[np.float32]) -> tuple[Region, Mpp]:
    """The field in which a fiber is shown with its surroundings.

    Args:
        outline_um: (V, 2), in slide micrometers; of a single point, the smallest field.

    Returns:
        A square of `CROP_SIDE_PX` in pixels of a scale, and the scale.
    """
    low, high = outline_um.min(axis=0), outline_um.max(axis=0)
    side_um = max(CROP_SIDE_UM, float((high - low).max()) / CROP_FILL)
    middle = (low + high) / 2
    return _frame((float(middle[0]), float(middle[1])), side_um, CROP_SIDE_PX)


def cells_in(cells: Cells, picture: Picture) -> tuple[tuple[CellClass, float, float], ...]:
    """The inflammatory cells inside a picture: kind, and x and y in slide micrometers."""
    left, right, bottom, top = picture.extent_um
    x_um, y_um = cells.center_um.T
    rows = np.flatnonzero(
        (x_um >= left) & (x_um < right) & (y_um >= top) & (y_um < bottom)
        & np.isin(cells.cell_class, INFLAMMATORY_CLASSES)
    )  # fmt: skip
    return tuple((CellClass(int(cells.cell_class[row])), float(x_um[row]), float(y_um[row])) for row in rows)


def _further_rows(fibers: Fibers, evidence: SlideEvidence) -> tuple[tuple[Why, int], ...]:
    ids = evidence.ids
    intact = fibers.class_probability[:, FiberClass.INTACT]
    invaded = fibers.attribute_probability[:, FiberAttribute.INVASION_CANDIDATE]
    chosen: dict[int, Why] = {}
    for why, rows, scores in (
        (Why.PHAGOCYTES, ids.uncalled_phagocytosis, 1 - intact),
        (Why.INVADED, ids.invasion_candidates, invaded),
        (Why.SMALL_AT_EDGE, ids.atrophic_at_edge, intact),
        (Why.SMALL, ids.atrophic, intact),
    ):
        left = [row for row in rows if row not in chosen]
        chosen |= dict.fromkeys(surest(left, scores, fibers.cut, MOST_OF_A_KIND), why)
    return tuple((why, row) for row, why in chosen.items())


def _infiltrated(reader: SlideReader, evidence: SlideEvidence) -> tuple[PlaceCrop, ...]:
    infiltrate = evidence.numbers.infiltrate
    if infiltrate is None:
        return ()
    clusters = [
        _take_place(reader, Why.CLUSTER, cluster.center_um, cluster.cells, CLUSTER_SIDE_UM)
        for cluster in infiltrate.clusters[:MOST_CLUSTERS]
    ]
    worst = infiltrate.worst_field
    side_um = 0.0 if worst is None else 1000 * worst.field_mm2**0.5
    field = [] if worst is None else [_take_place(reader, Why.DENSEST, worst.center_um, worst.cells, side_um)]
    return (*clusters, *field)


def _center(fibers: Fibers, row: int) -> tuple[float, float]:
    return float(fibers.center_um[row, 0]), float(fibers.center_um[row, 1])


def _take_fiber(reader: SlideReader, fibers: Fibers, row: int, why: Why) -> FiberCrop:
    outline = fibers.outline(row)
    fiber_class = FiberClass(int(fibers.fiber_class[row]))
    of_class = fibers.class_probability[row, fiber_class]
    of_attribute = fibers.attribute_probability[row, FiberAttribute.INVASION_CANDIDATE]
    return FiberCrop(
        fiber=row,
        fiber_class=fiber_class,
        probability=float(of_attribute if why is Why.INVADED else of_class),
        outline_um=outline,
        center_um=_center(fibers, row),
        min_feret_um=float(fibers.min_feret_um[row]),
        picture=_taken(reader, *crop_frame(outline)),
        why=why,
    )


def _take_place(reader: SlideReader, why: Why, center_um: Sequence[float], cells: int, side_um: float) -> PlaceCrop:
    center = float(center_um[0]), float(center_um[1])
    return PlaceCrop(why, center, cells, _taken(reader, *_frame(center, side_um, PLACE_SIDE_PX)))


def _frame(center_um: tuple[float, float], side_um: float, side_px: int) -> tuple[Region, Mpp]:
    mpp = Mpp(side_um / side_px)
    left, top = (round(mpp.to_px(center - side_um / 2)) for center in center_um)
    return Region(left, top, side_px, side_px), mpp


def _taken(reader: SlideReader, region: Region, mpp: Mpp) -> Picture:
    pixels = reader.read(region, mpp)
    return Picture(pixels.rgb, pixels.valid, (mpp.to_um(float(region.x)), mpp.to_um(float(region.y))), mpp)
