"""What a bundle makes of the whole real muscle section: counts and grades to see beside its overlay, not accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from histo.biopsy import read_biopsy
from histo.evidence import Estimate
from histo.evidence.intervals import density, share
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, Cells, Fibers
from histo.geometry import Mpp, Region
from histo.model import Model
from histo.network import Metric
from histo.pattern import PatternLabel
from histo.pattern.grades import Infiltration, Necrosis
from histo.records import BiopsyReading
from histo.slide import SlideReader, open_slide
from train.matching import draw_fibers

SECTION = "muscle_section"

BLACK_BELOW = 80
"""Brightest of the three colors of a pixel of black debris; folded muscle stays red."""

GLASS_BELOW_OD = 0.3
"""Optical density, summed over the colors and less that of the clearest glass, below which nothing lies on a pixel."""

_MAP_MPP = Mpp(1.0)
_CELL_RADIUS_PX = 4


@dataclass(frozen=True, eq=False)
class SectionReading:
    """The section, read.

    Attributes:
        reading: The biopsy that it makes.
        bare: (H, W) bool at 1 um/px, black debris or glass, told from the pixels alone.
    """

    reading: BiopsyReading
    bare: NDArray[np.bool_]


def read_real_section(model: Model, folder: Path) -> SectionReading:
    """Read `muscle_section.tif` end to end.

    Args:
        model: The bundle, whose card holds the rate of false calls that necrosis must exceed, and its engine.
        folder: The real data, holding `muscle`.
    """
    with open_slide(folder / "muscle" / f"{SECTION}.tif") as reader:
        return SectionReading(read_biopsy(reader, model=model), _bare(reader))


def _bare(reader: SlideReader) -> NDArray[np.bool_]:
    size = reader.info.size_px.rescaled(reader.info.scale.mpp, _MAP_MPP)
    rgb = reader.read(Region(0, 0, size.width, size.height), _MAP_MPP).rgb
    return bare_pixels(rgb)


def bare_pixels(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(H, W) bool, where (H, W, 3) uint8 pixels show black debris, or glass as clear as the clearest there is."""
    clearest = np.percentile(rgb.reshape(-1, 3), 99, axis=0)
    density = np.log((clearest + 1) / (rgb.astype(np.float32) + 1)).sum(axis=2)
    bare: NDArray[np.bool_] = (rgb.max(axis=2) < BLACK_BELOW) | (density < GLASS_BELOW_OD)
    return bare


def section_figures(section: SectionReading) -> dict[str, Metric]:
    """Counts, grades and label of the section; nobody has marked what is there.

    Returns:
        `muscle_section.fibers`, `.necrotic_per_1000_fibers` and `.inflammatory_cells_per_mm2`, with exact intervals of
        the counts; `.necrosis_marked` (graded marked or more), `.infiltrate_not_sparse` and
        `.label_necrotizing_or_normal`, each 0 or 1; and of the fibers, and of the necrotic fibers and inflammatory
        cells together, the share that lies on black debris or glass: `.fibers_on_debris_or_glass`,
        `.findings_on_debris_or_glass`. `n` is the number of fibers, or of findings for the last.
    """
    result, pattern = section.reading.slides[0], section.reading.pattern
    fibers, cells = result.findings.fibers, result.findings.cells
    count = len(fibers)
    necrotic = np.isin(fibers.fiber_class, NECROTIC_CLASSES)
    inflammatory = np.isin(cells.cell_class, INFLAMMATORY_CLASSES)
    fiber_bare, cell_bare = bare_fibers(fibers, section.bare), bare_cells(cells, section.bare)
    findings = int(necrotic.sum() + inflammatory.sum())
    on_bare = int((fiber_bare & necrotic).sum() + (cell_bare & inflammatory).sum())
    figures: dict[str, tuple[Estimate | float | None, int]] = {
        "fibers": (float(count), count),
        "necrotic_per_1000_fibers": (share(int(necrotic.sum()), count, 1000), count),
        "inflammatory_cells_per_mm2": (density(int(inflammatory.sum()), result.coverage.assessable_mm2), count),
        "necrosis_marked": (float(pattern.grades.necrosis in (Necrosis.MARKED, Necrosis.EXTENSIVE)), count),
        "infiltrate_not_sparse": (
            float(pattern.grades.infiltration in (Infiltration.PRESENT, Infiltration.DENSE)),
            count,
        ),
        "label_necrotizing_or_normal": (
            float(pattern.label in (PatternLabel.NECROTIZING, PatternLabel.NORMAL)),
            count,
        ),
        "fibers_on_debris_or_glass": (share(int(fiber_bare.sum()), count, 1.0), count),
        "findings_on_debris_or_glass": (share(on_bare, findings, 1.0), findings),
    }
    return {f"{SECTION}.{name}": _metric(value, n) for name, (value, n) in figures.items() if value is not None}


def section_sentence(section: SectionReading) -> str:
    """Grades and label of the section in words."""
    grades, pattern = section.reading.pattern.grades, section.reading.pattern
    return (
        f"{SECTION}: {pattern.label.value} ({pattern.rule_reason}); necrosis {grades.necrosis.text}, infiltrate "
        f"{grades.infiltration.text}, place {grades.place.text}"
    )


def bare_fibers(fibers: Fibers, bare: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(P,) bool, which fibers lie with at least half of their area on `bare`, a map at 1 um/px."""
    height, width = bare.shape
    drawn = draw_fibers(fibers, (height, width), _MAP_MPP)
    area = np.bincount(drawn.ravel(), minlength=len(fibers) + 1)[1:]
    on = np.bincount(drawn[bare], minlength=len(fibers) + 1)[1:]
    lying: NDArray[np.bool_] = (area > 0) & (2 * on >= area)
    return lying


def bare_cells(cells: Cells, bare: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(M,) bool, around which nuclei at least half of the 9 x 9 um is `bare`."""
    places = np.floor(cells.center_um).astype(np.int64)
    around = [
        bare[
            max(y - _CELL_RADIUS_PX, 0) : y + _CELL_RADIUS_PX + 1, max(x - _CELL_RADIUS_PX, 0) : x + _CELL_RADIUS_PX + 1
        ]
        for x, y in places.tolist()
    ]
    return np.array([2 * int(window.sum()) >= max(window.size, 1) for window in around], np.bool_)


def _metric(value: Estimate | float, n: int) -> Metric:
    if isinstance(value, Estimate):
        return Metric(value.value, value.low, value.high, max(n, 1))
    return Metric(value, None, None, max(n, 1))
