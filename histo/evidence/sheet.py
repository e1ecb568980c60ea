"""Sheets of necrosis: areas where nearly every fiber is necrotic, whatever fascicle it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from histo.evidence.fascicles import FascicleGeometry
from histo.evidence.measures import Measures
from histo.evidence.place_results import NecroticSheet
from histo.evidence.section import Section
from histo.evidence.spread import linked


@dataclass(frozen=True, eq=False)
class SheetSample:
    """The largest sheet of one slide: its fibers by index in the section, and the fascicles it reaches."""

    section: Section
    members: NDArray[np.int64]
    fascicles: int | None


def find_sheet(section: Section, geometry: FascicleGeometry, measures: Measures) -> SheetSample | None:
    """The largest sheet, if there is one.

    A necrotic fiber is part of a sheet if nearly all of its nearest fibers are necrotic; such fibers link over a
    distance that bridges a septum. (C): no source defines a sheet.
    """
    neighbors = min(measures.sheet_neighbors, len(section) - 1)
    necrotic = np.flatnonzero(section.necrotic)
    if neighbors < 1 or len(necrotic) < measures.sheet_min_fibers:
        return None
    _, nearest = cKDTree(section.center_um).query(section.center_um[necrotic], k=neighbors + 1)
    core = necrotic[section.necrotic[nearest[:, 1:]].mean(axis=1) >= measures.sheet_local_share]
    if len(core) < measures.sheet_min_fibers:
        return None
    pairs = cKDTree(section.center_um[core]).query_pairs(measures.sheet_link_um, output_type="ndarray")
    group = linked(section.center_um[core], pairs)
    largest = int(np.argmax(np.bincount(group)))
    members = core[group == largest]
    if len(members) < measures.sheet_min_fibers:
        return None
    fascicles = None
    if geometry.known:
        held = np.bincount(geometry.fascicle[members])
        fascicles = int(np.count_nonzero(held[1:] >= measures.sheet_fascicle_fibers))
    return SheetSample(section, members, fascicles)


def largest_sheet(sheets: Sequence[SheetSample | None], necrotic: int) -> NecroticSheet | None:
    """The largest sheet over all slides (of equal ones, that of the first slide by name)."""
    shown = [sheet for sheet in sheets if sheet is not None]
    if not shown:
        return None
    sheet = min(shown, key=lambda one: (-len(one.members), one.section.name))
    x_um, y_um = sheet.section.center_um[sheet.members].mean(axis=0)
    return NecroticSheet(
        slide=sheet.section.name,
        center_um=(float(x_um), float(y_um)),
        fibers=len(sheet.members),
        fascicles=sheet.fascicles,
        percent_of_necrotic=100 * len(sheet.members) / necrotic,
        fiber_ids=tuple(int(row) for row in np.sort(sheet.section.fiber_row[sheet.members])),
    )
