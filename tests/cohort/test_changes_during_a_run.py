"""What is read is what the run began with: a file edited meanwhile stops the run, and nothing gets a false identity."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from example_cohort import Cohort
from example_model import save_random_bundle
from small_readings import conclude_small, read_small

import histo.biopsy
import histo.cohort.kept
import histo.cohort.work
from histo.clinical import load_clinical
from histo.cohort.jobs import BiopsyJob, JobFailure, Reader, SlideJob
from histo.cohort.plan import Part, plan_cohort
from histo.cohort.settings import settings_of
from histo.cohort.state import State
from histo.cohort.work import do
from histo.network import load_bundle
from histo.pattern.conventions import SHIPPED

FACTS = "biopsy,age_years\n{},67\n"


@dataclass
class Lab:
    """A cohort whose files may be edited, and what is open of it."""

    cohort: Cohort
    state: State
    files: dict[str, Path]

    def job(self) -> SlideJob | BiopsyJob:
        task = next(self.state.open_tasks(Part()))
        job = self.state.job(task, "token", 1)
        assert isinstance(job, SlideJob | BiopsyJob)
        return job

    def read_all(self) -> None:
        for task in list(self.state.open_tasks(Part())):
            job = self.state.job(task, "token", 1)
            assert job is not None
            outcome = do(job, lambda _: None)
            assert outcome.failure is None, outcome.failure
            self.state.finish(task, outcome, "token")

    def failure(self, job: SlideJob | BiopsyJob) -> JobFailure | None:
        return do(job, lambda _: None).failure

    def units(self) -> int:
        return len(list((self.cohort.out / ".cohort/units").iterdir()))


def edit(path: Path) -> None:
    path.write_text(path.read_text() + "\n")


def edit_facts(path: Path) -> None:
    path.write_text(path.read_text().replace("67", "68"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_bundle(tmp_path_factory.mktemp("model") / "bundle")


@pytest.fixture(params=["manifest", "folder"])
def lab(request: pytest.FixtureRequest, cohort: Cohort, monkeypatch: pytest.MonkeyPatch, weights: Path) -> Lab:
    """Two slides: of one biopsy, or each a biopsy of its own."""

    def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(histo.cohort.work, "_model", nothing)
    monkeypatch.setattr(histo.biopsy, "read_and_write_slide", read_small)
    monkeypatch.setattr(histo.biopsy, "conclude_and_write", conclude_small)
    monkeypatch.setattr(histo.cohort.kept, "kept_slide", nothing)
    source = cohort.write({"B1/x": "first\n", "B1/y": "second\n"})
    if request.param == "folder":
        source = cohort.folder / "slides"
    files = {name: cohort.folder / name for name in ("ours.toml", "facts.csv", "errors.json", "bundle")}
    shutil.copy(SHIPPED, files["ours.toml"])
    shutil.copytree(weights, files["bundle"])
    files["facts.csv"].write_text(FACTS.format("B1-x" if request.param == "folder" else "B1"))
    files["errors.json"].write_text("{}\n")
    reader = Reader(
        bundle=str(files["bundle"]),
        conventions=str(files["ours.toml"]),
        detector_errors=str(files["errors.json"]),
        clinical=str(files["facts.csv"]),
    )
    settings = settings_of(reader, load_bundle(files["bundle"]))
    cohort.store.make()
    plan = plan_cohort(source, cohort.out, settings, known=load_clinical(files["facts.csv"]))
    return Lab(cohort, State(plan, cohort.store), files)


def test_what_nobody_touches_is_read(lab: Lab) -> None:
    edit(lab.files["facts.csv"])  # it tells the same of these patients
    lab.read_all()
    assert lab.units() == 2


@pytest.mark.parametrize(
    ("file", "what"),
    [("ours.toml", "conventions"), ("errors.json", "detector errors"), ("bundle/card.json", "weights")],
)
def test_a_file_edited_between_two_slides_stops_the_run(lab: Lab, file: str, what: str) -> None:
    job = lab.job()
    edit(lab.cohort.folder / file)
    failure = lab.failure(job)
    assert failure is not None
    assert (failure.subject, failure.kind, failure.stops) == (what, "EngineError", True)
    assert failure.problem.startswith("not the same on ")
    assert failure.problem.endswith(" as when the run began")
    assert failure.remedy.startswith("start again")
    assert lab.units() == 0


def test_a_file_edited_while_a_slide_is_read_gives_no_unit(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histo.biopsy, "read_and_write_slide", after(lab, read_small))
    failure = lab.failure(lab.job())
    assert failure is not None
    assert (failure.subject, failure.stops) == ("conventions", True)
    assert lab.units() == 0


def test_a_file_that_is_gone_stops_the_run_and_is_named(lab: Lab) -> None:
    job = lab.job()
    lab.files["ours.toml"].unlink()
    failure = lab.failure(job)
    assert failure is not None
    assert (failure.subject, failure.kind, failure.stops) == (str(lab.files["ours.toml"]), "EngineError", True)
    assert failure.problem.startswith("cannot be read any more on ")


@pytest.mark.parametrize("lab", ["folder"], indirect=True)
def test_facts_of_a_patient_edited_before_his_slide_stop_the_run(lab: Lab) -> None:
    job = lab.job()
    edit_facts(lab.files["facts.csv"])
    failure = lab.failure(job)
    assert failure is not None
    assert (failure.subject, failure.kind, failure.stops) == ("clinical facts of B1-x", "EngineError", True)
    assert lab.units() == 0


@pytest.mark.parametrize("lab", ["manifest"], indirect=True)
def test_a_biopsy_is_not_concluded_with_other_files_than_its_slides(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.read_all()
    job = lab.job()
    assert isinstance(job, BiopsyJob)
    edit_facts(lab.files["facts.csv"])
    failure = lab.failure(job)
    assert failure is not None
    assert (failure.subject, failure.stops) == ("clinical facts of B1", True)

    lab.files["facts.csv"].write_text(FACTS.format("B1"))
    monkeypatch.setattr(histo.biopsy, "conclude_and_write", after(lab, conclude_small))
    failure = lab.failure(job)
    assert failure is not None
    assert (failure.subject, failure.stops) == ("conventions", True)
    failure = lab.failure(replace(job, token="other"))
    assert failure is not None
    assert failure.subject == "conventions", "and not begun once more"


def after(lab: Lab, do_it: Callable[..., object]) -> Callable[..., object]:
    """Do something, and edit the conventions meanwhile."""

    def done(*arguments: object, **options: object) -> object:
        edit(lab.files["ours.toml"])
        return do_it(*arguments, **options)

    return done
