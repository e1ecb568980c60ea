"""Which fibers and cells stand behind a graded finding, so that a reader can go and look at them."""

from __future__ import annotations

from collections.abc import Callable

from histo.evidence import BiopsyEvidence, FindingIds, SlideEvidence
from histo.pattern.grades import Atrophy, Grades, Place, Spread
from histo.pattern.reading import Places

Ids = tuple[int, ...]


def find_places(finding: str, grades: Grades, evidence: BiopsyEvidence) -> tuple[Places, ...]:
    """The fibers and cells of each slide that a grade rests on; slides without any are left out.

    Args:
        finding: A field of `Grades`.
        grades: The grades: what lies at the fascicle edge stands behind a position, what lies in groups behind
            clustering.
        evidence: The numbers, with the ids behind them.
    """
    found = []
    for slide in evidence.slides:
        fibers = _FIBERS[finding](slide, grades) if finding in _FIBERS else ()
        cells = _CELLS[finding](slide.ids, grades) if finding in _CELLS else ()
        if fibers or cells:
            found.append(Places(slide=slide.name, fiber_ids=fibers, cell_ids=cells))
    return tuple(found)


def _of_spread(slide: SlideEvidence, grades: Grades) -> Ids:
    return slide.ids.necrotic_in_large_groups if grades.spread is Spread.CLUSTERED else slide.ids.necrotic


def _of_atrophy(slide: SlideEvidence, grades: Grades) -> Ids:
    return slide.ids.atrophic_at_edge if grades.atrophy is Atrophy.PERIFASCICULAR else slide.ids.atrophic


def _of_sheet(slide: SlideEvidence, grades: Grades) -> Ids:
    return () if slide.numbers.sheet is None else slide.numbers.sheet.fiber_ids


def _of_place(ids: FindingIds, grades: Grades) -> Ids:
    """The cells where most of them lie; all that have a place where none prevails."""
    perimysial = ids.perimysial_cells + ids.perivascular_cells
    if grades.place is Place.ENDOMYSIAL:
        return ids.endomysial_cells
    return tuple(sorted(perimysial if grades.place is Place.PERIMYSIAL else perimysial + ids.endomysial_cells))


_FIBERS: dict[str, Callable[[SlideEvidence, Grades], Ids]] = {
    "necrosis": lambda slide, _: slide.ids.necrotic,
    "invasion": lambda slide, _: slide.ids.invasion_candidates,
    "stages": lambda slide, _: tuple(sorted(slide.ids.necrotic + slide.ids.regenerating)),
    "spread": _of_spread,
    "zone": _of_sheet,
    "necrosis_position": lambda slide, _: slide.ids.necrotic_at_edge,
    "atrophy": _of_atrophy,
    "chronicity": lambda slide, _: slide.ids.internal_nuclei,
}

_CELLS: dict[str, Callable[[FindingIds, Grades], Ids]] = {
    "infiltration": lambda ids, _: ids.infiltrate,
    "place": _of_place,
    "invasion": lambda ids, _: ids.invading_cells,
    "stages": lambda ids, _: ids.cells_in_necrotic,
}
