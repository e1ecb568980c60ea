"""What `histo read` left of one slide, loaded once for all exports of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from histo.errors import RecordError
from histo.evidence import Coverage, Measures, SlideMaps, SlideObservation, from_dict, slide_maps
from histo.findings import Cells, Findings
from histo.geometry import Size
from histo.records import StoredReading, read_findings, read_json, read_reading, read_scale
from histo.records.findings_files import FIBERS_NAME
from histo.records.plain import REMEDY
from histo.slide import Scale

RUN_NAME = "run.json"


@dataclass(frozen=True, eq=False)
class StoredSlide:
    """One slide's folder, read back.

    Attributes:
        folder: Where it lies.
        name: Of the slide; names the exports.
        reading: Its reading.json.
        findings: Its fibers, cells and compartments.
        scale: Of level 0, with all its digits, and where it was read.
        size_px: Of level 0.
        vendor: Format of the slide file, as OpenSlide names it.
        sha256: Of the slide file.
        cells_assessed: Whether the slide's scale shows what kind a nucleus is.
    """

    folder: Path
    name: str
    reading: StoredReading
    findings: Findings
    scale: Scale
    size_px: Size
    vendor: str
    sha256: str
    cells_assessed: bool

    @property
    def cells(self) -> Cells | None:
        """The nuclei, or None where their kinds are not assessed."""
        return self.findings.cells if self.cells_assessed else None

    @property
    def evidence(self) -> Mapping[str, Any]:
        """The slide's numbers, as reading.json holds them."""
        numbers: Mapping[str, Any] = self.reading.document["evidence"]["pooled"]
        return numbers

    @cached_property
    def maps(self) -> SlideMaps:
        """Densities from place to place, by the conventions that the slide was read by.

        Raises:
            RecordError: If the reading tells no conventions, or no coverage.
        """
        try:
            evidence = self.reading.document["evidence"]
            measures = from_dict(Measures, evidence["measures"])
            coverage = from_dict(Coverage, evidence["pooled"]["coverage"])
        except (ValueError, LookupError, TypeError) as error:
            raise RecordError(self.folder / "reading.json", f"does not hold together ({error})", REMEDY) from error
        return slide_maps(SlideObservation(self.name, self.findings, coverage, self.cells_assessed), measures)

    def started(self) -> datetime:
        """When the slide was read, in UTC: the date of exports that must have one.

        Raises:
            RecordError: If run.json, which tells it, is missing or damaged.
        """
        path = self.folder / RUN_NAME
        try:
            moment = datetime.fromisoformat(read_json(path)["started"])
            if moment.tzinfo is None:
                raise ValueError("it has no time zone")
        except (LookupError, TypeError, ValueError) as error:
            raise RecordError(path, "does not tell when the slide was read", REMEDY) from error
        return moment.astimezone(UTC)


def load_slide(folder: Path) -> StoredSlide:
    """Load a slide's folder.

    Args:
        folder: That `histo read` wrote, of one slide.

    Raises:
        RecordError: If there is no reading, a file is missing or damaged, or the folder is that of several slides.
    """
    reading = read_reading(folder)
    _check_is_of_slide(folder, reading)
    findings = read_findings(folder)
    scale = read_scale(folder / FIBERS_NAME)
    (slide,) = reading.document["slides"]  # which `read_findings` has checked
    try:
        name, sha256, vendor = slide["name"], slide["sha256"], slide["vendor"]
        size_px = Size(slide["width_px"], slide["height_px"])
        assessed = reading.document["evidence"]["pooled"]["infiltrate"] is not None
    except (LookupError, TypeError, ValueError) as error:
        raise RecordError(folder / "reading.json", f"does not hold together ({error})", REMEDY) from error
    if not all(isinstance(text, str) for text in (name, sha256, vendor)) or not name or Path(name).name != name:
        raise RecordError(folder / "reading.json", "names no slide", REMEDY)
    return StoredSlide(folder, name, reading, findings, scale, size_px, vendor, sha256, assessed)


def _check_is_of_slide(folder: Path, reading: StoredReading) -> None:
    """The folder of a biopsy holds a reading and its slides' folders, but no findings of its own."""
    slides = reading.document.get("slides")
    names = [slide.get("name") for slide in slides if isinstance(slide, dict)] if isinstance(slides, list) else []
    inside = [name for name in names if isinstance(name, str) and (folder / name / FIBERS_NAME).is_file()]
    if inside and not (folder / FIBERS_NAME).exists():
        folders = " or ".join(str(folder / name) for name in inside)
        raise RecordError(
            folder, "is the folder of a biopsy, whose slides have folders of their own", f"name {folders}"
        )
