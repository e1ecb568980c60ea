"""The few names of Ray that histo uses, on threads of this process: what its documentation says of them, no more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest


class RayError(Exception):
    pass


class TaskCancelledError(RayError):
    pass


class OutOfMemoryError(RayError):
    pass


class WorkerCrashedError(RayError):
    pass


class Reference:
    """Of what a task will give."""

    def __init__(self, future: Future[Any]) -> None:
        self._future = future

    def future(self) -> Future[Any]:
        return self._future


class FakeRay:
    """One cluster.

    Args:
        resources: What `ray.cluster_resources` tells.
        lose: Of the tasks that come first, how each is lost.
    """

    def __init__(self, resources: dict[str, float], lose: list[RayError] | None = None) -> None:
        self.resources, self.lose = resources, lose or []
        self.init_arguments: dict[str, object] = {}
        self.options: dict[str, object] = {}
        self.cancelled: list[bool] = []
        self.joined = False
        self.most_at_once = self._running = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(16)

    def init(self, **arguments: object) -> None:
        if arguments["address"] == "nowhere":
            raise ConnectionError("Could not find any running Ray instance")
        self.init_arguments, self.joined = arguments, True

    def cluster_resources(self) -> dict[str, float]:
        return self.resources

    def shutdown(self) -> None:
        self.joined = False

    def remote(self, function: Callable[..., object]) -> object:
        ray = self

        class Remote:
            def options(self, **options: object) -> Remote:
                ray.options = options
                return self

            def remote(self, *arguments: object) -> Reference:
                assert ray.joined
                return Reference(ray._pool.submit(ray._run, function, arguments))

        return Remote()

    def cancel(self, reference: Reference, force: bool = False) -> None:
        self.cancelled.append(force)

    def wait(self, references: list[Reference], num_returns: int, timeout: float) -> tuple[list[Any], list[Any]]:
        return [one for one in references if one._future.done()], [one for one in references if not one._future.done()]

    def _run(self, function: Callable[..., object], arguments: tuple[object, ...]) -> object:
        with self._lock:
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
            lost = self.lose.pop(0) if self.lose else None
        try:
            if lost is not None:
                raise lost
            return function(*arguments)
        finally:
            with self._lock:
                self._running -= 1


def install(ray: FakeRay, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Let `import ray` give this one, and import what imports it anew."""
    import importlib
    import sys

    exceptions = ModuleType("ray.exceptions")
    for kind in (RayError, TaskCancelledError, OutOfMemoryError):
        setattr(exceptions, kind.__name__, kind)
    module = ModuleType("ray")
    for name in ("init", "cluster_resources", "shutdown", "remote", "cancel", "wait"):
        setattr(module, name, getattr(ray, name))
    module.exceptions = exceptions  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ray", module)
    monkeypatch.setitem(sys.modules, "ray.exceptions", exceptions)
    monkeypatch.delitem(sys.modules, "histo.cohort.engines.ray_cluster", raising=False)
    door = importlib.import_module("histo.cohort.engines.ray_cluster")
    monkeypatch.setitem(sys.modules, "histo.cohort.engines.ray_cluster", door)
    return door
