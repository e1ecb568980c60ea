"""Outliers are those of the formula, whatever the unit and the order, and none where nothing differs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from histo.cohort.results.outliers import FAR, LEAST_BIOPSIES, MEASURES, farthest, find_outliers, robust_z, unfamiliar
from histo.cohort.results.schema import Row

values = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40)


def rows_of(name: str, numbers: list[float | None]) -> list[Row]:
    empty: Row = {measure.name: None for measure in MEASURES}
    return [{**empty, "biopsy": f"B{at:03d}", name: number} for at, number in enumerate(numbers)]


def test_a_score_is_that_of_iglewicz_and_hoaglin() -> None:
    scores, middle, _ = robust_z([1.0, 2.0, 3.0, 4.0, 10.0])
    assert middle == 3.0
    assert scores == pytest.approx([0.6745 * (one - 3) / 1.0 for one in (1, 2, 3, 4, 10)])


def test_where_most_are_equal_the_mean_deviation_stands_in() -> None:
    scores, _, _ = robust_z([0.0] * 9 + [5.0])
    assert scores == pytest.approx([0.0] * 9 + [0.7979 * 5 / 0.5])


@given(values, st.floats(0.01, 100), st.floats(-100, 100))
def test_units_and_zero_do_not_matter(numbers: list[float], factor: float, shift: float) -> None:
    rounded = [round(one, 3) for one in numbers]
    scores, _, width = robust_z(rounded)
    moved, _, wide = robust_z([factor * one + shift for one in rounded])
    if width > 1e-3:
        assert moved == pytest.approx(scores, abs=1e-4, rel=1e-4)
        assert wide == pytest.approx(factor * width, rel=1e-4)


@given(st.lists(st.floats(0.5, 2.0), min_size=LEAST_BIOPSIES, max_size=40), st.randoms())
def test_the_order_of_a_cohort_does_not_matter(numbers: list[float], random: object) -> None:
    rows = rows_of("stain_density", [*numbers, 80.0])
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert find_outliers(rows) == find_outliers(shuffled)


def test_what_lies_far_out_is_found_with_its_usual_range() -> None:
    rng = np.random.default_rng(0)
    ordinary = [float(one) for one in np.exp(rng.normal(0, 0.1, 50))]
    (found,) = find_outliers(rows_of("stain_density", [*ordinary, 3.0, None]))
    assert (found.biopsy, found.value) == ("B050", 3.0)
    assert found.z > FAR
    assert found.usual.low < min(ordinary)
    assert max(ordinary) < found.usual.high < 3.0


def test_only_the_bad_end_of_artefact_is_told() -> None:
    cohort = [10.0 + 0.1 * (at % 5) for at in range(30)]
    assert find_outliers(rows_of("rejected_percent", [*cohort, 0.0])) == ()
    assert len(find_outliers(rows_of("rejected_percent", [*cohort, 90.0]))) == 1
    assert len(find_outliers(rows_of("sharpness", [*cohort, 1.0]))) == 1


def test_equal_biopsies_and_small_cohorts_have_none() -> None:
    assert find_outliers(rows_of("stain_density", [0.7] * 20)) == ()
    assert find_outliers(rows_of("stain_density", [0.7, 0.71] * 4 + [50.0])) == ()  # nine are too few
    assert find_outliers([]) == ()


def test_what_the_bundle_judged_comes_strangest_first() -> None:
    def judged(name: str, verdict: str | None, *distances: float | None) -> Row:
        names = ("distance_colors", "distance_texture", "distance_answers")
        return {"biopsy": name, "familiarity": verdict, **dict(zip(names, distances, strict=True))}

    rows = [
        judged("a", "doubtful", 1.1, 0.2, None),
        judged("b", "strange", 0.1, 1.5, 0.2),
        judged("c", "familiar", 0.9, 0.9, 0.9),
        judged("d", "doubtful", 0.1, 0.2, 1.25),
        judged("e", None, None, None, None),
        judged("f", "strange", 0.5, 0.4, 0.3),
    ]
    assert [row["biopsy"] for row in unfamiliar(rows)] == ["b", "f", "d", "a"]
    assert farthest(rows[3]) == ("answers", 1.25)
    assert farthest(rows[4]) == ("nuclei", 0.0)
