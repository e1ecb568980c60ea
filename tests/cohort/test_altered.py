"""What somebody alters in an output folder is kept for him, and never comes back as what histo has read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from example_cohort import Cohort, settings

from histo.cohort.digests import tree_digests
from histo.cohort.plan import Plan, plan_cohort
from histo.cohort.state import State
from histo.cohort.store import Store
from histo.errors import OutputError

SLIDES = {"B1/x": "ok 1\n", "B1/y": "ok 2\n", "B2/z": "ok 3\n"}


@pytest.fixture
def done(cohort: Cohort) -> Cohort:
    cohort.write(SLIDES)
    cohort.run()
    cohort.begun()
    return cohort


def edit(path: Path) -> None:
    """As an editor that saves in place: the file stays the same file, and of the same size."""
    with path.open("r+") as file:
        file.write("XX")


def replaced(cohort: Cohort) -> list[str]:
    """Texts of all files that were put aside."""
    return [path.read_text() for path in sorted((cohort.out / ".cohort/replaced").rglob("*")) if path.is_file()]


def folder_plan(cohort: Cohort, digest: str = "settings") -> Plan:
    """Each slide a biopsy of its own: its files are hard links of the unit's."""
    return plan_cohort(cohort.folder / "slides", cohort.out, settings(digest))


def test_an_edit_in_place_is_kept_and_does_not_come_back(cohort: Cohort) -> None:
    cohort.write({"B1/x": "ok 1\n"})
    cohort.run(folder_plan(cohort))
    before, reading = cohort.tree(), cohort.out / "B1-x/reading.json"
    assert reading.stat().st_nlink > 1, "else the edit would not reach the unit, and this would test nothing"
    edit(reading)
    cohort.run(folder_plan(cohort, "other"))
    assert "XX 1\n" in replaced(cohort)
    cohort.begun()
    cohort.run(folder_plan(cohort))
    assert cohort.begun() == ["SlideJob B1-x.svs"], "its unit was altered, so the slide is read again"
    assert cohort.tree() == before


def test_a_damaged_reading_is_put_back_by_the_next_run(done: Cohort) -> None:
    before = done.tree()
    (done.out / "B1/reading.json").write_text("{")
    done.run()
    assert done.begun() == ["BiopsyJob B1"]
    assert done.tree() == before
    assert "{" in replaced(done)


def test_a_damaged_reading_of_a_slide_alone_is_read_again(cohort: Cohort) -> None:
    cohort.write({"B1/x": "ok 1\n"})
    cohort.run(folder_plan(cohort))
    before = cohort.tree()
    edit(cohort.out / "B1-x/reading.json")
    cohort.begun()
    _, account = cohort.run(folder_plan(cohort))
    assert (account.read, account.concluded, account.left) == (1, 1, 0)
    assert cohort.begun() == ["SlideJob B1-x.svs"]
    assert cohort.tree() == before


def test_an_edit_of_the_same_size_is_kept_when_the_folder_is_replaced(done: Cohort) -> None:
    edit(done.out / "B1/B1-x/reading.json")
    done.write({**SLIDES, "B1/y": "ok changed\n"})
    done.run()
    assert done.begun() == ["BiopsyJob B1", "SlideJob B1-y.svs"]
    assert "XX 1\n" in replaced(done)
    assert done.tree()["B1/B1-x/reading.json"] == "ok 1\n"


def test_what_nobody_altered_is_not_kept(done: Cohort) -> None:
    done.write({**SLIDES, "B1/y": "ok changed\n"})
    done.run()
    assert replaced(done) == []


def test_an_altered_unit_is_read_again_before_it_is_used(done: Cohort) -> None:
    before = done.tree()
    (file,) = done.out.glob(".cohort/units/*/slide/B1-x/reading.json")
    edit(file)
    (done.out / "B1/B1-y/reading.json").unlink()
    done.run()
    assert done.begun() == ["BiopsyJob B1", "SlideJob B1-x.svs"]
    assert done.tree() == before
    assert "XX 1\n" in replaced(done)


def test_a_unit_that_lost_a_file_is_read_again(done: Cohort) -> None:
    before = done.tree()
    (file,) = done.out.glob(".cohort/units/*/slide/B2-z/reading.json")
    file.unlink()
    (done.out / "B2/reading.json").unlink()
    done.run()
    assert done.begun() == ["BiopsyJob B2", "SlideJob B2-z.svs"]
    assert done.tree() == before


def test_two_biopsies_may_share_an_altered_unit(cohort: Cohort) -> None:
    """One slide in two folders is one unit."""
    cohort.write({"B1/x": "ok 1\n"})
    (cohort.folder / "slides/again").mkdir()
    (cohort.folder / "slides/again/B1-x.svs").write_text("ok 1\n")
    (cohort.folder / "manifest.csv").write_text(
        "biopsy,patient,slide\nB1,P1,slides/B1-x.svs\nB2,P1,slides/again/B1-x.svs\n"
    )
    cohort.run()
    before = cohort.tree()
    (file,) = cohort.out.glob(".cohort/units/*/slide/B1-x/reading.json")
    edit(file)
    for name in ("B1", "B2"):
        (cohort.out / name / "reading.json").unlink()
    _, account = cohort.run()
    assert (account.read, account.concluded) == (2, 2)
    assert cohort.tree() == before


def test_a_disk_that_does_not_hold_what_is_written_stops_the_run(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the slide would be read for ever."""
    cohort.write({"B1/x": "ok 1\n"})
    monkeypatch.setattr(Store, "is_unit_whole", lambda *_: False)
    with pytest.raises(OutputError, match="does not hold what was just written to it; check the disk"):
        cohort.run()
    assert cohort.begun() == ["SlideJob B1-x.svs"] * 2


def test_an_output_folder_of_a_former_version_is_read_again_and_not_refused(done: Cohort) -> None:
    before = done.tree()
    for path in done.out.glob(".cohort/biopsies/*.json"):
        record = json.loads(path.read_text())
        record["files"] = dict.fromkeys(record.pop("digests"), 5)
        path.write_text(json.dumps(record))
    for path in done.out.glob(".cohort/units/*/unit.json"):
        path.write_text("{}")
    plan = done.plan()
    assert State(plan, done.store).strangers() == []
    done.run(plan)
    assert [line for line in done.begun() if line.startswith("Slide")] == [
        "SlideJob B1-x.svs",
        "SlideJob B1-y.svs",
        "SlideJob B2-z.svs",
    ]
    assert done.tree() == before
    done.run()
    assert done.begun() == []


@pytest.mark.parametrize(
    ("there", "kept"), [("sound", "first"), ("altered", "second"), ("without unit.json", "second")]
)
def test_of_two_units_of_one_key_the_whole_one_stays(tmp_path: Path, there: str, kept: str) -> None:
    store = Store(tmp_path / "out")
    store.make()

    def publish(text: str) -> None:
        draft = store.draft("id", text)
        (draft / "file").write_text(text)
        (draft / "unit.json").write_text(json.dumps({"digests": tree_digests(draft)}))
        store.publish_unit(draft, "key")

    publish("first")
    if there == "altered":
        edit(store.unit("key") / "file")
    elif there == "without unit.json":
        (store.unit("key") / "unit.json").unlink()
    publish("second")
    assert (store.unit("key") / "file").read_text() == kept
    assert store.is_unit_whole("key")
    assert list((store.state / "tmp").iterdir()) == []
