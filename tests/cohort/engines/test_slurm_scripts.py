"""What is written for Slurm, and what it is asked: every open slide is a task's, every option reaches the jobs."""

from __future__ import annotations

import shlex
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from example_cohort import Cohort, make_cohort
from example_model import save_random_bundle
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from histo.cli import app
from histo.cohort.jobs import Reader
from histo.cohort.plan import Part, plan_cohort
from histo.cohort.pool import Pool
from histo.cohort.settings import settings_of
from histo.cohort.slurm import MOST_TASKS, TASK_S, lay_out
from histo.cohort.state import State
from histo.cohort.store import Record, Standing
from histo.network import load_bundle

POOL = Pool(workers=1, threads=1, memory_bytes=2 << 30)
SBATCH = """#!/bin/sh
printf '%s\\n' "$*" >> "$0.log"
[ -e "$0.refuses" ] && { echo "sbatch: error: invalid partition" >&2; exit 1; }
echo "$((40 + $(wc -l < "$0.log")));cluster"
"""


@pytest.fixture(scope="module")
def fifty(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    with pytest.MonkeyPatch.context() as patch:
        cohort = make_cohort(tmp_path_factory.mktemp("fifty"), patch)
        cohort.write({f"B{i // 2}/{i}": "ok\n" for i in range(50)})
        cohort.store.make()
        return cohort


@given(
    done=st.sets(st.integers(0, 49)),
    seconds=st.floats(0, 1e6),
    most=st.none() | st.integers(1, 80),
    workers=st.integers(1, 4),
)
@settings(deadline=None, max_examples=40)
def test_the_array_covers_what_is_open_and_nothing_else(
    fifty: Cohort, done: set[int], seconds: float, most: int | None, workers: int
) -> None:
    state = State(fifty.plan(), fifty.store)
    for number, unit in enumerate(state.plan.units):
        if number in done:
            record = Record(unit.id, str(unit.path), state._signed[unit.id].text, quarantined=True)
            state._slides[unit.id] = record
    opened = {unit.id for unit in state.plan.units if state.slide(unit) is Standing.OPEN}
    assert len(opened) == 50 - len(done)
    array = lay_out(state, Pool(workers, 2, 2 << 30), seconds, most)
    parts = [{unit.id for unit in state.plan.part(Part(index, array.count))} for index in array.indices]
    assert all(part & opened for part in parts), "no task without a slide to read"
    assert set().union(*parts) >= opened
    assert len(array.indices) <= (most or MOST_TASKS)
    assert all(index < array.count <= MOST_TASKS for index in array.indices)
    assert array.cpus == 2 * workers
    if most is None and array.indices:
        assert array.minutes * 60 >= seconds / len(array.indices), "a task has the time that it is estimated to need"
        assert array.count <= seconds / TASK_S + 1


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_bundle(tmp_path_factory.mktemp("model") / "bundle")


@pytest.fixture
def sbatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in that remembers what it is asked."""
    path = tmp_path / "bin/sbatch"
    path.parent.mkdir()
    path.write_text(SBATCH)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    return path


def run(cohort: Cohort, bundle: Path, *words: str) -> Result:
    asked = ["cohort", str(cohort.folder / "manifest.csv"), "--out", str(cohort.out), "--bundle", str(bundle), *words]
    return CliRunner().invoke(app, asked)


def directives(script: Path) -> list[str]:
    lines = [line for line in script.read_text().splitlines() if line.startswith("#SBATCH ")]
    return [word for line in lines for word in shlex.split(line.removeprefix("#SBATCH "))]


def command(script: Path) -> list[str]:
    (line,) = [line for line in script.read_text().splitlines() if line.startswith("exec ")]
    return shlex.split(line)


def test_scripts_ask_for_what_is_missing_and_the_users_options_stand_last(cohort: Cohort, bundle: Path) -> None:
    cohort.write({f"B{i}/s": "ok\n" for i in range(5)})
    result = run(cohort, bundle, "--slurm-script-only", "--slurm-tasks", "9", "--slurm-options", "-p x -A 'my lab'")
    assert result.exit_code == 0, result.output
    folder = cohort.out / ".cohort/slurm"
    read, conclude = directives(folder / "read.sbatch"), directives(folder / "conclude.sbatch")
    assert "to read what is missing: 5 tasks, each with 1 CPUs, 3072 MiB" in result.output
    assert "--array=0-4" in read
    assert "--cpus-per-task=1" in read
    assert "--mem=3072M" in read
    assert read[-4:] == conclude[-4:] == ["-p", "x", "-A", "my lab"]
    assert f"--output={folder}/logs/read-%A_%a.log" in read
    assert not any(word.startswith("--array") for word in conclude)
    assert (folder / "logs").is_dir()
    assert f"sbatch --dependency=afterany:$(sbatch --parsable {folder}/read.sbatch)" in result.output


def test_the_jobs_run_this_installation_with_the_same_options_and_absolute_paths(
    cohort: Cohort, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort.write({"B/s": "ok\n"})
    monkeypatch.chdir(cohort.folder)
    words = ["cohort", "manifest.csv", "--out", "out", "--bundle", str(bundle), "--slurm-script-only", "--json"]
    words += ["--mpp", "0.5", "--stall", "3", "--workers", "2", "--memory", "1.5", "--slurm-options", "-p x"]
    assert CliRunner().invoke(app, words).exit_code == 0
    found = command(cohort.out / ".cohort/slurm/read.sbatch")
    assert found[:5] == ["exec", sys.executable, "-P", "-m", "histo"]
    assert found[5:7] == ["cohort", str(cohort.folder / "manifest.csv")]
    said = dict(pairwise(found))
    assert said["--out"] == str(cohort.out)
    assert said["--bundle"] == str(bundle)
    expected = {"--mpp": "0.5", "--stall": "3.0", "--workers": "2", "--threads": "1", "--memory": "1.500"}
    assert {name: said[name] for name in expected} == expected
    assert "--json" in found
    assert not any("slurm" in word for word in found)
    assert found[-2:] == ["--only", "${SLURM_ARRAY_TASK_ID}/1"]
    assert command(cohort.out / ".cohort/slurm/conclude.sbatch") == [*found[:-2], "--conclude-only"]


def test_the_second_job_follows_the_array_however_it_ends(cohort: Cohort, bundle: Path, sbatch: Path) -> None:
    cohort.write({"B/s": "ok\n"})
    result = run(cohort, bundle, "--slurm")
    assert result.exit_code == 0, result.output
    folder = cohort.out / ".cohort/slurm"
    asked = Path(f"{sbatch}.log").read_text().splitlines()
    array, concluding = f"--parsable {folder}/read.sbatch", f"--parsable --dependency=afterany:41 {folder}"
    assert asked == [array, f"{concluding}/conclude.sbatch"]
    assert "array 41" in result.output
    assert "job 42" in result.output


def test_where_nothing_is_open_there_is_no_array(cohort: Cohort, bundle: Path, sbatch: Path) -> None:
    cohort.write({"B/s": "ok\n"})
    plan_run(cohort, bundle)
    result = run(cohort, bundle, "--slurm")
    assert result.exit_code == 0, result.output
    assert "no slide is missing" in result.output
    assert Path(f"{sbatch}.log").read_text() == f"--parsable {cohort.out}/.cohort/slurm/conclude.sbatch\n"


def plan_run(cohort: Cohort, bundle: Path) -> None:
    """Read all of it under the settings of the command."""
    settings_here = settings_of(Reader(bundle=str(bundle)), load_bundle(bundle))
    cohort.run(plan_cohort(cohort.folder / "manifest.csv", cohort.out, settings_here))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--slurm", "--ray", "local"), "--slurm and --ray: contradict each other; give one of them"),
        (("--slurm", "--only", "0/2"), "--slurm and --only: contradict each other"),
        (("--only", "0/2", "--conclude-only"), "--only and --conclude-only: contradict each other"),
        (("--ray-gpus", "0.5"), "--ray-gpus: has no meaning without Ray"),
        (("--ray", "10.0.0.1:6379", "--stage", "near"), "--stage: copies slides to a disk of this machine alone"),
        (("--slurm", "--slurm-options", "'open"), "--slurm-options: cannot be read (No closing quotation)"),
    ],
)
def test_contradictions_are_told_in_one_line(
    cohort: Cohort, bundle: Path, words: tuple[str, ...], message: str
) -> None:
    cohort.write({"B/s": "ok\n"})
    result = run(cohort, bundle, *words)
    assert result.exit_code == 2
    assert message in result.output
    assert result.output.count("\n") == 1


def test_a_refusal_of_slurm_is_told_in_its_words(cohort: Cohort, bundle: Path, sbatch: Path) -> None:
    cohort.write({"B/s": "ok\n"})
    Path(f"{sbatch}.refuses").touch()
    result = run(cohort, bundle, "--slurm")
    assert result.exit_code == 2
    assert (
        "histo: sbatch: refuses (sbatch: error: invalid partition); change what --slurm-options asks" in result.output
    )


def test_without_slurm_the_way_out_is_told(cohort: Cohort, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort.write({"B/s": "ok\n"})
    monkeypatch.setenv("PATH", str(cohort.folder))
    result = run(cohort, bundle, "--slurm")
    assert result.exit_code == 2
    assert "histo: sbatch: cannot be run here (No such file or directory); run it on a machine" in result.output


def test_to_conclude_reads_no_slide(cohort: Cohort) -> None:
    """What the job after the array does: the slides that it left open stay so."""
    cohort.write({"B1/a": "ok\n", "B2/b": "ok\n"})
    cohort.run(part=Part(0, 2))
    cohort.begun()
    for folder in cohort.out.glob("B*"):
        (folder / "reading.json").unlink()
    tally, account = cohort.run(reads=False)
    assert cohort.begun() == ["BiopsyJob B1"]
    assert (tally.slides, tally.biopsies) == (0, 1)
    assert (account.read, account.concluded, account.left) == (1, 1, 1)
