"""`histo cohort` before and after its run: whom it refuses, what it leaves alone until then, and its exit codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from example_cohort import Cohort
from example_model import save_random_bundle
from small_readings import write_small_results
from typer.testing import CliRunner, Result

import histo.cohort.finish
from histo.cli import app
from histo.cohort.finish import Account
from histo.cohort.jobs import Reader
from histo.cohort.leases import Leases, this_run
from histo.cohort.plan import Part, Plan, plan_cohort
from histo.cohort.settings import settings_of
from histo.network import load_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_bundle(tmp_path_factory.mktemp("model") / "bundle")


def run(cohort: Cohort, bundle: Path, *words: str) -> Result:
    asked = ["cohort", str(cohort.folder / "manifest.csv"), "--out", str(cohort.out), "--bundle", str(bundle), *words]
    return CliRunner().invoke(app, asked)


def plan_of(cohort: Cohort, reader: Reader) -> Plan:
    """What the command plans."""
    settled = settings_of(reader, load_bundle(Path(reader.bundle or "")))
    return plan_cohort(cohort.folder / "manifest.csv", cohort.out, settled)


@pytest.fixture
def done(cohort: Cohort, bundle: Path) -> Cohort:
    """Two biopsies, one of which cannot be read, under the settings of the command on a CPU."""
    cohort.write({"B1/x": "ok\n", "B2/y": "no NotASlide\n"})
    cohort.run(plan_of(cohort, Reader(bundle=str(bundle), device="cpu")), write=write_small_results)
    assert {"B1/reading.json", "cohort.csv", "failures.json"} < set(cohort.tree())
    return cohort


def hidden(cohort: Cohort) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in cohort.out.glob(".cohort/*/*.json")}


@pytest.mark.parametrize("words", [("--retry-quarantined",), ("--mpp", "0.25"), ("--retry-quarantined", "--slurm")])
def test_who_is_refused_has_altered_nothing(done: Cohort, bundle: Path, words: tuple[str, ...]) -> None:
    other = Leases(done.out / ".cohort/runs", replace(this_run(), host="node7", says="another plan"))
    other.take(other.owner.token)
    before = done.tree(), hidden(done)
    result = run(done, bundle, "--device", "cpu", *words)
    assert result.exit_code == 2
    assert "a run on node7" in result.stderr
    assert (done.tree(), hidden(done)) == before
    other.give_back_all()
    assert done.left_over() == []


def test_the_run_is_seen_by_others_until_all_is_written(
    done: Cohort, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def looking(step: Callable[..., Account]) -> Callable[..., Account]:
        def looked(*words: object) -> Account:
            seen.append(len(list(done.out.glob(".cohort/runs/*.lease"))))
            return step(*words)

        return looked

    for name in ("retract", "finish"):
        monkeypatch.setattr(histo.cohort.finish, name, looking(getattr(histo.cohort.finish, name)))
    assert run(done, bundle, "--device", "cpu").exit_code == 3
    assert seen == [1, 1]
    assert done.left_over() == []


def test_a_device_that_is_not_there_is_told_before_results_go_out_of_sight(
    done: Cohort, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    before = done.tree(), hidden(done)
    result = run(done, bundle, "--device", "cuda", "--retry-quarantined")
    assert result.exit_code == 4
    assert result.stderr.startswith("histo: device cuda: torch ")
    assert result.stderr.endswith("sees no usable CUDA GPU; use --device cpu\n")
    assert (done.tree(), hidden(done)) == before
    assert run(done, bundle, "--device", "cuda", "--slurm-script-only").exit_code == 0, "its jobs run elsewhere"


def test_what_is_done_is_finished_without_its_device(
    cohort: Cohort, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a job array on other machines."""
    cohort.write({"B1/x": "ok\n"})
    cohort.run(plan_of(cohort, Reader(bundle=str(bundle), device="cuda")), write=write_small_results)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    result = run(cohort, bundle, "--device", "cuda")
    assert (result.exit_code, result.stderr) == (0, "")


def test_slides_that_are_left_are_no_success(cohort: Cohort, bundle: Path) -> None:
    cohort.write({"B1/x": "ok\n", "B1/y": "ok\n", "B2/z": "ok\n"})
    result = run(cohort, bundle, "--conclude-only")
    assert result.exit_code == 4
    assert result.stdout == "0 of 3 slides read, 0 of 2 biopsies concluded; 3 not read yet\n"
    assert run(cohort, bundle, "--slurm-script-only").exit_code == 0, "what is asked for here is done"

    plan = plan_of(cohort, Reader(bundle=str(bundle)))
    other = Leases(cohort.out / ".cohort/leases", this_run())
    assert all(other.take(unit.id) for unit in plan.units)
    assert run(cohort, bundle, "--only", "0/2").exit_code == 4, "another run is at work on all of this part"
    other.give_back_all()
    cohort.run(plan, part=Part(0, 3))
    assert all(other.take(unit.id) for unit in plan.units)
    result = run(cohort, bundle, "--only", "0/2")
    assert result.exit_code == 3
    assert result.stdout == "1 of 2 slides read, 0 of 2 biopsies concluded; 1 not read yet\n"
    assert run(cohort, bundle, "--only", "0/3").exit_code == 0, "this part is read, whatever is left of others"
    assert run(cohort, bundle, "--conclude-only").exit_code == 3
    other.give_back_all()
    cohort.run(plan, write=write_small_results)
    assert run(cohort, bundle, "--conclude-only").exit_code == 0
