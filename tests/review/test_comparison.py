"""Two readings side by side: every finding once, differences first, each with the machine's evidence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_page import Page

from histo.records import read_reading
from histo.review.comparison import Agreement, compare_grades, compare_pattern
from histo.review.opinions import FINDING_NAMES, grade_scales

GRADES = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([grade.value for grade in scale]) for name, scale in grade_scales().items()}
)


@pytest.fixture(scope="module")
def document(readings: tuple[Path, Path]) -> Iterator[Any]:
    yield read_reading(readings[0] / "alpha").document


def test_every_graded_finding_has_a_name() -> None:
    assert set(FINDING_NAMES) == set(grade_scales())


def test_grades_are_compared(document: dict[str, Any]) -> None:
    @given(GRADES)
    def law(grades: dict[str, str]) -> None:
        rows = compare_grades(grades, document)
        assert sorted(row.finding for row in rows) == sorted(FINDING_NAMES)
        machine = document["pattern"]["grades"]
        for row in rows:
            yours = grades.get(row.finding)
            if yours == machine[row.finding]:
                assert row.agreement is Agreement.AGREE
            else:
                untold = {None, "not_assessed", "cannot_tell"}
                some_untold = yours in untold or machine[row.finding] in untold
                assert row.agreement is (Agreement.NOT_COMPARED if some_untold else Agreement.DIFFER)
        order = [list(Agreement).index(row.agreement) for row in rows]
        rank = {0: 1, 1: 0, 2: 2}
        assert [rank[place] for place in order] == sorted(rank[place] for place in order)

    law()


def test_patterns_are_compared(document: dict[str, Any]) -> None:
    own = document["pattern"]["label"]
    assert compare_pattern(own, document).agreement is Agreement.AGREE
    other = "neurogenic" if own != "neurogenic" else "normal"
    assert compare_pattern(other, document).agreement is Agreement.DIFFER
    assert compare_pattern(None, document).agreement is Agreement.NOT_COMPARED


def test_a_biopsy_of_two_slides_is_one_case(page: Page, readings: tuple[Path, Path], tmp_path: Path) -> None:
    from dataclasses import replace

    from example_findings import example_findings
    from review_folder import SIDE_UM, write_reading
    from review_page import PORT

    from histo.review import Settings

    slides = [
        (readings[1] / f"{name}.png", example_findings(60, 20, seed=n, side_um=SIDE_UM))
        for n, name in enumerate(("alpha", "beta"))
    ]
    write_reading(tmp_path / "two", "patient", slides, as_biopsy=True)
    own = replace(Settings(tmp_path / "two", "A. Smith"), port=PORT)
    with Page(own) as client:
        case, _ = client.ready("patient")
        (only,) = client.get("/api/cases").json()["cases"]
        assert [slide["name"] for slide in only["slides"]] == ["alpha", "beta"]
        client.post(f"/api/cases/{case}/open", json={"seen": 0})
        for slide in only["slides"]:
            assert client.correct(slide["id"], act="accept", target="fiber-1").status_code == 200
        entries = client.get(f"/api/cases/{case}/entries").json()
        assert [entry["slide"] for entry in entries if entry["act"] == "accept"] == [s["id"] for s in only["slides"]]
