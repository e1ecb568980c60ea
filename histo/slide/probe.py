"""The child process that opens a slide before the parent dares to.

Of 20,000 mutated slides 13 aborted the whole process inside the C library, where no `except` reaches. So a child with
an address-space limit tries first: it opens the file, reads test blocks of every level, and prints JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from histo.errors import SlideError, SlideUnreadable, SlideUnsafe
from histo.geometry import Region, Size
from histo.slide.backends import Backend, choose_backend, working_tiff
from histo.slide.source import LevelSource
from histo.slide.tiff_header import is_tiff

ADDRESS_SPACE_BYTES = 4 << 30
CPU_SECONDS = 120
"""A child that computes longer is stopped by the system (SIGXCPU)."""
_BLOCK_PX = 256
_HEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What the child found.

    Attributes:
        backend: Who can read the file.
        levels: Levels of which at least one test block could be read, finest first.
        levels_in_all: Levels that the header tells of.
        tested: Test blocks.
        failed: Test blocks that could not be read.
    """

    backend: Backend
    levels: tuple[int, ...]
    levels_in_all: int
    tested: int
    failed: int


def examine(path: Path) -> ProbeReport:
    """Open a slide and read test blocks of every level.

    Args:
        path: The file.

    Raises:
        SlideError: If it cannot be opened, or no test block of its finest level can be read.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    backend, source = choose_backend(path, head)
    try:
        return _tried(path, backend, source)
    except SlideUnreadable:
        if backend is not Backend.OPENSLIDE or not is_tiff(head) or (tiff := working_tiff(path)) is None:
            raise
        return _tried(path, Backend.TIFF, tiff)


def _tried(path: Path, backend: Backend, source: LevelSource) -> ProbeReport:
    levels, tested, failed = [], 0, 0
    sizes = source.facts.level_sizes_px
    for level, size in enumerate(sizes):
        results = [source.read_level(level, block).failed for block in blocks_to_try(size)]
        tested += len(results)
        failed += sum(results)
        if not all(results):
            levels.append(level)
        elif level == 0:
            problem = f"it opens, but its pixels cannot be read: {source.last_error}"
            raise SlideUnreadable(path, problem, "copy it again from the scanner, or export it anew")
    source.close()
    return ProbeReport(backend, tuple(levels), len(sizes), tested, failed)


def blocks_to_try(size: Size) -> list[Region]:
    """Blocks in the corners and the middle of a level; fewer where they would be the same."""
    width, height = min(_BLOCK_PX, size.width), min(_BLOCK_PX, size.height)
    right, bottom = size.width - width, size.height - height
    corners = {(0, 0), (right, 0), (0, bottom), (right, bottom), (right // 2, bottom // 2)}
    return [Region(x, y, width, height) for x, y in sorted(corners)]


def main(arguments: Sequence[str]) -> None:
    """Print the report, or the error, of one file as JSON.

    Args:
        arguments: The file's path, alone.
    """
    _limit()
    path = Path(arguments[0])
    answer: dict[str, object]
    try:
        answer = {"report": asdict(examine(path))}
    except SlideError as error:
        answer = {"error": [type(error).__name__, error.problem, error.remedy]}
    except MemoryError:
        limit = f"opening it takes more than {ADDRESS_SPACE_BYTES >> 30} GiB of memory"
        answer = {"error": [SlideUnsafe.__name__, limit, "convert it to a tiled pyramidal TIFF"]}
    sys.stdout.write(json.dumps(answer))


def _limit() -> None:
    """Cap the address space, where the system knows how, and the computing time; leave no core file."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    if sys.platform != "darwin":
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
