"""All findings of a biopsy, weighed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.errors import UsageError
from histo.evidence.bound import Recall, necrosis_bound
from histo.evidence.composition import Areas, compose, measure_areas
from histo.evidence.false_calls import FalseCalls, false_call_floor
from histo.evidence.fascicle_bootstrap import resample_fascicles
from histo.evidence.fascicles import FascicleGeometry, map_fascicles, summarize_fascicles
from histo.evidence.fibers import (
    atrophic,
    burden,
    count_fibers,
    internal_nuclei,
    invaded,
    mix_stages,
    preserved_diameter_um,
    size_fibers,
    stages_of,
)
from histo.evidence.infiltrate import (
    ENDOMYSIAL,
    PERIMYSIAL,
    PERIVASCULAR,
    UNPLACED,
    InfiltrateSample,
    sample_infiltrate,
    summarize_infiltrate,
)
from histo.evidence.levels import compare_slides
from histo.evidence.measures import Measures, standard_measures
from histo.evidence.observation import Coverage, SlideObservation
from histo.evidence.phagocytes import phagocytosed_uncalled, support_of_calls
from histo.evidence.place_results import FascicleBootstrap
from histo.evidence.position import PositionSample, sample_position, summarize_position
from histo.evidence.results import BiopsyEvidence, Evidence, FindingIds, SlideEvidence
from histo.evidence.section import Section, section_of
from histo.evidence.sheet import SheetSample, find_sheet, largest_sheet
from histo.evidence.spread import SpreadSample, sample_spread, summarize_spread
from histo.findings import NECROTIC_CLASSES, FiberClass
from histo.geometry import UM2_PER_MM2


@dataclass(frozen=True, eq=False)
class _Weighed:
    """All that one slide contributes to the numbers of the biopsy."""

    section: Section
    small: NDArray[np.bool_]
    invaded: NDArray[np.bool_]
    phagocytosed: NDArray[np.bool_]
    geometry: FascicleGeometry
    infiltrate: InfiltrateSample
    fascicle_bootstrap: FascicleBootstrap | None
    necrosis_position: PositionSample | None
    atrophy_position: PositionSample | None
    necrosis_spread: SpreadSample
    atrophy_spread: SpreadSample
    sheet: SheetSample | None
    areas: Areas


@dataclass(frozen=True, slots=True)
class _Detector:
    """How well fibers are called, as far as somebody has measured it."""

    false_calls: FalseCalls | None
    recall: Recall


def weigh_evidence(
    observations: Sequence[SlideObservation],
    false_calls: FalseCalls | None = None,
    measures: Measures | None = None,
    recall: Recall | None = None,
) -> BiopsyEvidence:
    """Turn the findings of a biopsy's slides into numbers.

    Independent of the order of slides, fibers and cells; the counts of slides add up to the pooled ones. Random
    labellings are seeded, so that the same findings always give the same evidence.

    Args:
        observations: The slides, with names of their own. None at all gives evidence of nothing.
        false_calls: How often healthy fibers are called necrotic, as measured for the bundle (its card). None if nobody
            has measured it: then a convention is assumed.
        measures: Distances and the like; the shipped conventions if left out.
        recall: Share of necrotic fibers that the detector finds, as measured for the bundle; of an interval the lower
            end is reckoned with. None if nobody has measured it: then no bound is given for the necrosis that was
            missed.

    Raises:
        UsageError: If two slides have one name.
    """
    names = [observation.name for observation in observations]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(name, "two slides of the biopsy have this name", "give each slide a name of its own")
    chosen = standard_measures() if measures is None else measures
    detector = _Detector(false_calls, recall or Recall())
    sections = [section_of(observation) for observation in observations]
    # What is small is decided over the whole biopsy, or a slide that is atrophic throughout would look normal.
    preserved_um = preserved_diameter_um(sections, chosen)
    weighed = [_weigh_slide(section, preserved_um, chosen) for section in sections]
    slides = tuple(
        SlideEvidence(
            name=part.section.name,
            numbers=_summarize([part], preserved_um, detector, chosen),
            ids=_ids(part),
        )
        for part in weighed
    )
    return BiopsyEvidence(
        slides=slides,
        pooled=_summarize(weighed, preserved_um, detector, chosen),
        spread=compare_slides(slides, chosen),
        measures=chosen,
    )


def _weigh_slide(section: Section, preserved_um: float | None, measures: Measures) -> _Weighed:
    # Without a single measurable fiber nothing is small, the edge zone is empty, and no position is claimed.
    scale_um = preserved_um or 0.0
    small = atrophic(section, scale_um * measures.small_fiber_share)
    geometry = map_fascicles(section, scale_um * measures.edge_zone_diameters, measures)
    infiltrate = sample_infiltrate(section, measures)
    everyone = np.ones(len(section), np.bool_)
    necrotic, measured = (section.necrotic, everyone), (small, section.measurable)
    return _Weighed(
        section=section,
        small=small,
        invaded=invaded(section, measures),
        phagocytosed=phagocytosed_uncalled(section, measures),
        geometry=geometry,
        infiltrate=infiltrate,
        fascicle_bootstrap=resample_fascicles(section, geometry, infiltrate.center_um, measures),
        necrosis_position=sample_position(section, geometry, *necrotic, measures, "necrosis position"),
        atrophy_position=sample_position(section, geometry, *measured, measures, "atrophy position"),
        necrosis_spread=sample_spread(section, *necrotic, scale_um, measures, "necrosis spread"),
        atrophy_spread=sample_spread(section, *measured, scale_um, measures, "atrophy spread"),
        sheet=find_sheet(section, geometry, measures),
        areas=measure_areas(section, measures),
    )


def _summarize(
    parts: Sequence[_Weighed],
    preserved_um: float | None,
    detector: _Detector,
    measures: Measures,
) -> Evidence:
    # Sums of floats depend on their order in the last bit, so the order is that of the names.
    parts = sorted(parts, key=lambda part: part.section.name)
    sections = [part.section for part in parts]
    scale_um = preserved_um or 0.0
    coverage = Coverage.pooled([section.observation.coverage for section in sections])
    areas_mm2 = [section.observation.coverage.assessable_mm2 for section in sections]
    each = [len(section) for section in sections]
    # One slide on which cells cannot be told leaves the biopsy's numbers of cells unknown, not smaller.
    cells_assessed = all(section.observation.cells_assessed for section in sections)
    kinds = {kind: burden([section.fiber_class == kind for section in sections], areas_mm2) for kind in FiberClass}
    necrotic = burden([section.necrotic for section in sections], areas_mm2)
    small = [part.small for part in parts]
    outlined_um2 = math.fsum(float(area_um2) for section in sections for area_um2 in section.area_um2)
    composition = compose([part.areas for part in parts], outlined_um2 / UM2_PER_MM2)
    return Evidence(
        coverage=coverage,
        fibers=count_fibers(sections, areas_mm2),
        sizes=size_fibers(sections, small, scale_um * measures.small_fiber_share),
        necrotic=necrotic,
        necrotic_pale=kinds[FiberClass.NECROTIC_PALE],
        necrotic_hyaline=kinds[FiberClass.NECROTIC_HYALINE],
        myophagocytosis=kinds[FiberClass.MYOPHAGOCYTOSIS],
        regenerating=kinds[FiberClass.REGENERATING],
        atrophic=None if preserved_um is None else burden(small, areas_mm2),
        phagocytes=support_of_calls(sections, measures) if cells_assessed else None,
        invasion_candidates=burden([part.invaded for part in parts], areas_mm2) if cells_assessed else None,
        floor=false_call_floor(necrotic.fibers, each, detector.false_calls, measures),
        necrosis_bound=necrosis_bound(
            {kind: kinds[kind].fibers for kind in NECROTIC_CLASSES}, each, coverage.assessable_mm2, detector.recall
        ),
        infiltrate=(
            summarize_infiltrate([part.infiltrate for part in parts], areas_mm2, composition, measures)
            if cells_assessed
            else None
        ),
        stages=mix_stages([stages_of(section) for section in sections], measures),
        fascicles=summarize_fascicles([part.geometry for part in parts], scale_um * measures.edge_zone_diameters),
        fascicle_bootstrap=parts[0].fascicle_bootstrap if len(parts) == 1 else None,
        necrosis_position=summarize_position([part.necrosis_position for part in parts]),
        atrophy_position=summarize_position([part.atrophy_position for part in parts]),
        necrosis_spread=summarize_spread([part.necrosis_spread for part in parts], scale_um, measures),
        atrophy_spread=summarize_spread([part.atrophy_spread for part in parts], scale_um, measures),
        sheet=largest_sheet([part.sheet for part in parts], necrotic.fibers),
        composition=composition,
    )


def _ids(part: _Weighed) -> FindingIds:
    section, found = part.section, part.infiltrate
    assessed = section.observation.cells_assessed

    def of(kind: FiberClass) -> tuple[int, ...]:
        return section.ids(section.fiber_class == kind)

    def cells(place: int) -> tuple[int, ...]:
        return found.ids(place) if assessed else ()

    invading = section.cell_row[(section.cell_fiber >= 0) & np.append(part.invaded, False)[section.cell_fiber]]
    return FindingIds(
        necrotic_pale=of(FiberClass.NECROTIC_PALE),
        necrotic_hyaline=of(FiberClass.NECROTIC_HYALINE),
        myophagocytosis=of(FiberClass.MYOPHAGOCYTOSIS),
        regenerating=of(FiberClass.REGENERATING),
        atrophic=section.ids(part.small),
        internal_nuclei=section.ids(internal_nuclei(section)),
        invasion_candidates=section.ids(part.invaded) if assessed else (),
        necrotic_at_edge=section.ids(section.necrotic & part.geometry.at_edge),
        atrophic_at_edge=section.ids(part.small & part.geometry.at_edge),
        necrotic_in_large_groups=section.ids(part.necrosis_spread.in_large_groups),
        endomysial_cells=cells(ENDOMYSIAL),
        perimysial_cells=cells(PERIMYSIAL),
        perivascular_cells=cells(PERIVASCULAR),
        unplaced_cells=cells(UNPLACED),
        cells_in_necrotic=_ascending(found.in_necrotic_row) if assessed else (),
        invading_cells=_ascending(invading) if assessed else (),
        uncalled_phagocytosis=section.ids(part.phagocytosed) if assessed else (),
    )


def _ascending(rows: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(int(row) for row in np.sort(rows))
