"""Render phantom fields into a folder, in parallel, so that training never waits for a renderer."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import cv2
from rich.progress import track

from histo.phantom.fingerprint import source_fingerprint
from histo.phantom.truth import Field
from train.field_store import field_path, made_by, save_field

Renderer = Callable[[int, int], Field]
"""(seed, size in working pixels) to a field."""


def phantom_fingerprint(size_wpx: int, left_out: str | None = None) -> str:
    """sha256 of the source that draws phantoms, of the size and of what is left out: other fields are drawn anew."""
    return hashlib.sha256(f"{size_wpx} {source_fingerprint()} {left_out or ''}".encode()).hexdigest()


def render_fields(
    folder: Path, seeds: Sequence[int], size_wpx: int, renderer: Renderer, fingerprint: str, processes: int
) -> int:
    """Draw the fields that are not there yet. Safe to break off at any time and to call again.

    Args:
        folder: Where fields are kept.
        seeds: Which.
        size_wpx: Width and height of each, in working pixels.
        renderer: Draws one; a function of a module, so that it can be sent to another process.
        fingerprint: What identifies the renderer; fields of another one are replaced.
        processes: How many to draw in; 0 draws in this one.

    Returns:
        How many were drawn.
    """
    missing = [seed for seed in seeds if made_by(field_path(folder, seed)) != fingerprint]
    jobs = [(field_path(folder, seed), seed, size_wpx, renderer, fingerprint) for seed in missing]
    for _ in track(_finished(jobs, processes), description=f"Rendering into {folder}", total=len(jobs)):
        pass
    return len(missing)


_Job = tuple[Path, int, int, Renderer, str]


def _finished(jobs: Sequence[_Job], processes: int) -> Iterator[None]:
    if processes == 0:
        yield from map(_render_one, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_one_thread_politely) as pool:
        for future in as_completed([pool.submit(_render_one, job) for job in jobs]):
            yield future.result()


def _one_thread_politely() -> None:
    os.nice(10)
    cv2.setNumThreads(1)


def _render_one(job: _Job) -> None:
    path, seed, size_wpx, renderer, fingerprint = job
    save_field(path, renderer(seed, size_wpx), fingerprint)
