"""Macrophages that missed necrotic fibers may have left outside are told and not graded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graded_evidence import weigh

from histo.evidence import CompartmentDensity, Estimate, Evidence
from histo.findings import CellClass
from histo.pattern import Infiltration, Necrosis, load_conventions
from histo.pattern.caveats import find_false_amid_cells, find_unseen_cells
from histo.pattern.graded_infiltrate import graded_infiltrate
from histo.pattern.grading import grade
from histo.pattern.sentences import explain

QUIET = weigh().pooled
CONVENTIONS = load_conventions()


def infiltrated(lymphocytes: int, macrophages: int, inside: int, clusters: int = 0, eaten: int = 0) -> Evidence:
    """A healthy section of 4 mm2, with these cells outside and inside dying fibers."""
    found = QUIET.infiltrate
    assert found is not None

    def of(cells: int) -> CompartmentDensity:
        return CompartmentDensity(cells, Estimate(cells / 4, cells / 5, cells / 3))

    cells = {
        "lymphocyte_like": of(lymphocytes),
        "macrophage_like": of(macrophages),
        "total": of(lymphocytes + macrophages),
    }
    counts = {"clusters_count": clusters, "macrophage_clusters_count": eaten}
    return replace(QUIET, infiltrate=replace(found, **cells, **counts, inside_necrotic_cells=inside))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((0, 40, 0), Infiltration.PRESENT),
        ((0, 40, 100), Infiltration.NONE_SPARSE),  # 25 spared, 15 on 4 mm2 left
        ((0, 42, 100), Infiltration.PRESENT),  # 17 left: 4.25 per mm2
        ((40, 0, 1000), Infiltration.PRESENT),  # lymphocytes are never spared
        ((40, 140, 0), Infiltration.DENSE),
        ((40, 140, 60), Infiltration.PRESENT),
        ((0, 0, 0, 1, 1), Infiltration.PRESENT),  # without necrosis a cluster of macrophages is one
        ((0, 10, 40, 1, 1), Infiltration.NONE_SPARSE),  # 10 spared: one cluster
        ((0, 10, 39, 1, 1), Infiltration.PRESENT),
        ((0, 20, 100, 2, 1), Infiltration.PRESENT),
    ],
)
def test_macrophages_are_set_against_those_inside_dying_fibers(found: tuple[int, ...], expected: Infiltration) -> None:
    assert grade(infiltrated(*found), 1, CONVENTIONS).infiltration is expected


def test_what_is_not_graded_is_told() -> None:
    numbers = infiltrated(3, 30, 100, 3, 3)
    assert numbers.infiltrate is not None
    assert graded_infiltrate(numbers.infiltrate, CONVENTIONS).spared_cells == 25
    sentence = told(numbers)
    assert "25 of the macrophage-like ones may belong to necrotic fibers that were missed (25% of the 100" in sentence
    assert sentence.endswith("they are not graded, nor are 2 clusters of mostly such cells.")
    assert "may belong" not in told(infiltrated(3, 30, 0))


def test_a_sparse_infiltrate_tells_how_many_cells_are_seen_at_all() -> None:
    found = {CellClass.LYMPHOCYTE: Estimate(0.349, 0.22, 0.54), CellClass.MACROPHAGE: Estimate(0.829, 0.73, 0.89)}
    sparse, present = (grade(infiltrated(count, 0, 0), 1, CONVENTIONS) for count in (0, 40))
    (caveat,) = find_unseen_cells(sparse, found)
    assert "lymphocytes 35% (95% interval 22-54) and of macrophages 83% (95% interval 73-89)" in caveat
    assert find_unseen_cells(present, found) == find_unseen_cells(sparse, {}) == ()


def test_necrosis_amid_an_infiltrate_tells_how_often_healthy_fibers_are_called_necrotic_there() -> None:
    called = Estimate(26.0, 18.0, 36.0)
    necrotic = replace(grade(infiltrated(40, 0, 0), 1, CONVENTIONS), necrosis=Necrosis.MODERATE)
    (caveat,) = find_false_amid_cells(necrotic, called)
    assert "26 (18-36) of 1,000 intact fibers are called necrotic" in caveat
    assert find_false_amid_cells(necrotic, None) == ()
    assert find_false_amid_cells(replace(necrotic, necrosis=Necrosis.CANDIDATES), called) == ()
    assert find_false_amid_cells(replace(necrotic, infiltration=Infiltration.NONE_SPARSE), called) == ()


def told(numbers: Evidence) -> str:
    return explain("infiltration", grade(numbers, 1, CONVENTIONS), numbers, CONVENTIONS)
