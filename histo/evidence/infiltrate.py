"""Inflammatory cells outside necrotic fibers: where they lie, how dense, how clustered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from histo.evidence.cell_results import Cluster, CompartmentDensity, Infiltrate, WorstField
from histo.evidence.intervals import density
from histo.evidence.measures import Measures
from histo.evidence.phagocytes import phagocytosed_uncalled
from histo.evidence.place_results import TissueComposition
from histo.evidence.repeats import repeats
from histo.evidence.section import Section
from histo.evidence.spread import linked
from histo.findings import CellClass, Compartment

FIELD_STEPS = 16
"""The worst field is looked for in steps of 1/16 of its side (61 um)."""

UNPLACED, ENDOMYSIAL, PERIMYSIAL, PERIVASCULAR = range(4)
_PLACE_OF = {
    Compartment.FIBER: ENDOMYSIAL,
    Compartment.ENDOMYSIUM: ENDOMYSIAL,
    Compartment.PERIMYSIUM: PERIMYSIAL,
    Compartment.FAT: PERIMYSIAL,
    Compartment.VESSEL: PERIVASCULAR,
}
_EXCLUDED = (Compartment.NERVE_SPINDLE, Compartment.ARTEFACT)


@dataclass(frozen=True, eq=False)
class InfiltrateSample:
    """The infiltrate of one slide; slides add up.

    Attributes:
        cells_by_place: (4,) int64, over unplaced, endomysial, perimysial, perivascular.
        lymphocytes: Lymphocyte-like cells among them.
        excluded: Cells where they are not trusted.
        worst: The field with the most cells.
        clusters: Clusters, largest first.
        macrophage_clusters: How many of them hold more macrophage-like than lymphocyte-like cells.
        cell_row: (C,) int64, rows of the cells that are counted among the slide's cells: their ids.
        center_um: (C, 2) float64, where they lie.
        place: (C,) int64, in which of the four.
        in_necrotic_row: (D,) int64, rows of the cells inside necrotic fibers or at their rim.
    """

    cells_by_place: NDArray[np.int64]
    lymphocytes: int
    excluded: int
    worst: WorstField | None
    clusters: tuple[Cluster, ...]
    macrophage_clusters: int
    cell_row: NDArray[np.int64]
    center_um: NDArray[np.float64]
    place: NDArray[np.int64]
    in_necrotic_row: NDArray[np.int64]

    @property
    def inside_necrotic(self) -> int:
        """Cells inside necrotic fibers or at their rim."""
        return len(self.in_necrotic_row)

    def ids(self, place: int) -> tuple[int, ...]:
        """Ids of the counted cells of a place, ascending."""
        return tuple(int(row) for row in np.sort(self.cell_row[self.place == place]))


def sample_infiltrate(section: Section, measures: Measures) -> InfiltrateSample:
    """Sort a slide's inflammatory cells by place, and find the worst field and the clusters."""
    inside = _inside_necrotic(section, measures)
    excluded = ~inside & np.isin(section.cell_compartment, _EXCLUDED)
    counted = ~inside & ~excluded
    place_of = np.array([_PLACE_OF.get(kind, UNPLACED) for kind in Compartment])
    place = place_of[section.cell_compartment]
    place[_near_vessel(section, measures)] = PERIVASCULAR
    # A cell that sits in a fiber is endomysial whatever the coarse map says, and even where a vessel passes by.
    place[section.cell_fiber >= 0] = ENDOMYSIAL
    clusters = _clusters(section, np.flatnonzero(counted), measures)
    lymphocytes = section.cell_row[section.cell_class == CellClass.LYMPHOCYTE]
    return InfiltrateSample(
        cells_by_place=np.bincount(place[counted], minlength=4),
        lymphocytes=int(np.count_nonzero(section.cell_class[counted] == CellClass.LYMPHOCYTE)),
        excluded=int(np.count_nonzero(excluded)),
        worst=_worst_field(section, counted, measures.field_mm2),
        clusters=clusters,
        macrophage_clusters=sum(2 * np.isin(one.cell_ids, lymphocytes).sum() < one.cells for one in clusters),
        cell_row=section.cell_row[counted],
        center_um=section.cell_center_um[counted],
        place=place[counted],
        in_necrotic_row=section.cell_row[inside],
    )


def summarize_infiltrate(
    samples: Sequence[InfiltrateSample], areas_mm2: Sequence[float], composition: TissueComposition, measures: Measures
) -> Infiltrate:
    """The infiltrate of all slides together, per mm2 of assessable tissue, of which each slide has its own."""
    area_mm2, seen = sum(areas_mm2), repeats(areas_mm2)

    def per_mm2(cells: int, own_mm2: float = 0.0) -> CompartmentDensity:
        return CompartmentDensity(cells, density(cells, area_mm2, seen), density(cells, own_mm2, seen))

    by_place = [sum(int(sample.cells_by_place[place]) for sample in samples) for place in range(4)]
    total, lymphocytes = sum(by_place), sum(sample.lymphocytes for sample in samples)
    fields = [sample.worst for sample in samples if sample.worst is not None]
    clusters = [cluster for sample in samples for cluster in sample.clusters]
    large = sum(cluster.cells >= measures.large_cluster_cells for cluster in clusters)
    return Infiltrate(
        total=per_mm2(total),
        lymphocyte_like=per_mm2(lymphocytes),
        macrophage_like=per_mm2(total - lymphocytes),
        endomysial=per_mm2(by_place[ENDOMYSIAL], composition.fiber_mm2 + composition.endomysium_mm2),
        perimysial=per_mm2(by_place[PERIMYSIAL], composition.perimysium_mm2 + composition.fat_mm2),
        perivascular=per_mm2(by_place[PERIVASCULAR]),
        unplaced=per_mm2(by_place[UNPLACED]),
        inside_necrotic_cells=sum(sample.inside_necrotic for sample in samples),
        excluded_cells=sum(sample.excluded for sample in samples),
        worst_field=min(fields, key=lambda worst: (-worst.cells, worst.slide)) if fields else None,
        clusters=tuple(sorted(clusters, key=lambda one: (-one.cells, one.slide, one.center_um))),
        clusters_count=len(clusters),
        large_clusters_count=large,
        macrophage_clusters_count=sum(int(sample.macrophage_clusters) for sample in samples),
        clusters_per_mm2=density(len(clusters), area_mm2, seen),
        large_clusters_per_mm2=density(large, area_mm2, seen),
    )


def _inside_necrotic(section: Section, measures: Measures) -> NDArray[np.bool_]:
    rim_um = measures.necrotic_rim_um
    dying = section.necrotic | phagocytosed_uncalled(section, measures)
    inside = np.append(dying, False)[section.cell_fiber]
    fibers = section.findings.fibers.select(section.fiber_row[dying])
    outside = np.flatnonzero(~inside)
    if len(fibers) and len(outside) and rim_um > 0:
        # Rings, not polygons: an outline that crosses itself still has a distance.
        ring = np.repeat(np.arange(len(fibers)), np.diff(fibers.outline_start))
        rings = shapely.linearrings(fibers.outline_um.astype(np.float64), indices=ring)
        points = shapely.points(section.cell_center_um[outside])
        near = shapely.STRtree(rings).query(points, predicate="dwithin", distance=rim_um)[0]
        inside[outside[near]] = True
    return inside


def _near_vessel(section: Section, measures: Measures) -> NDArray[np.bool_]:
    compartments = section.findings.compartments
    vessel = (compartments.codes == Compartment.VESSEL) & compartments.scored
    near = np.zeros(len(section.cell_row), np.bool_)
    if not len(near) or not vessel.any():
        return near
    labels, _ = ndimage.label(vessel, structure=np.ones((3, 3)))
    large = np.bincount(labels.ravel()) >= measures.vessel_min_um2 / compartments.mpp.area_um2(1)
    large[0] = False
    row, column = np.nonzero(large[labels])
    if not len(row):
        return near
    points_um = (np.column_stack([column, row]) + 0.5) * compartments.mpp.um_per_px
    reach_um = measures.perivascular_um
    distance_um, _ = cKDTree(points_um).query(section.cell_center_um, distance_upper_bound=reach_um)
    return np.asarray(np.isfinite(distance_um), np.bool_)


def _worst_field(section: Section, counted: NDArray[np.bool_], field_mm2: float) -> WorstField | None:
    points_um = section.cell_center_um[counted]
    if not len(points_um):
        return None
    step_um = 1000 * field_mm2**0.5 / FIELD_STEPS
    column, row = np.floor(points_um / step_um).astype(np.int64).T
    first_column, first_row = column.min() - FIELD_STEPS, row.min() - FIELD_STEPS
    shape = (int(row.max() - first_row) + FIELD_STEPS, int(column.max() - first_column) + FIELD_STEPS)
    cells = np.zeros(shape, np.int64)
    np.add.at(cells, (row - first_row, column - first_column), 1)
    sums = np.pad(cells.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    n = FIELD_STEPS
    in_field = sums[n:, n:] - sums[:-n, n:] - sums[n:, :-n] + sums[:-n, :-n]
    most = int(in_field.max())
    best_row, best_column = _middle_of_first(in_field == most)
    return WorstField(
        slide=section.name,
        center_um=(
            float((best_column + first_column + n / 2) * step_um),
            float((best_row + first_row + n / 2) * step_um),
        ),
        field_mm2=field_mm2,
        cells=most,
        per_mm2=most / field_mm2,
    )


def _middle_of_first(best: NDArray[np.bool_]) -> tuple[int, int]:
    """Of the first patch of places that are as good, the middle: a field then has its cells in its midst."""
    patch, _ = ndimage.label(best)
    places = np.argwhere(patch == 1)
    row, column = places[np.abs(places - places.mean(axis=0)).sum(axis=1).argmin()]
    return int(row), int(column)


def _clusters(section: Section, counted: NDArray[np.int64], measures: Measures) -> tuple[Cluster, ...]:
    points_um = section.cell_center_um[counted]
    if len(points_um) < measures.cluster_cells:
        return ()
    pairs = cKDTree(points_um).query_pairs(measures.cluster_link_um, output_type="ndarray")
    group = linked(points_um, pairs)
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    begin = np.concatenate([[0], np.cumsum(sizes)])
    found = []
    for number in np.flatnonzero(sizes >= measures.cluster_cells):
        members = order[begin[number] : begin[number + 1]]
        x_um, y_um = points_um[members].mean(axis=0)
        rows = np.sort(section.cell_row[counted[members]])
        found.append(
            Cluster(
                slide=section.name,
                center_um=(float(x_um), float(y_um)),
                cells=len(members),
                cell_ids=tuple(int(row) for row in rows),
            )
        )
    return tuple(found)
