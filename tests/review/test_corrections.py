"""Corrections: saved at once, never lost, taken back by a new row, and safe with two tabs."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from review_page import Page

from histo.errors import OutputError, RecordError
from histo.review import STORE_NAME, Act, Draft, Settings, Store

CIRCLE = [100.0, 100.0, 140.0, 100.0, 140.0, 140.0, 100.0, 140.0]


def targets(page: Page, slide: str) -> dict[str, dict[str, object]]:
    return {one["target"]: one for one in page.get(f"/api/slides/{slide}/corrections").json()["corrections"]}


def test_accept_reject_relabel_and_the_last_word_stands(page: Page) -> None:
    _, slide = page.open("alpha")
    first = page.correct(slide, act="accept", target="fiber-3").json()
    seen = first["touched"]["fiber-3"]
    second = page.correct(slide, act="reject", target="fiber-3", seen=seen).json()
    seen = second["seen"]
    third = page.correct(slide, act="relabel", target="fiber-3", finding_class="regenerating", seen=seen).json()
    (one,) = third["corrections"]
    assert (one["act"], one["payload"]["finding_class"], one["author"]) == ("relabel", "regenerating", "A. Smith")
    assert {"machine_class", "center_um"} <= set(one["payload"])


def test_an_undo_is_a_new_row_and_so_is_a_redo(page: Page) -> None:
    case, slide = page.open("alpha")
    page.correct(slide, act="accept", target="fiber-1")
    after = page.correct(slide, act="reject", target="cell-2").json()
    undone = page.post(f"/api/slides/{slide}/undo", json={"entry": after["undo"]}).json()
    assert list(targets(page, slide)) == ["fiber-1"]
    redone = page.post(f"/api/slides/{slide}/redo", json={"entry": undone["redo"]}).json()
    assert sorted(targets(page, slide)) == ["cell-2", "fiber-1"]
    again = page.post(f"/api/slides/{slide}/undo", json={"entry": redone["undo"]}).json()
    page.post(f"/api/slides/{slide}/undo", json={"entry": again["undo"]})
    assert targets(page, slide) == {}
    entries = page.get(f"/api/cases/{case}/entries").json()
    assert [entry["act"] for entry in entries] == ["open", "accept", "reject", "undo", "undo", "undo", "undo"]


def test_nothing_can_be_redone_after_a_new_correction(page: Page) -> None:
    _, slide = page.open("alpha")
    done = page.correct(slide, act="accept", target="fiber-1").json()
    page.post(f"/api/slides/{slide}/undo", json={"entry": done["undo"]})
    assert page.correct(slide, act="accept", target="fiber-2").json()["redo"] is None


def test_what_was_missed_is_drawn_relabelled_and_taken_away(page: Page) -> None:
    _, slide = page.open("alpha")
    drawn = page.correct(slide, act="draw", finding_class="necrotic_pale", outline_um=CIRCLE).json()
    (one,) = drawn["corrections"]
    target = one["target"]
    assert one["drawn"]["outline_um"] == CIRCLE
    relabelled = page.correct(slide, act="relabel", target=target, finding_class="intact", seen=one["newest"]).json()
    assert relabelled["corrections"][0]["drawn"]["outline_um"] == CIRCLE
    assert page.correct(slide, act="relabel", target=target, finding_class="lymphocyte", seen=99).status_code == 422
    page.correct(slide, act="draw", finding_class="lymphocyte", point_um=[5.0, 6.0])
    assert [one["drawn"].get("point_um") for one in targets(page, slide).values()] == [None, [5.0, 6.0]]


def test_a_sealed_case_may_be_drawn_on_but_not_asked(page: Page) -> None:
    _, slide = page.ready("alpha")
    assert page.correct(slide, act="draw", finding_class="macrophage", point_um=[5.0, 6.0]).status_code == 200
    for target in ("fiber-1", "fiber-999999"):  # the same answer, so that it tells nothing
        assert page.correct(slide, act="accept", target=target).status_code == 403


BAD_BODIES = [
    {"act": "accept"},
    {"act": "accept", "target": "fiber-1", "finding_class": "intact"},
    {"act": "relabel", "target": "fiber-1"},
    {"act": "relabel", "target": "fiber-1", "finding_class": "lymphocyte"},
    {"act": "relabel", "target": "cell-1", "finding_class": "intact"},
    {"act": "relabel", "target": "fiber-1", "finding_class": "<script>alert(1)</script>"},
    {"act": "draw", "finding_class": "intact"},
    {"act": "draw", "finding_class": "intact", "outline_um": CIRCLE, "point_um": [1, 2]},
    {"act": "draw", "finding_class": "intact", "outline_um": CIRCLE[:4]},
    {"act": "draw", "finding_class": "intact", "outline_um": CIRCLE[:7]},
    {"act": "draw", "finding_class": "intact", "outline_um": [1e9] * 6},
    {"act": "draw", "finding_class": "intact", "outline_um": [0, 0, 590, 590, 590, 0, 0, 590]},  # crosses itself
    {"act": "draw", "finding_class": "intact", "outline_um": [500, 500, 700, 500, 700, 590]},  # leaves the slide
    {"act": "draw", "finding_class": "intact", "outline_um": [1, 1, 2, 1, 2, 2]},  # too small
    {"act": "draw", "finding_class": "lymphocyte", "point_um": [599, 601]},
    {"act": "draw", "finding_class": "lymphocyte", "point_um": [1, 2], "note": "unknown field"},
    {"act": "undo", "target": "fiber-1"},
    {"act": "accept", "target": "fiber-1", "outline_um": CIRCLE, "point_um": [1, 2]},
    {"act": "accept", "target": "fiber-1", "outline_um": CIRCLE},
    {"act": "accept", "target": "fiber-1", "seen": -1},
    {"act": "accept", "target": "fiber-1", "seen": 10**40},
    {"act": "accept", "target": "../fiber-1"},
    {"act": "accept", "target": "fiber-01"},
    {"act": "accept", "target": "fiber-\u0661"},
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_what_makes_no_sense_is_refused_and_not_written(page: Page, body: dict[str, object]) -> None:
    _, slide = page.open("alpha")
    assert page.post(f"/api/slides/{slide}/corrections", json=body).status_code == 422
    assert targets(page, slide) == {}


def test_a_finding_that_is_not_there_is_not_there(page: Page) -> None:
    _, slide = page.open("alpha")
    for target in ("fiber-150", "cell-80", "drawn-1", "drawn-77"):
        assert page.correct(slide, act="accept", target=target, seen=99).status_code == 404


def test_two_tabs_cannot_overwrite_each_other(page: Page) -> None:
    _, slide = page.open("alpha")
    assert page.correct(slide, act="accept", target="fiber-4", seen=0).status_code == 200
    behind = page.correct(slide, act="reject", target="fiber-4", seen=0)
    assert (behind.status_code, behind.json()["problem"].split(".")[0]) == (409, "Another tab corrected this finding")
    assert targets(page, slide)["fiber-4"]["act"] == "accept"
    assert page.correct(slide, act="reject", target="fiber-5", seen=0).status_code == 200  # others are free


def test_an_undo_of_what_is_no_longer_the_last_is_refused(page: Page) -> None:
    _, slide = page.open("alpha")
    first = page.correct(slide, act="accept", target="fiber-4").json()
    page.correct(slide, act="accept", target="fiber-5")
    assert page.post(f"/api/slides/{slide}/undo", json={"entry": first["undo"]}).status_code == 409
    assert len(targets(page, slide)) == 2


def test_a_hundred_writes_at_once_from_two_servers_are_all_there(page: Page, settings: Settings) -> None:
    case, slide = page.open("alpha")
    with Page(settings) as same_reader:
        clients = [page, same_reader]

        def write(worker: int) -> None:
            for row in range(worker, 100, 4):
                assert clients[worker % 2].correct(slide, act="accept", target=f"fiber-{row}").status_code == 200

        threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(targets(page, slide)) == 100
    numbers = [entry["seq"] for entry in page.get(f"/api/cases/{case}/entries").json()]
    assert numbers == sorted(set(numbers))


def test_what_one_reader_does_is_his_own(page: Page, other: Page) -> None:
    _, slide = page.open("alpha")
    other.open("alpha")
    page.correct(slide, act="accept", target="fiber-1")
    other.correct(slide, act="reject", target="fiber-1")
    assert targets(page, slide)["fiber-1"]["act"] == "accept"
    assert targets(other, slide)["fiber-1"]["act"] == "reject"


def test_all_is_there_after_a_restart(settings: Settings) -> None:
    with Page(settings) as page:
        _, slide = page.open("alpha")
        page.correct(slide, act="relabel", target="fiber-7", finding_class="necrotic_hyaline")
    with Page(settings) as page:
        assert targets(page, slide)["fiber-7"]["payload"]["finding_class"] == "necrotic_hyaline"


def test_the_history_refuses_to_be_altered(page: Page, settings: Settings) -> None:
    _, slide = page.open("alpha")
    page.correct(slide, act="accept", target="fiber-1")
    with sqlite3.connect(settings.folder / STORE_NAME) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        for statement in ("UPDATE entry SET author = 'B. Jones'", "DELETE FROM entry"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                database.execute(statement)
    database.close()


def test_corrections_of_another_reading_of_the_slide_are_told_and_not_shown(
    settings: Settings, readings: tuple[Path, Path], tmp_path: Path
) -> None:
    """Rows of another reading are other fibers: a correction must never land on them."""
    from example_findings import example_findings
    from review_folder import SIDE_UM, write_reading

    out = tmp_path / "again"
    slide_file, own = readings[1] / "alpha.png", replace(settings, folder=out)
    write_reading(out, "alpha", [(slide_file, example_findings(150, 80, seed=0, side_um=SIDE_UM))])
    with Page(own) as page:
        _, slide = page.open("alpha")
        page.correct(slide, act="reject", target="fiber-1")
        page.correct(slide, act="draw", finding_class="intact", outline_um=CIRCLE)
    write_reading(out, "alpha", [(slide_file, example_findings(90, 80, seed=5, side_um=SIDE_UM))])
    with Page(own) as page:
        found = page.get(f"/api/slides/{slide}/corrections").json()
    assert found["of_earlier_readings"] == 1
    assert [one["act"] for one in found["corrections"]] == ["draw"]  # an outline in micrometers stays true


def test_a_damaged_or_newer_history_is_told(tmp_path: Path) -> None:
    (tmp_path / STORE_NAME).write_bytes(b"not a database at all" * 100)
    with pytest.raises(RecordError, match="is damaged"):
        Store(tmp_path)
    (tmp_path / "newer").mkdir()
    with sqlite3.connect(tmp_path / "newer" / STORE_NAME) as database:
        database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(RecordError, match="schema version 9"):
        Store(tmp_path / "newer")
    with pytest.raises(OutputError, match="cannot be written"):
        Store(tmp_path / "no such folder")


def test_a_check_that_refuses_leaves_nothing_behind(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def refuse(_: object) -> None:
        raise KeyError("no")

    with pytest.raises(KeyError):
        store.append(Draft(Act.OPEN, "b"), "A", refuse)
    assert store.entries("b", "A") == ()
    written = store.append(Draft(Act.OPEN, "b", payload={"text": "é \u2028 '"}), "A", lambda _: None)
    assert store.entries("b", "A") == (written,)
    assert json.loads(json.dumps(written.payload)) == {"text": "é \u2028 '"}
    store.close()
