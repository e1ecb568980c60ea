"""The findings of one slide as files: GeoJSON for QuPath, and without loss as two tables and a map."""

from __future__ import annotations

from pathlib import Path

from histo.errors import RecordError
from histo.findings import Findings
from histo.records.atomic import Staged
from histo.records.compartment_file import read_compartments, write_compartments
from histo.records.geojson import write_geojson
from histo.records.outlines import slide_areas
from histo.records.plain import REMEDY
from histo.records.reading import SlideResult
from histo.records.reading_file import read_reading
from histo.records.tables import read_cells, read_fibers, write_cells, write_fibers

GEOJSON_NAME = "findings.geojson"
FIBERS_NAME = "fibers.parquet"
CELLS_NAME = "cells.parquet"
COMPARTMENTS_NAME = "compartments.png"
FINDINGS_FILES = (GEOJSON_NAME, FIBERS_NAME, CELLS_NAME, COMPARTMENTS_NAME)


def write_findings(staged: Staged, slide: SlideResult, *, cells_assessed: bool = True) -> None:
    """Stage the four files of one slide's findings.

    Args:
        staged: Where.
        slide: What was found.
        cells_assessed: Whether the slide's scale shows what kind a nucleus is. If not, the cells stand in
            `cells.parquet` alone, since that is the network's raw answer: no one is shown them as findings.
    """
    findings, info = slide.findings, slide.info
    cells = findings.cells if cells_assessed else None

    def geojson(path: Path) -> None:
        areas = tuple(slide_areas(slide))
        write_geojson(path, fibers=findings.fibers, cells=cells, areas=areas, scale=info.scale, identity=info.sha256)

    def fibers(path: Path) -> None:
        write_fibers(path, findings.fibers, sha256=info.sha256, scale=info.scale, cells=cells)

    staged.add(GEOJSON_NAME, geojson)
    staged.add(FIBERS_NAME, fibers)
    staged.add(CELLS_NAME, lambda path: write_cells(path, findings.cells, sha256=info.sha256, scale=info.scale))
    staged.add(COMPARTMENTS_NAME, lambda path: write_compartments(path, findings.compartments))


def read_findings(folder: Path | str) -> Findings:
    """Read the findings of one slide back, without loss.

    Args:
        folder: A slide's folder that `histo read` wrote.

    Raises:
        RecordError: If a file is missing or damaged, or the files do not belong together.
    """
    folder = Path(folder)
    reading = read_reading(folder)
    fibers, cells = read_fibers(folder / FIBERS_NAME), read_cells(folder / CELLS_NAME)
    slides = reading.document.get("slides")
    if not (isinstance(slides, list) and len(slides) == 1 and isinstance(slides[0], dict)):
        raise RecordError(folder, "is not the folder of one slide", "name the slide's own folder")
    counts = (slides[0].get("fibers"), slides[0].get("nuclei"))
    if counts != (len(fibers), len(cells)) or (len(cells) and int(cells.fiber.max()) >= len(fibers)):
        problem = f"its tables hold {len(fibers)} fibers and {len(cells)} nuclei, its reading tells of other ones"
        raise RecordError(folder, problem, REMEDY)
    unreadable = slides[0].get("unreadable_mm2")
    if not isinstance(unreadable, int | float):
        raise RecordError(folder, "its reading tells no unreadable area", REMEDY)
    return Findings(fibers, cells, read_compartments(folder / COMPARTMENTS_NAME), float(unreadable))
