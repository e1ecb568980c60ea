"""True readings of six small slides: the same bytes from the local pool, Ray and Slurm, and from every worker count."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from example_model import save_random_bundle
from slide_files import tissue_like, write_pyramid
from slurm_node import slurm_node
from tree_digest import tree, tree_digest

pytestmark = pytest.mark.cluster
LONGEST_S = 1800.0


class Lab:
    """A manifest of three biopsies of two slides each, with weights."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bundle = save_random_bundle(folder / "bundle")
        lines = ["biopsy,patient,slide"]
        for number in range(6):
            path = write_pyramid(folder / f"s{number}.tif", tissue_like(700, 600, number), 0.5)
            lines.append(f"B{number // 2},P{number // 2},{path.name}")
        (folder / "manifest.csv").write_text("\n".join(lines) + "\n")

    def words(self, out: str, *words: str) -> list[str]:
        asked = ["cohort", str(self.folder / "manifest.csv"), "--out", str(self.folder / out)]
        return [sys.executable, "-m", "histo", *asked, "--bundle", str(self.bundle), "--device", "cpu", *words]

    def run(self, out: str, *words: str, environment: dict[str, str] | None = None) -> str:
        """Run `histo cohort`; what it prints."""
        done = subprocess.run(
            self.words(out, *words),
            env=os.environ | (environment or {}),
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def expected(lab: Lab) -> Path:
    """What one worker gives."""
    lab.run("one", "--workers", "1")
    out = lab.folder / "one"
    names = set(tree(out))
    assert {f"B{i // 2}/s{i}/reading.json" for i in range(6)} | {f"B{i}/reading.json" for i in range(3)} <= names
    return out


def agree(expected: Path, found: Path, engine: str, record: pytest.RecordProperty) -> None:
    record(f"digest of {engine}", tree_digest(found))
    assert tree(found) == tree(expected)
    assert tree_digest(found) == tree_digest(expected)


@pytest.mark.parametrize("workers", [2, 3])
def test_more_workers(lab: Lab, expected: Path, workers: int, record_property: pytest.RecordProperty) -> None:
    lab.run(f"local{workers}", "--workers", str(workers), "--threads", "1")
    agree(expected, lab.folder / f"local{workers}", f"{workers} workers", record_property)


def test_local_ray(lab: Lab, expected: Path, record_property: pytest.RecordProperty) -> None:
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    lab.run("ray", "--ray", "local", "--workers", "2")
    agree(expected, lab.folder / "ray", "Ray", record_property)


def test_slurm_with_a_killed_job_and_a_second_submission(
    lab: Lab, expected: Path, tmp_path: Path, record_property: pytest.RecordProperty
) -> None:
    out = lab.folder / "slurm"
    with slurm_node(tmp_path / "node", cpus=2) as node:
        words = ("--slurm", "--slurm-tasks", "3")
        assert "to read what is missing: 3 tasks" in lab.run("slurm", *words, environment=node.environment)
        kill_a_task(out)
        node.wait_until_empty(LONGEST_S)
        read = len(list(out.glob(".cohort/units/*/unit.json")))
        assert 0 < read < 6, "a task was killed before its slides were read"
        assert not (out / "failures.json").exists(), "what was killed is open, it has not failed"
        concluded = len(list(out.glob("B*/reading.json")))
        assert concluded < 3
        said = lab.run("slurm", *words, environment=node.environment)
        assert re.search("to read what is missing: [12] task", said)
        node.wait_until_empty(LONGEST_S)
    logs = sorted(path.name for path in out.glob(".cohort/slurm/logs/*"))
    record_property("read before the second submission", read)
    record_property("logs", logs)
    agree(expected, out, "Slurm", record_property)


def kill_a_task(out: Path) -> None:
    """Kill, as the system does when memory runs out, the first task that is at work on a slide."""
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):  # it may have ended since
                words = process.cmdline()
                reads = any("histo.cohort" in child.cmdline() for child in process.children())
                if "--only" in words and str(out) in words and reads:
                    process.kill()
                    return
        time.sleep(0.3)
    raise AssertionError("no task begins to read")
