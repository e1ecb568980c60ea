"""A run does exactly what is missing or changed, and what people see is what the manifest asks for, nothing else."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from example_cohort import Cohort, Heard

from histo.cohort.jobs import Outcome
from histo.cohort.plan import LONGEST_NAME_BYTES, Part
from histo.cohort.state import State
from histo.errors import OutputError

SLIDES = {"B1/x": "ok 1\n", "B1/y": "ok 2\n", "B2/z": "ok 3\n"}
READ = ["BiopsyJob B1", "BiopsyJob B2", "SlideJob B1-x.svs", "SlideJob B1-y.svs", "SlideJob B2-z.svs"]


@pytest.fixture
def done(cohort: Cohort) -> Cohort:
    cohort.write(SLIDES)
    tally, account = cohort.run()
    assert (tally.slides, tally.biopsies) == (3, 2)
    assert (account.read, account.concluded, account.failures) == (3, 2, ())
    assert cohort.begun() == READ
    return cohort


def test_everything_is_done_once_and_nothing_is_left_over(done: Cohort) -> None:
    assert set(done.tree()) == {
        "B1/reading.json",
        "B1/B1-x/reading.json",
        "B1/B1-y/reading.json",
        "B2/reading.json",
        "B2/B2-z/reading.json",
    }
    assert done.left_over() == []
    before = done.tree()
    tally, _ = done.run()
    assert (tally.slides, tally.biopsies) == (0, 0)
    assert done.begun() == []
    assert done.tree() == before


def test_a_changed_slide_is_read_again_and_its_biopsy_concluded_again(done: Cohort) -> None:
    done.write({**SLIDES, "B1/y": "ok changed\n"})
    done.run()
    assert done.begun() == ["BiopsyJob B1", "SlideJob B1-y.svs"]
    assert done.tree()["B1/B1-y/reading.json"] == "ok changed\n"


def test_a_new_slide_is_read_alone(done: Cohort) -> None:
    done.write({**SLIDES, "B2/new": "ok 4\n"})
    done.run()
    assert done.begun() == ["BiopsyJob B2", "SlideJob B2-new.svs"]


def test_a_slide_that_leaves_the_manifest_leaves_the_results(done: Cohort) -> None:
    done.write({"B1/x": SLIDES["B1/x"]})
    done.run()
    assert done.begun() == ["BiopsyJob B1"]
    assert set(done.tree()) == {"B1/reading.json", "B1/B1-x/reading.json"}


def test_other_settings_never_mix_with_old_results_and_coming_back_reads_nothing(done: Cohort) -> None:
    before, other = done.tree(), done.plan("other")
    stop = threading.Event()
    stop.set()
    done.run(other, stop=stop)
    assert done.tree() == {}, "as soon as a run with other settings begins, what others made is out of sight"
    done.run(other)
    assert len(done.begun()) == 5
    done.run()
    assert [line for line in done.begun() if line.startswith("Slide")] == []
    assert done.tree() == before


def test_a_lost_unit_is_read_again(done: Cohort) -> None:
    (unit,) = [path.parent for path in done.out.glob(".cohort/units/*/slide") if (path / "B2-z").exists()]
    (unit / "unit.json").unlink()
    for path in sorted(unit.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    unit.rmdir()
    done.run()
    assert "SlideJob B2-z.svs" in done.begun()


def test_a_lost_file_of_a_biopsy_is_put_back_without_reading(done: Cohort) -> None:
    before = done.tree()
    (done.out / "B1/B1-x/reading.json").unlink()
    done.run()
    assert done.begun() == ["BiopsyJob B1"]
    assert done.tree() == before


def test_what_people_put_into_a_folder_is_kept_when_it_is_replaced(done: Cohort) -> None:
    (done.out / "B1/notes.txt").write_text("seen by two")
    done.write({**SLIDES, "B1/y": "ok changed\n"})
    done.run()
    (kept,) = (done.out / ".cohort/replaced").iterdir()
    assert (kept / "notes.txt").read_text() == "seen by two"
    assert not (done.out / "B1/notes.txt").exists()


def test_the_longest_name_that_is_allowed_has_room_for_being_replaced(cohort: Cohort) -> None:
    name = "b" * LONGEST_NAME_BYTES
    cohort.write({f"{name}/x": "ok\n"})
    cohort.run()
    (cohort.out / name / "notes.txt").write_text("seen by two")
    cohort.write({f"{name}/x": "ok changed\n"})
    assert cohort.run()[1].concluded == 1
    assert [path.name[:181] for path in (cohort.out / ".cohort/replaced").iterdir()] == [f"{name}."]


def test_a_run_that_is_stopped_goes_on_where_it_was(cohort: Cohort) -> None:
    cohort.write({**SLIDES, "B2/z": "sleep 60\n"})
    stop, heard = threading.Event(), Heard()
    begun = time.monotonic()

    def stop_soon() -> None:
        while ("done", "B1") not in heard.events:
            time.sleep(0.02)
        stop.set()

    threading.Thread(target=stop_soon).start()
    tally, account = cohort.run(stop=stop, heard=heard)
    assert tally.stopped
    assert time.monotonic() - begun < 30
    assert (account.read, account.left, account.failures) == (2, 1, ())
    assert cohort.left_over() == [] or all("old" not in name for name in cohort.left_over())
    cohort.begun()
    cohort.write(SLIDES)
    _, account = cohort.run()
    assert cohort.begun() == ["BiopsyJob B2", "SlideJob B2-z.svs"]
    assert (account.read, account.concluded) == (3, 2)
    assert cohort.left_over() == []


def test_a_full_disk_stops_the_run_with_its_line_and_loses_nothing(cohort: Cohort) -> None:
    cohort.write({"B1/x": "ok 1\n", "B2/z": "full\n", "B3/w": "ok 3\n"})
    with pytest.raises(OutputError, match=r"cannot write \(No space left on device\); mend it"):
        cohort.run(workers=1)
    cohort.begun()
    cohort.write({"B1/x": "ok 1\n", "B2/z": "ok 2\n", "B3/w": "ok 3\n"})
    _, account = cohort.run(workers=1)
    assert "SlideJob B1-x.svs" not in cohort.begun()
    assert account.failures == ()
    assert account.concluded == 3


def test_parts_read_their_own_slides_and_the_whole_finishes(cohort: Cohort) -> None:
    cohort.write(SLIDES)
    _, first = cohort.run(part=Part(0, 2))
    assert (first.slides, first.read) == (2, 2)
    assert [line for line in cohort.begun() if line.startswith("Slide")] == ["SlideJob B1-x.svs", "SlideJob B2-z.svs"]
    cohort.run(part=Part(1, 2))
    assert "SlideJob B1-y.svs" in cohort.begun()
    _, account = cohort.run()
    assert cohort.begun() == []
    assert (account.read, account.concluded) == (3, 2)


def test_every_part_together_is_the_whole_once(cohort: Cohort) -> None:
    cohort.write({f"B{i}/s": "ok\n" for i in range(7)})
    plan = cohort.plan()
    for count in range(1, 9):
        parts = [unit.id for index in range(count) for unit in plan.part(Part(index, count))]
        assert sorted(parts) == sorted(unit.id for unit in plan.units)


def test_a_touched_slide_is_known_again(done: Cohort, tmp_path: Path) -> None:
    """Its times have changed, so it is looked at; the same bytes give the same unit."""
    path = tmp_path / "slides/B2-z.svs"
    path.write_text(path.read_text())
    units = sorted(done.out.glob(".cohort/units/*"))
    done.run()
    assert done.begun() == ["BiopsyJob B2", "SlideJob B2-z.svs"]
    assert sorted(done.out.glob(".cohort/units/*")) == units


def test_a_slide_that_was_known_again_keeps_the_time_that_reading_it_took(done: Cohort) -> None:
    """Else the estimates of --dry-run and Slurm would fall to what comparing a digest takes."""
    plan = done.plan()
    unit = plan.units[0]
    read = done.store.record("slides", unit.id)
    assert read is not None
    assert read.seconds > 0
    unit.path.touch()
    state = State(plan, done.store)
    task = next(task for task in state.open_tasks(Part()) if task.unit == unit)
    state.finish(task, Outcome(task.id, key=read.key, seconds=read.seconds + 9), "token")
    again = done.store.record("slides", unit.id)
    assert again is not None
    assert again.signature != read.signature
    assert again.seconds == read.seconds
    state.finish(task, Outcome(task.id, key=read.key, seconds=read.seconds + 9, read_wpx=1), "token")
    again = done.store.record("slides", unit.id)
    assert again is not None
    assert again.seconds == pytest.approx(read.seconds + 9), "what was read again tells anew"
