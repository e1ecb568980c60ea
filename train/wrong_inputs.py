"""What a bundle makes of inputs that are no H&E muscle: each must end in an error, a refusal or no named pattern."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from histo.biopsy import read_biopsy
from histo.errors import HistoError, ScaleError
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES
from histo.geometry import WORKING_MPP
from histo.model import Model
from histo.network import Metric
from histo.pattern import PatternLabel
from histo.records import BiopsyReading
from histo.slide import MemorySlide, SlideReader

PREFIX = "wrong_inputs."

FOLDERS = ("slides", "quality")
"""Of the real data, in which nothing is H&E muscle."""

_SILENT = (PatternLabel.INDETERMINATE, PatternLabel.NOT_ASSESSABLE)
_SIDE_WPX = 2400


@dataclass(frozen=True)
class WrongReading:
    """What came of one wrong input.

    Attributes:
        name: Of the input.
        forced_mpp: The scale that was given because the file tells none that can be read; None for the file's own.
        came: The label with the reason for it, or the error's line.
        exit_code: Of the command line.
        confident: Whether a pattern was named.
        fibers: Found; None after an error, like what follows.
        necrotic: Of them.
        inflammatory_per_mm2: Of assessable tissue; None where there is none.
        appearance: What its appearance was judged to be; None where there was no tissue to judge, or after an error.
    """

    name: str
    forced_mpp: float | None
    came: str
    exit_code: int
    confident: bool
    fibers: int | None = None
    necrotic: int | None = None
    inflammatory_per_mm2: float | None = None
    appearance: str | None = None


def read_wrong_inputs(model: Model, folder: Path) -> tuple[WrongReading, ...]:
    """Read every wrong input end to end, in order of name; the made ones come last.

    A file whose scale is missing or out of range is read once more at 0.5 um/px, so that the network sees it.

    Args:
        model: The bundle and its engine.
        folder: The real data, holding `FOLDERS`.
    """
    folders = [folder / name for name in FOLDERS if (folder / name).is_dir()]
    files = sorted(path for each in folders for path in each.iterdir() if path.is_file())
    inputs: list[Path | SlideReader] = [*files, *made_inputs()]
    return tuple(
        found for each in track(inputs, description="Reading wrong inputs") for found in read_wrong_input(model, each)
    )


def read_wrong_input(model: Model, slide: Path | SlideReader) -> Iterator[WrongReading]:
    """One input as it comes and, if its scale cannot be used, again at 0.5 um/px."""
    name = slide.name if isinstance(slide, Path) else slide.info.name
    try:
        yield _reading(name, None, read_biopsy(slide, model=model))
    except HistoError as error:
        yield WrongReading(name, None, _line(error), error.exit_code, confident=False)
        if isinstance(error, ScaleError):
            forced = WORKING_MPP.um_per_px
            try:
                yield _reading(name, forced, read_biopsy(slide, model=model, mpp=forced))
            except HistoError as second:
                yield WrongReading(name, forced, _line(second), second.exit_code, confident=False)


def _line(error: HistoError) -> str:
    """The error without its subject, which is where the file lies on this machine."""
    return f"{error.problem}; {error.remedy}"


def _reading(name: str, forced_mpp: float | None, reading: BiopsyReading) -> WrongReading:
    result, pattern = reading.slides[0], reading.pattern
    fibers, cells, mm2 = result.findings.fibers, result.findings.cells, result.coverage.assessable_mm2
    inflammatory = int(np.isin(cells.cell_class, INFLAMMATORY_CLASSES).sum())
    codes = [refusal.code for refusal in (pattern.refusal, *pattern.further_refusals) if refusal is not None]
    return WrongReading(
        name=name,
        forced_mpp=forced_mpp,
        came=f"{pattern.label.value}: {', '.join(codes) or pattern.rule}",
        exit_code=0,
        confident=pattern.label not in _SILENT,
        fibers=len(fibers),
        necrotic=int(np.isin(fibers.fiber_class, NECROTIC_CLASSES).sum()),
        inflammatory_per_mm2=inflammatory / mm2 if mm2 > 0 else None,
        appearance=pattern.familiarity[0].verdict.value if pattern.familiarity else None,
    )


def made_inputs() -> tuple[MemorySlide, ...]:
    """Slides of 1.2 mm that hold no tissue: even white, even gray, noise of the camera, and pen of three colors."""
    white = np.full((_SIDE_WPX, _SIDE_WPX, 3), 244, np.uint8)
    noise = np.random.default_rng(1).normal(238, 3, white.shape).clip(0, 255).astype(np.uint8)
    pens = {
        "pen-blue": (40, 60, 160),
        "pen-green": (30, 120, 70),
        "pen-red": (190, 40, 60),
        "pen-black": (25, 25, 30),
    }
    made = {"blank-white": white, "blank-gray": np.full_like(white, 190), "blank-noise": noise}
    made |= {name: _pen_strokes(noise, color) for name, color in pens.items()}
    return tuple(MemorySlide(rgb, WORKING_MPP, name) for name, rgb in made.items())


def _pen_strokes(glass: NDArray[np.uint8], color: tuple[int, int, int]) -> NDArray[np.uint8]:
    rng = np.random.default_rng(2)
    ink = np.ones(glass.shape[:2], np.float32)
    for _ in range(6):
        points = rng.uniform(0.05, 0.95, (5, 2)) * _SIDE_WPX
        cv2.polylines(ink, [np.round(points).astype(np.int32)], False, 0.0, int(rng.integers(120, 320)), cv2.LINE_AA)
    grain = cv2.GaussianBlur(rng.normal(0, 1, ink.shape).astype(np.float32), (0, 0), 6)
    cover = (1 - cv2.GaussianBlur(ink, (0, 0), 4)) * (0.9 + 0.8 * grain).clip(0, 1)
    mixed = glass * (1 - cover[..., None]) + np.array(color, np.float32) * cover[..., None]
    return np.ascontiguousarray(mixed.clip(0, 255).astype(np.uint8))


def wrong_input_figures(readings: Sequence[WrongReading]) -> dict[str, Metric]:
    """How many wrong inputs came out with a named pattern, and what was called on each that the network saw.

    Returns:
        `wrong_inputs.confident` (count; `n` readings) and, by input, `wrong_inputs.NAME.fibers`, `.necrotic_fibers` and
        `.inflammatory_cells_per_mm2`; ` at 0.5` stands behind the name where the scale was forced.
    """
    figures = {"confident": float(sum(reading.confident for reading in readings))}
    for reading in readings:
        at = reading.name + ("" if reading.forced_mpp is None else f" at {reading.forced_mpp:g}")
        counts = {
            "fibers": reading.fibers,
            "necrotic_fibers": reading.necrotic,
            "inflammatory_cells_per_mm2": reading.inflammatory_per_mm2,
        }
        figures |= {f"{at}.{name}": float(count) for name, count in counts.items() if count is not None}
    return {PREFIX + name: Metric(value, None, None, len(readings)) for name, value in figures.items()}
