"""Whoever reads what `histo cohort` tells may go away, and its log's disk may be full: the night goes on."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from example_cohort import Cohort, make_cohort

from histo.cli.lasting import LastingStream

TESTS = Path(__file__).parents[1]
SCRIPT = """
import histo.cli.cohort_engines
from example_cohort import FAKE
from histo.cli import app
from histo.cohort.engines import LocalEngine

histo.cli.cohort_engines.make_engine = lambda ray, workers, pool, gpus, limits: LocalEngine(2, limits, FAKE)
app()
"""
"""The command, with small texts for slides. (Half of them: of a part, no tables are made of these texts.)"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cohort:
    cohort = make_cohort(tmp_path, monkeypatch)
    cohort.write({f"B{i}/s": f"sleep 0.{i}\n" for i in range(6)})
    return cohort


def begin(cohort: Cohort, *words: str, **streams: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, "cohort", str(cohort.folder / "manifest.csv"), "--out", str(cohort.out)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    environment.pop("PYTHONUNBUFFERED", None)  # without a buffer nothing is left that would fail at the end
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [*command, "--only", "0/2", *words], env=environment, text=True, **streams
    )


def read(cohort: Cohort) -> int:
    return len(list((cohort.out / ".cohort/units").iterdir()))


def test_a_reader_of_the_json_that_goes_away_does_not_end_the_run(run: Cohort) -> None:
    process = begin(run, "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert '"begun"' in process.stdout.readline()
    process.stdout.close()  # as `head -1` does
    assert process.stderr is not None
    told = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), told) == (0, "")
    assert read(run) == 3


def test_nor_does_a_full_disk_behind_it(run: Cohort) -> None:
    with Path("/dev/full").open("w") as full:
        process = begin(run, "--json", stdout=full, stderr=subprocess.PIPE)
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, "")
    assert read(run) == 3


def test_nor_a_broken_pipe_behind_the_progress_and_the_end_is_told(run: Cohort) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = begin(run, stdout=subprocess.PIPE, stderr=writer)
    os.close(writer)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert told.startswith("3 of 3 slides read")
    assert read(run) == 3


def test_all_else_is_the_stream_s_own_and_one_without_a_descriptor_may_fail_too() -> None:
    class Broken(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    stream = LastingStream(Broken())
    assert stream.write("word") == 4
    stream.flush()
    assert stream.getvalue() == "word"
    assert not stream.isatty()
