"""Files of clinical facts: what is understood, what is refused, and that nothing but the biopsy's name identifies."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.clinical import ClinicalFacts, DayZero, Measurement, Result, choose_biopsy, load_clinical
from histo.clinical.cells import COLUMNS
from histo.errors import ClinicalError

PAGE = Path(__file__).resolve().parents[2] / "docs/clinical-context.md"


def written(folder: Path, text: str, name: str = "patients.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_of_the_page_is_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"```csv\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    facts = load_clinical(written(tmp_path, example))
    assert facts["B12"] == ClinicalFacts(
        biopsy="B12",
        age_years=67,
        proximal_weakness=True,
        statin_exposure=True,
        earlier_treatment=False,
        anti_srp=Result.NEGATIVE,
        anti_hmgcr=Result.POSITIVE,
        other_myositis_antibodies=Result.NEGATIVE,
        ck_upper_limit_u_per_l=190.0,
        anti_hmgcr_titre_unit="CU",
        day_zero=DayZero.BIOPSY,
        measurements=(
            Measurement(-20, 7850.0, None, 412.0),
            Measurement(-1, 9120.0, None, 455.0),
            Measurement(52, 2300.0, None, 280.0),
            Measurement(190, 310.0, None, 96.0),
        ),
    )
    undated = facts["B13"]
    assert undated.measurements == (Measurement(None, 640.0),)
    assert (undated.day_zero, undated.anti_hmgcr, undated.statin_exposure) == (None, None, None)
    (json_example,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (one,) = load_clinical(written(tmp_path, json_example, "one.json")).values()
    assert one.measurements == (Measurement(-1, 9120.0, None, 455.0),)


def test_the_page_describes_every_field() -> None:
    assert set(COLUMNS) <= set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("biopsy,name\nB1,Smith\n", "row 1: the header has unknown columns 'name'; use biopsy, age_years"),
        ("age_years\n40\n", "row 1: the header lacks biopsy"),
        ("biopsy\n", "has no rows"),
        ("biopsy,age_years\n,40\n", "row 2: biopsy is empty"),
        ("biopsy,age_years\nB1,forty\n", "row 2: age_years forty is not a whole number of years"),
        ("biopsy,anti_srp\n\nB1,+\n", "row 3: anti_srp + is neither positive nor negative"),
        ("biopsy,ck_u_per_l\nB1,3.2\n", "row 2: ck_u_per_l 3.2 is not between 5 and 1,000,000 U/L (give U/L with a"),
        ("biopsy;ck_u_per_l\nB1;1,5\n", "row 2: ck_u_per_l 1,5 is not a number"),
        ("biopsy,ck_u_per_l\nB1,nan\n", "row 2: ck_u_per_l nan is not between"),
        ("biopsy,date,ck_u_per_l\nB1,31.1.2024,500\n", "row 2: date 31.1.2024 is not a date like 2024-01-31"),
        ("biopsy,age_years\nB1,40\nB1,41\n", "row 3: age_years 41 contradicts row 2"),
        ("biopsy,day,date,ck_u_per_l\nB1,1,2024-01-01,99\n", "row 2: gives both date and day"),
        ("biopsy,day,date,ck_u_per_l\nB1,1,,99\nB1,,2024-01-01,99\n", "row 2: days count from the biopsy"),
        ("biopsy,day\nB1,3\n", "row 2: gives a date or day, and no value of that day"),
        ("biopsy,anti_srp_titre_unit\nB1,Mrs Smith\n", "row 2: anti_srp_titre_unit Mrs Smith is none of U/mL"),
        ("biopsy,age_years\nB1,40,Smith\n", "row 2: has 3 cells, the header 2"),
    ],
)
def test_a_fault_is_one_line_with_its_row(tmp_path: Path, text: str, problem: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ClinicalError) as caught:
        load_clinical(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: {problem}")
    assert "\n" not in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"biopsy": "B1", "patient": "Smith"}, "unknown field 'patient'"),
        ({"biopsy": "B1", "measurements": [{"ck": 1}]}, "measurements 1: unknown field 'ck'"),
        ({"biopsy": "B1", "anti_srp": True}, "field anti_srp: true is no text or number"),
        ({"biopsy": "B1", "measurements": 5}, "field measurements: is no list of objects"),
        ({"age_years": 4}, "the file: biopsy is empty"),
        ([], "holds no JSON object"),
    ],
)
def test_a_json_file_is_read_as_strictly(tmp_path: Path, content: object, problem: str) -> None:
    path = written(tmp_path, json.dumps(content), "one.JSON")
    with pytest.raises(ClinicalError, match=re.escape(f"{path}: {problem}")):
        load_clinical(path)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ClinicalError, match=r"row 2: age_years x .*; row 3: statin_exposure maybe is neither"):
        load_clinical(written(tmp_path, "biopsy,age_years,statin_exposure\nB1,x,\nB2,,maybe\n"))


def test_a_file_about_other_biopsies_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "biopsy,age_years\nB1,40\n")
    with pytest.raises(ClinicalError, match="tells of B1, and what is read is b1; give both the same name"):
        choose_biopsy(path, load_clinical(path), ["b1"])
    choose_biopsy(path, load_clinical(path), ["other", "B1"])


@settings(deadline=None, max_examples=40)
@given(
    st.dates(date(1950, 1, 1), date(2050, 1, 1)),
    st.lists(st.tuples(st.integers(-900, 900), st.integers(5, 10**6)), min_size=1, max_size=6),
    st.integers(-4000, 4000),
)
def test_only_spans_of_time_are_kept(
    tmp_path_factory: pytest.TempPathFactory, start: date, samples: list[tuple[int, int]], shift: int
) -> None:
    """All dates moved together give the same facts: no date can be told from them."""
    folder = tmp_path_factory.mktemp("dates")

    def facts_of(start: date) -> ClinicalFacts:
        rows = [f"B1,{start},{start + timedelta(days=day)},{ck}" for day, ck in samples]
        return load_clinical(written(folder, "\n".join(["biopsy,biopsy_date,date,ck_u_per_l", *rows])))["B1"]

    facts = facts_of(start)
    assert sorted((one.day, one.ck_u_per_l) for one in facts.measurements) == sorted(samples)
    assert facts_of(start + timedelta(days=shift)) == facts


def test_the_oldest_are_not_told_apart(tmp_path: Path) -> None:
    facts = load_clinical(written(tmp_path, "biopsy,age_years\nB1,89\nB2,94\nB3,101\n"))
    assert [one.age_years for one in facts.values()] == [89, 90, 90]
