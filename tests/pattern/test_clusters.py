"""How many clusters of inflammatory cells make an infiltrate, on how much tissue."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graded_evidence import weigh
from hypothesis import given
from hypothesis import strategies as st

from histo.evidence import Coverage, Evidence
from histo.pattern import Infiltration, load_conventions
from histo.pattern.grading import cluster_limits, grade

CONVENTIONS = load_conventions()
QUIET = weigh().pooled


def on_tissue(area_mm2: float, clusters: int = 0) -> Evidence:
    """A section without scattered cells, of some area and with some clusters."""
    assert QUIET.infiltrate is not None
    infiltrate = replace(QUIET.infiltrate, clusters_count=clusters)
    coverage = Coverage.of(rejected_mm2=0.0, unreadable_mm2=0.0, assessable_mm2=area_mm2, artefact_mm2={})
    return replace(QUIET, coverage=coverage, infiltrate=infiltrate)


@pytest.mark.parametrize(
    ("area_mm2", "clusters", "found"),
    [
        (2.0, 0, Infiltration.NONE_SPARSE),
        (2.0, 1, Infiltration.PRESENT),
        (20.0, 1, Infiltration.PRESENT),
        (20.0, 2, Infiltration.PRESENT),
        (20.0, 3, Infiltration.DENSE),
        (75.0, 3, Infiltration.NONE_SPARSE),
        (75.0, 4, Infiltration.PRESENT),
        (75.0, 7, Infiltration.PRESENT),
        (75.0, 8, Infiltration.DENSE),
    ],
)
def test_counts_of_clusters_are_of_so_much_tissue(area_mm2: float, clusters: int, found: Infiltration) -> None:
    assert grade(on_tissue(area_mm2, clusters), 1, CONVENTIONS).infiltration is found


@given(area_mm2=st.floats(0.5, 400), more_mm2=st.floats(0, 100), sections=st.integers(1, 5))
def test_limits_grow_with_the_tissue_and_never_fall_below_the_score_tool(
    area_mm2: float, more_mm2: float, sections: int
) -> None:
    present, dense = cluster_limits(on_tissue(area_mm2), sections, CONVENTIONS)
    wider = cluster_limits(on_tissue(area_mm2 + more_mm2), sections, CONVENTIONS)
    assert wider >= (present, dense)
    assert 1 <= present < dense
    assert dense > CONVENTIONS.infiltrate.dense_above_clusters * sections
