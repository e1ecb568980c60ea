"""The engine on Ray, over a stand-in for Ray; `test_local_ray.py` runs the true one."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from example_cohort import FAKE, LIMITS, Cohort, Heard
from fake_ray import FakeRay, OutOfMemoryError, WorkerCrashedError, install

from histo.cohort.engines import Engine
from histo.cohort.isolate import COMMAND
from histo.cohort.jobs import Reader
from histo.cohort.plan import plan_cohort
from histo.cohort.settings import settings_of
from histo.errors import EngineError
from histo.network import load_bundle

GIB = float(1 << 30)
ROOM = {"CPU": 4.0, "GPU": 1.0, "memory": 64 * GIB}
SLIDES = {"B1/x": "ok 1\n", "B1/y": "ok 2\n", "B2/z": "ok 3\n"}


def engine(
    ray: FakeRay,
    monkeypatch: pytest.MonkeyPatch,
    address: str = "auto",
    workers: int | None = None,
    gpus: float = 0.0,
    command: Sequence[str] = FAKE,
) -> Engine:
    door = install(ray, monkeypatch)
    made: Engine = door.RayEngine(address, workers, 1, gpus, LIMITS, command)
    return made


def test_the_results_are_those_of_the_local_pool(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort.write(SLIDES)
    cohort.run()
    expected = cohort.tree()
    assert len(expected) == 5
    cohort.out.rename(cohort.folder / "local")
    ray = FakeRay(ROOM)
    tally, account = cohort.run(engine=engine(ray, monkeypatch))
    assert (tally.slides, account.concluded, account.failures) == (3, 2, ())
    assert cohort.tree() == expected
    assert cohort.left_over() == []
    assert not ray.joined
    assert ray.options["max_retries"] == 0, "what is tried again is for the run to say"


@pytest.mark.parametrize(
    ("workers", "gpus", "slots"), [(None, 0.0, 4), (2, 0.0, 2), (9, 0.0, 4), (None, 0.5, 2), (None, 0.25, 4)]
)
def test_as_many_jobs_at_once_as_there_is_room_for(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch, workers: int | None, gpus: float, slots: int
) -> None:
    cohort.write({f"B{i}/s": "sleep 0.2\n" for i in range(6)})
    ray = FakeRay(ROOM)
    made = engine(ray, monkeypatch, workers=workers, gpus=gpus)
    assert made.slots == slots
    cohort.run(engine=made)
    assert ray.most_at_once <= slots
    assert ray.options["num_gpus"] == gpus
    assert ray.options["num_cpus"] == 1
    assert ray.options["memory"] == LIMITS.memory_bytes


def test_a_lost_watcher_is_a_failed_attempt_and_the_next_one_reads(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort.write({"B1/x": "ok\n", "B2/y": "ok\n"})
    heard = Heard()
    ray = FakeRay(ROOM, [WorkerCrashedError("the node died"), OutOfMemoryError("too much")])
    _, account = cohort.run(engine=engine(ray, monkeypatch), heard=heard)
    assert (account.read, account.failures) == (2, ())
    told = {(kind, problem, again) for _, kind, problem, again in heard.failures}
    lost = "Ray lost the process that watched it (WorkerCrashedError: the node died)"
    full = "Ray ended it because its machine's memory was full"
    assert told == {("Crashed", lost, True), ("OutOfMemory", full, True)}


def test_another_histo_on_a_machine_of_the_cluster_stops_the_run(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its results would stand under the identity of settings that did not make them."""
    cohort.write(SLIDES)
    here = settings_of(Reader(), load_bundle())
    older = replace(here, parts={**here.parts, "code of histo": "older"})
    plan = plan_cohort(cohort.folder / "manifest.csv", cohort.out, older)
    made = engine(FakeRay(ROOM), monkeypatch, workers=1, command=COMMAND)  # true processes
    expected = r"code of histo: not the same on .+ as when the run began; start again; several machines need the same"
    with pytest.raises(EngineError, match=expected):
        cohort.run(plan, engine=made)
    assert cohort.tree() == {}
    assert cohort.begun() == []


def test_to_stop_cancels_what_runs_and_leaves_the_cluster(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort.write({"B1/x": "sleep 1\n"})
    ray, stop = FakeRay(ROOM), threading.Event()
    threading.Timer(0.5, stop.set).start()
    begun = time.monotonic()
    tally, _ = cohort.run(engine=engine(ray, monkeypatch), stop=stop)
    assert tally.stopped
    assert time.monotonic() - begun < 10
    assert ray.cancelled == [False, True], "asked first, then ended"
    assert not ray.joined


def test_local_asks_for_the_cores_of_its_workers_alone(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = FakeRay(ROOM)
    engine(ray, monkeypatch, address="local", workers=2)
    assert ray.init_arguments == {
        "address": "local",
        "num_cpus": 2,
        "include_dashboard": False,
        "log_to_driver": False,
        "logging_level": logging.ERROR,
    }
    with socket.create_server(("127.0.0.1", 0)) as cluster:
        engine(ray, monkeypatch, address=f"127.0.0.1:{cluster.getsockname()[1]}", workers=2)
    assert "num_cpus" not in ray.init_arguments, "a cluster has the cores that it has"


def test_a_cluster_that_is_not_there_or_too_small_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match=r"Ray at nowhere: cannot be joined \(Could not find any running Ray"):
        engine(FakeRay(ROOM), monkeypatch, address="nowhere")
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = f"127.0.0.1:{gone.getsockname()[1]}"
    ray = FakeRay(ROOM)
    with pytest.raises(EngineError, match=r"Ray at 127.0.0.1:\d+: cannot be joined \(.*refused\); see `ray status`"):
        engine(ray, monkeypatch, address=address)
    assert ray.init_arguments == {}, "Ray is not asked: it would try for minutes"
    ray = FakeRay({"CPU": 4.0, "memory": 64 * GIB})
    with pytest.raises(EngineError, match=r"has not the room for one job \(1 CPUs, 0.5 GPUs, 1024 MiB\); ask for less"):
        engine(ray, monkeypatch, gpus=0.5)
    assert not ray.joined
