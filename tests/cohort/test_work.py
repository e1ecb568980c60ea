"""What one job does: the same bytes as `histo read`, for slides on their own and for biopsies of several."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from example_case import draw_coarsely
from example_findings import example_findings, example_rgb
from example_model import save_random_bundle

import histo.biopsy
import histo.cohort.work
from histo.biopsy import read_biopsy
from histo.cohort.digests import tree_digests
from histo.cohort.jobs import BiopsyJob, Job, Outcome, Reader, SlideJob, Told
from histo.cohort.kept import KEPT_NAME, keep_slide, kept_slide
from histo.cohort.plan import plan_cohort
from histo.cohort.settings import settings_of
from histo.cohort.signature import sign
from histo.cohort.state import State
from histo.cohort.store import Store
from histo.cohort.work import do
from histo.errors import OutputError, RecordError
from histo.findings import Findings
from histo.model import Model, load_model
from histo.network import load_bundle
from histo.records import SlideResult
from histo.report import SlidePictures

SIDE_UM = 1100.0


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_bundle(tmp_path_factory.mktemp("model") / "bundle")


@pytest.fixture(scope="module")
def model(bundle: Path) -> Model:
    return load_model(bundle, device="cpu", threads=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    """Draw coarsely, find what is known, load once."""

    def detect(reader: object, *_: object) -> Findings:
        seed = int(reader.info.sha256[:4], 16)  # type: ignore[attr-defined]
        return example_findings(150, 80, seed=seed, side_um=SIDE_UM)

    draw_coarsely(monkeypatch)
    monkeypatch.setattr(histo.biopsy, "detect", detect)
    monkeypatch.setattr(histo.cohort.work, "_model", lambda *_: model)


def paint(path: Path, shade: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    rgb = np.clip(example_rgb(side_um=SIDE_UM).astype(np.int16) - shade, 0, 255).astype(np.uint8)
    cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return path


def state_of(source: Path, out: Path, bundle: Path, *, recover: bool = False) -> State:
    store = Store(out)
    store.make()
    reader = Reader(bundle=str(bundle), device="cpu", recover=recover)
    return State(plan_cohort(source, out, settings_of(reader, load_bundle(bundle)), 0.5), store)


def do_all(state: State, tell: Callable[[Told], None] = lambda _: None) -> list[Outcome]:
    """All open tasks, one after another, as a run would, in this process."""
    from histo.cohort.plan import Part

    outcomes = []
    while (task := next(state.open_tasks(Part()), None)) is not None:
        job: Job | None = state.job(task, "token", 1)
        outcome = Outcome(task.id, key=task.wanted) if job is None else do(job, tell)
        outcomes.append(outcome)
        assert outcome.failure is None, outcome.failure
        state.finish(task, outcome, "token")
    return outcomes


def same(ours: Path, theirs: Path) -> list[str]:
    """Names of the files of both, which must hold the same bytes; run.json holds what differs from run to run."""
    names = sorted(path.relative_to(theirs).as_posix() for path in theirs.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(ours).as_posix() for path in ours.rglob("*") if path.is_file())
    for name in names:
        if not name.endswith("run.json"):
            assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name
    return names


def test_a_biopsy_of_two_slides_is_written_as_histo_read_writes_it(tmp_path: Path, bundle: Path, model: Model) -> None:
    one, two = paint(tmp_path / "slides/one.png", 0), paint(tmp_path / "slides/two.png", 9)
    (tmp_path / "m.csv").write_text("biopsy,patient,slide\nB1,P1,slides/one.png\nB1,P1,slides/two.png\n")
    state = state_of(tmp_path / "m.csv", tmp_path / "cohort", bundle)
    outcomes = do_all(state)
    assert len(outcomes) == 3
    assert outcomes[0].cpu_seconds > 0
    read_biopsy([one, two], out=tmp_path / "read", name="B1", mpp=0.5, model=model)
    names = same(tmp_path / "cohort/B1", tmp_path / "read/B1")
    assert {"reading.json", "report.pdf", "one/findings.geojson", "two/fibers.parquet"} < set(names)
    run = json.loads((tmp_path / "cohort/B1/run.json").read_text())
    assert run["slides"] == {"one": str(one), "two": str(two)}


def test_implants_are_drawn_as_histo_read_draws_them(tmp_path: Path, bundle: Path, model: Model) -> None:
    one, two = paint(tmp_path / "slides/one.png", 0), paint(tmp_path / "slides/two.png", 9)
    (tmp_path / "m.csv").write_text("biopsy,patient,slide\nB1,P1,slides/one.png\nB1,P1,slides/two.png\n")
    without = state_of(tmp_path / "m.csv", tmp_path / "cohort", bundle)
    state = state_of(tmp_path / "m.csv", tmp_path / "cohort", bundle, recover=True)
    assert state.plan.settings.digest != without.plan.settings.digest
    do_all(state)
    read_biopsy([one, two], out=tmp_path / "read", name="B1", mpp=0.5, model=model, recover=True)
    same(tmp_path / "cohort/B1", tmp_path / "read/B1")
    assert "implants" in (tmp_path / "cohort/B1/reading.json").read_text()


def test_slides_of_a_folder_are_written_as_histo_read_writes_them(tmp_path: Path, bundle: Path, model: Model) -> None:
    one = paint(tmp_path / "slides/one.png", 0)
    state = state_of(tmp_path / "slides", tmp_path / "cohort", bundle)
    do_all(state)
    read_biopsy(one, out=tmp_path / "read", mpp=0.5, model=model)
    assert len(same(tmp_path / "cohort/one", tmp_path / "read/one")) == 9
    (unit,) = (tmp_path / "cohort/.cohort/units").iterdir()
    told = json.loads((unit / "unit.json").read_text())
    assert (told["schema"], told["slide"], told["slide_sha256"]) == ("histo.cohort-unit", "one", sha256_of(one))
    del (digests := tree_digests(unit))["unit.json"]
    assert told["digests"] == digests
    assert "slide/one/reading.json" in digests
    assert not (unit / KEPT_NAME).exists(), "of a slide that is a biopsy of its own nothing more is needed"

    one.touch()
    told_stages: list[str] = []
    again = state_of(tmp_path / "slides", tmp_path / "cohort", bundle)
    do_all(again, lambda told: told_stages.append(told.stage))
    assert told_stages == ["compare"], "a slide that was only touched is not read again"


def sha256_of(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def job(tmp_path: Path, bundle: Path) -> SlideJob:
    paint(tmp_path / "slides/one.png", 0)
    state = state_of(tmp_path / "slides", tmp_path / "cohort", bundle)
    from histo.cohort.plan import Part

    made = state.job(next(state.open_tasks(Part())), "token", 1)
    assert isinstance(made, SlideJob)
    return made


def test_a_slide_that_changes_while_it_is_read_gives_no_unit(
    job: SlideJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def detect(*_: object) -> Findings:
        with Path(job.slide).open("ab") as file:
            file.write(b"more")
        return example_findings(20, 5, side_um=SIDE_UM)

    monkeypatch.setattr(histo.biopsy, "detect", detect)
    failure = do(job, lambda _: None).failure
    assert failure is not None
    assert (failure.kind, failure.problem, failure.passing) == ("SlideChanged", "it changed while it was read", False)
    assert list((tmp_path / "cohort/.cohort/units").iterdir()) == []


def test_a_copy_is_read_in_place_of_the_slide_and_not_told(job: SlideJob, tmp_path: Path) -> None:
    (tmp_path / "near").mkdir()
    copy = tmp_path / "near/one.png"
    copy.write_bytes(Path(job.slide).read_bytes())
    outcome = do(replace(job, copy=str(copy)), lambda _: None)
    folder = tmp_path / f"cohort/.cohort/units/{outcome.key}/slide/one"
    assert json.loads((folder / "run.json").read_text())["slides"] == {"one": job.slide}
    copy.unlink()
    failure = do(replace(job, copy=str(copy)), lambda _: None).failure
    assert failure is not None
    assert (failure.subject, failure.kind) == (job.slide, "SlideNotFound")


@pytest.mark.parametrize(
    ("raised", "kind", "passing", "stops"),
    [
        (MemoryError(), "OutOfMemory", True, False),
        (ZeroDivisionError("by zero"), "Unexpected", True, False),
        (OutputError("/tmp", "maps cannot be kept there (No space left)", "free space"), "OutputError", False, True),
    ],
)
def test_what_reading_raises_is_told_as_what_it_is(
    job: SlideJob, monkeypatch: pytest.MonkeyPatch, raised: Exception, kind: str, passing: bool, stops: bool
) -> None:
    def detect(*_: object) -> Findings:
        raise raised

    monkeypatch.setattr(histo.biopsy, "detect", detect)
    failure = do(job, lambda _: None).failure
    assert failure is not None
    assert (failure.kind, failure.passing, failure.stops) == (kind, passing, stops)
    assert "\n" not in failure.problem


def test_what_is_kept_comes_back_to_the_last_bit(job: SlideJob, tmp_path: Path, model: Model) -> None:
    from histo.biopsy import read_and_write_slide
    from histo.clock import StageClock
    from histo.pattern import load_conventions
    from histo.progress import Silent

    clock = StageClock(Silent())
    result, pictures = read_and_write_slide(job.slide, model, load_conventions(), 0.5, tmp_path / "alone", clock)
    assert pictures is not None
    assert pictures.crops
    keep_slide(tmp_path / KEPT_NAME, result, pictures)
    assert_same((result, pictures), kept_slide(tmp_path / KEPT_NAME))
    (tmp_path / KEPT_NAME).write_bytes((tmp_path / KEPT_NAME).read_bytes()[:-100])
    with pytest.raises(RecordError, match=r"kept.npz: does not give back what was kept \(\w+\); remove the folder"):
        kept_slide(tmp_path / KEPT_NAME)


def assert_same(one: object, other: object) -> None:
    from dataclasses import fields, is_dataclass

    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype  # type: ignore[attr-defined]
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, tuple):
        for left, right in zip(one, other, strict=True):  # type: ignore[call-overload]
            assert_same(left, right)
    elif (is_dataclass(one) and isinstance(one, SlideResult | SlidePictures | Findings)) or is_dataclass(one):
        for each in fields(one):
            assert_same(getattr(one, each.name), getattr(other, each.name))
    else:
        assert one == other


def test_a_lost_unit_is_a_failure_of_its_biopsy_alone(tmp_path: Path, bundle: Path) -> None:
    reader = Reader(bundle=str(bundle))
    parts = settings_of(reader, load_bundle(bundle)).parts
    job = BiopsyJob("id", "B1", ("absent",), (), "key", "settings", parts, "", str(tmp_path), "token", 1, reader)
    failure = do(job, lambda _: None).failure
    assert failure is not None
    assert (failure.kind, failure.stops) == ("RecordError", False)


def test_a_signature_follows_every_file_of_a_slide(tmp_path: Path) -> None:
    mirax, part = tmp_path / "m.mrxs", tmp_path / "m/Data0000.dat"
    part.parent.mkdir()
    mirax.write_bytes(b"a")
    part.write_bytes(b"b")
    before = sign(mirax)
    assert before.size_bytes == 2
    assert sign(mirax) == before
    part.write_bytes(b"c")
    assert sign(mirax) != before
    part.unlink()
    assert sign(mirax).size_bytes == 1
    mirax.unlink()
    assert sign(mirax).text == "absent"
