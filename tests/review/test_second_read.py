"""Second read: nothing of the machine's leaves the server before the reader has recorded his own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from httpx2 import Response
from review_page import Page

from histo.pattern import PatternLabel
from histo.review import Settings

READ = {"pattern": "necrotizing", "confidence": "high", "grades": {"necrosis": "marked"}, "remarks": "scattered"}


def second_read(page: Page, case: str, seen: int = 0, **changes: object) -> Response:
    return page.post(f"/api/cases/{case}/second-read", json={**READ, **changes, "seen": seen})


def machine_words(folder: Path) -> set[str]:
    """Texts of a reading that would give its opinion away."""
    document = json.loads((folder / "alpha/reading.json").read_text())
    pattern = document["pattern"]
    return {pattern["label_text"], pattern["rule_reason"], pattern["summary"], document["model"]["trained_on"]}


MACHINE = ("outlines/9/0/0", "strip", "at?x_um=100&y_um=100", "findings/fiber-0", "findings/cell-0", "crops/fiber-0")


def test_sealed_means_that_nothing_is_sent(page: Page, folder: Path) -> None:
    case, slide = page.ready("alpha")
    for path in MACHINE:
        answer = page.get(f"/api/slides/{slide}/{path}")
        assert answer.status_code == 403
        assert answer.json() == {
            "problem": "Record your own reading first: the machine's is sealed until then.", "sealed": True
        }  # fmt: skip
    assert page.get(f"/api/cases/{case}/comparison").status_code == 403
    open_paths = ("/api/cases", f"/api/cases/{case}", f"/api/cases/{case}/entries", f"/api/slides/{slide}/corrections")
    told = " ".join(page.get(path).text for path in open_paths)
    assert not [words for words in machine_words(folder) if words in told]
    assert page.get(f"/api/slides/{slide}/tiles/11/0/0").status_code == 200  # he must see the slide


def test_recorded_is_still_sealed_and_revealed_is_not(page: Page) -> None:
    case, slide = page.ready("alpha")
    recorded = second_read(page, case).json()
    assert recorded["phase"] == "recorded"
    assert recorded["second_read"]["pattern"] == "necrotizing"
    assert {page.get(f"/api/slides/{slide}/{path}").status_code for path in MACHINE} == {403}
    revealed = page.post(f"/api/cases/{case}/reveal", json={"seen": recorded["seen"]}).json()
    assert (revealed["phase"], revealed["blind"]) == ("revealed", True)
    assert {page.get(f"/api/slides/{slide}/{path}").status_code for path in MACHINE} == {200}


def test_a_second_read_may_be_bettered_until_the_reveal_and_then_never(page: Page) -> None:
    case, _ = page.ready("alpha")
    first = second_read(page, case).json()
    second = second_read(page, case, first["seen"], pattern="normal").json()
    assert second["second_read"]["pattern"] == "normal"
    revealed = page.post(f"/api/cases/{case}/reveal", json={"seen": second["seen"]}).json()
    late = second_read(page, case, revealed["seen"], pattern="dystrophic")
    assert late.status_code == 409
    acts = [entry["act"] for entry in page.get(f"/api/cases/{case}/entries").json()]
    assert acts == ["second_read", "second_read", "reveal"]


def test_what_is_opened_without_a_second_read_can_never_be_blind(page: Page) -> None:
    case, _ = page.open("alpha")
    assert second_read(page, case, 99).status_code == 409
    assert page.get(f"/api/cases/{case}").json()["blind"] is False


def test_a_review_may_ask_for_second_reads_first(settings: Settings) -> None:
    strict = Settings(settings.folder, settings.reader, second_read_first=True)
    with Page(strict) as page:
        case, _ = page.ready("alpha")
        answer = page.post(f"/api/cases/{case}/open", json={"seen": 0})
        assert (answer.status_code, answer.json()["problem"]) == (422, "This review asks for a second read first.")
        assert second_read(page, case).json()["phase"] == "recorded"


def test_one_reader_s_reveal_unseals_nothing_for_another(page: Page, other: Page) -> None:
    case, slide = page.open("alpha")
    assert page.get(f"/api/slides/{slide}/strip").status_code == 200
    assert other.get(f"/api/slides/{slide}/strip").status_code == 403
    assert other.get(f"/api/cases/{case}/entries").json() == []


def test_the_final_opinion_needs_reasons_and_the_earlier_one_stays(page: Page) -> None:
    case, _ = page.open("alpha")
    seen = page.get(f"/api/cases/{case}").json()["seen"]

    def final(**body: object) -> Response:
        return page.post(f"/api/cases/{case}/final", json={"pattern": "normal", "reasons": "no necrosis", **body})

    assert final(seen=seen, reasons="  ").status_code == 422
    assert final(seen=seen, pattern="IMNM").status_code == 422
    seen = final(seen=seen).json()["seen"]
    assert final(seen=seen, pattern="indeterminate", reasons="on second thoughts").json()["final"]["pattern"] == (
        "indeterminate"
    )
    entries = page.get(f"/api/cases/{case}/entries").json()
    assert [entry["payload"]["reasons"] for entry in entries if entry["act"] == "final"] == [
        "no necrosis", "on second thoughts"
    ]  # fmt: skip


def test_no_final_opinion_before_the_machine_was_seen(page: Page) -> None:
    case, _ = page.ready("alpha")
    body = {"pattern": "normal", "reasons": "none", "seen": 0}
    assert page.post(f"/api/cases/{case}/final", json=body).status_code == 409


def test_a_second_tab_that_is_behind_is_told(page: Page) -> None:
    case, _ = page.ready("alpha")
    assert second_read(page, case).status_code == 200
    stale = second_read(page, case, 0, pattern="normal")
    assert (stale.status_code, stale.json()["problem"].split(".")[0]) == (409, "Another tab went on with this case")


def test_a_form_offers_every_pattern_and_grade(page: Page) -> None:
    choices = page.get("/api/about").json()["choices"]
    assert [one["value"] for one in choices["patterns"]] == [label.value for label in PatternLabel]
    case, _ = page.ready("alpha")
    grades = {scale["finding"]: scale["choices"][-1]["value"] for scale in choices["grades"]}
    assert len(grades) == 10
    assert second_read(page, case, grades=grades).json()["second_read"]["grades"] == grades


@pytest.mark.parametrize("grades", [{"necrosis": "terrible"}, {"mood": "none"}, {"necrosis": 3}, []])
def test_unknown_grades_are_refused(page: Page, grades: object) -> None:
    case, _ = page.ready("alpha")
    assert second_read(page, case, grades=grades).status_code == 422
