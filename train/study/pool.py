"""Work on many biopsies in a few processes, politely, telling how far it is and how long it will take."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

import cv2
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_processes(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    processes: int,
    label: str,
    weigh: Callable[[Task], int] = lambda task: 1,
) -> Iterator[tuple[Task, Result]]:
    """Do all tasks, each as soon as a process is free; results come as they are done.

    Args:
        work: A function of a module, so that it can be sent to another process.
        tasks: What to do.
        processes: How many to work in; 0 works in this one.
        label: For the progress bar, which shows the rate and the time left.
        weigh: How many biopsies a task is.
    """
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns) as bar:
        shown = bar.add_task(label, total=sum(map(weigh, tasks)), rate="")
        for task, result in _done(work, tasks, processes):
            bar.update(shown, advance=weigh(task))
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            bar.update(shown, rate="" if not speed else f"{60 * speed:.1f}/min")
            yield task, result


def _done(work: Callable[[Task], Result], tasks: Sequence[Task], processes: int) -> Iterator[tuple[Task, Result]]:
    if processes == 0:
        yield from ((task, work(task)) for task in tasks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_one_thread_politely) as pool:
        futures = {pool.submit(work, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one_thread_politely() -> None:
    os.nice(10)
    cv2.setNumThreads(1)
