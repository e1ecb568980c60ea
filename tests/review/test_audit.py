"""The audit over HTTP: drawn, answered, counted; and what must not leak before the machine's reading is opened."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from example_findings import example_findings
from review_folder import SIDE_UM, paint_slide, write_reading
from review_page import Page

from histo.review import Settings

PLAN = {"called": 5, "healthy": 20, "fields": 4, "seed": 3}


def draw(page: Page, case: str, **more: int) -> dict[str, object]:
    answer = page.post(f"/api/cases/{case}/audit/draw", json=PLAN | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def say(page: Page, case: str, audit: dict[str, object], item: int, verdict: str, **more: object) -> int:
    known = page.get(f"/api/cases/{case}/audit").json()["answers"].get(str(item), {"entry": 0})
    body = {"audit": audit["audit"], "item": item, "verdict": verdict, "seen": known["entry"], **more}
    return page.post(f"/api/cases/{case}/audit/answers", json=body).status_code


def answer_all(page: Page, case: str, audit: dict[str, object], fiber: str = "intact") -> None:
    for item in audit["items"]:  # type: ignore[attr-defined]
        assert say(page, case, audit, item["number"], fiber if item["kind"] == "fiber" else "read") == 200


def test_nothing_of_the_machines_is_told_while_the_case_is_sealed(page: Page) -> None:
    case, _ = page.ready("alpha")
    audit = draw(page, case)
    assert {frozenset(item) for item in audit["items"]} == {frozenset({"number", "kind", "slide", "x_um", "y_um"})}
    assert page.get(f"/api/cases/{case}/audit/result").status_code == 403
    assert page.get(f"/api/cases/{case}/audit/record").status_code == 403
    told = json.dumps([page.get(f"/api/cases/{case}/audit").json(), page.get(f"/api/cases/{case}/entries").json()])
    assert not any(word in told for word in ('called": "', "stratum", "inclusion", "necrotic"))
    assert page.get(f"/api/cases/{case}").json()["phase"] == "sealed"


def test_a_case_is_read_and_counted(page: Page) -> None:
    case, _ = page.open("alpha")
    audit = draw(page, case)
    assert page.get(f"/api/cases/{case}/audit").json() == audit
    answer_all(page, case, audit)
    found = page.get(f"/api/cases/{case}/audit/result?finding=necrotic&width=5").json()
    necrotic = found["result"]["counts"][0]
    assert necrotic["finding"] == "necrotic" and necrotic["machine"] > 0
    # The reader found none of them necrotic, and so few items leave much room.
    assert necrotic["count"]["value"] == 0 < necrotic["count"]["high"]
    assert found["effort"]["fibers"] > 0
    assert all(one["read"] == one["drawn"] <= one["population"] for one in found["strata"])
    record = page.get(f"/api/cases/{case}/audit/record").json()
    assert record["design"]["items"][0]["inclusion_probability"] > 0
    assert len(record["answers"]) == len(audit["items"])


def test_answers_are_only_added_and_the_last_one_stands(page: Page) -> None:
    case, _ = page.open("alpha")
    audit = draw(page, case)
    assert say(page, case, audit, 0, "necrotic_pale") == say(page, case, audit, 0, "cannot_tell") == 200
    answers = page.get(f"/api/cases/{case}/audit").json()["answers"]
    entries = page.get(f"/api/cases/{case}/entries").json()
    assert answers == {"0": {"verdict": "cannot_tell", "marks": [], "entry": entries[-1]["seq"]}}
    assert [entry["act"] for entry in entries] == ["open", "audit_draw", "audit_answer", "audit_answer"]


def test_an_answer_that_does_not_know_of_a_newer_one_is_refused(page: Page) -> None:
    case, _ = page.open("alpha")
    audit = draw(page, case)
    assert say(page, case, audit, 0, "necrotic_pale", seen=0) == 200
    assert say(page, case, audit, 0, "intact", seen=0) == 409
    (answer,) = page.get(f"/api/cases/{case}/audit").json()["answers"].values()
    assert answer["verdict"] == "necrotic_pale"
    assert say(page, case, audit, 0, "intact", seen=answer["entry"]) == 200


def test_answers_about_an_earlier_reading_do_not_count(settings: Settings, tmp_path: Path) -> None:
    slide = paint_slide(tmp_path / "slide.png")
    own = replace(settings, folder=tmp_path / "read twice")
    write_reading(own.folder, "alpha", [(slide, example_findings(60, 10, side_um=SIDE_UM))])
    with Page(own) as page:
        case, _ = page.open("alpha")
        answer_all(page, case, draw(page, case))
    write_reading(own.folder, "alpha", [(slide, example_findings(60, 10, seed=7, side_um=SIDE_UM))])
    with Page(own) as page:
        case, _ = page.ready("alpha")
        assert page.get(f"/api/cases/{case}/audit").json()["audit"] is None
        audit = draw(page, case)
        assert audit["answers"] == {}
        counts = page.get(f"/api/cases/{case}/audit/result").json()["result"]["counts"]
        assert [one["read"] for one in counts] == [0, 0, 0]


def test_a_larger_audit_of_the_same_seed_keeps_the_answers(page: Page) -> None:
    case, _ = page.open("alpha")
    small = draw(page, case)
    answer_all(page, case, small)
    large = draw(page, case, healthy=60, fields=9)
    assert len(large["items"]) > len(small["items"]) == len(large["answers"])
    assert say(page, case, small, 0, "intact") == 409


def test_marks_lie_in_their_field_and_count(page: Page) -> None:
    case, _ = page.open("alpha")
    audit = draw(page, case, called=0, healthy=0, fields=500)
    for item in audit["items"]:
        x, y = item["x_um"], item["y_um"]
        marks = [{"kind": "lymphocyte", "x_um": x + 1, "y_um": y}, {"kind": "macrophage", "x_um": x, "y_um": y + 3}]
        assert say(page, case, audit, item["number"], "read", marks=marks) == 200
    outside = [{"kind": "lymphocyte", "x_um": audit["items"][0]["x_um"] + 251, "y_um": 0}]
    assert say(page, case, audit, 0, "read", marks=outside) == 422
    infiltrate = page.get(f"/api/cases/{case}/audit/result").json()["result"]["counts"][2]
    exact = 2 * len(audit["items"])
    assert [infiltrate["count"][end] for end in ("value", "low", "high")] == pytest.approx([exact] * 3)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"item": 0, "verdict": "read"}, 422),
        ({"item": 0, "verdict": "<script>"}, 422),
        ({"item": 10_000, "verdict": "intact"}, 404),
        ({"item": -1, "verdict": "intact"}, 422),
        ({"item": 0, "verdict": "intact", "marks": [{"kind": "lymphocyte", "x_um": 1, "y_um": 1}]}, 422),
        ({"item": 0, "verdict": "intact", "note": "unknown"}, 422),
    ],
)
def test_what_does_not_fit_is_refused_and_not_written(page: Page, body: dict[str, object], status: int) -> None:
    case, _ = page.open("alpha")
    audit = draw(page, case)
    url = f"/api/cases/{case}/audit/answers"
    assert page.post(url, json={"audit": audit["audit"], **body}).status_code == status
    assert page.get(f"/api/cases/{case}/audit").json()["answers"] == {}


def test_there_is_no_audit_before_one_is_drawn(page: Page, folder: Path) -> None:
    case, slide = page.open("alpha")
    assert page.get(f"/api/cases/{case}/audit").json()["audit"] is None
    assert page.get(f"/api/cases/{case}/audit/result").status_code == 404
    assert (
        page.post(f"/api/cases/{case}/audit/draw", json=PLAN | {"called": 0, "healthy": 0, "fields": 0}).status_code
        == 422
    )
    assert page.get(f"/cases/{case}/audit").status_code == 200
    assert page.get(f"/cases/{slide}/audit").status_code == 404
    draw(page, case)
    page.correct(slide, act="accept", target="fiber-1")
    assert (
        page.post(f"/api/cases/{case}/final", json={"seen": 99, "pattern": "normal", "reasons": "x"}).status_code == 200
    )
