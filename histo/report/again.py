"""Draws the report of a stored reading again, with the slides if they are at hand and without them if not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from histo.errors import RecordError, UsageError
from histo.evidence import Measures, SlideEvidence, SlideObservation
from histo.records import ReadingFacts, Staged, read_findings, read_reading, reading_facts
from histo.report.case.sights import SlideSights, see_slide, unseen_slide
from histo.report.crops import take_pictures
from histo.report.folder import PDF_NAME, READING_NAME, REPORT_NAME, add_report
from histo.report.pdf import A4, Paper
from histo.slide import open_slide
from histo.slide.scale import OVERRIDE_SOURCE
from histo.tissue import find_tissue


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A report that was drawn again.

    Attributes:
        files: What was written.
        missing: What could not be drawn, in sentences.
    """

    files: tuple[Path, ...]
    missing: tuple[str, ...]


def draw_again(folder: Path, slides: Sequence[Path] = (), paper: Paper = A4) -> Redrawn:
    """Draw report.html and report.pdf of a reading from its files.

    Args:
        folder: The folder of a reading, of one slide or of several.
        slides: The slide files, in any order and by whatever name; they are known by their SHA-256. Of those that are
            left out, nothing is drawn that needs pixels.
        paper: Of the PDF.

    Raises:
        RecordError: If there is no reading that this histo can draw.
        UsageError: If a slide is none of this reading.
        SlideError: If a slide cannot be opened.
        OutputError: If the report cannot be written; the old one then stays.
    """
    facts = reading_facts(read_reading(folder).document, folder / READING_NAME)
    at_hand = _slides_of(facts, slides)
    sights = {
        evidence.name: _see(folder, facts, evidence, at_hand.get(evidence.name)) for evidence in facts.evidence.slides
    }
    with Staged(folder) as staged:
        add_report(staged, facts, sights, paper)
    missing = tuple(text for seen in sights.values() for text in seen.missing)
    return Redrawn((folder / REPORT_NAME, folder / PDF_NAME), missing)


def _slides_of(facts: ReadingFacts, slides: Sequence[Path]) -> dict[str, tuple[Path, float | None]]:
    """The file of each slide that is at hand, and the scale it was given, by the slide's name."""
    names = {slide.sha256: slide.name for slide in facts.slides}
    given = [slide.scale.um_per_px for slide in facts.slides if slide.scale.source == OVERRIDE_SOURCE]
    scale = given[0] if given else None
    found: dict[str, tuple[Path, float | None]] = {}
    for path in slides:
        with open_slide(path, scale) as reader:
            sha256 = reader.info.sha256
        if sha256 not in names:
            problem = f"is none of the slides of this reading (its SHA-256 begins with {sha256[:12]})"
            raise UsageError(path, problem, f"give the files of {', '.join(names.values())}")
        found[names[sha256]] = (path, scale)
    return found


def _see(
    folder: Path, facts: ReadingFacts, evidence: SlideEvidence, slide: tuple[Path, float | None] | None
) -> SlideSights:
    several = not (folder / "fibers.parquet").is_file()
    own = folder / evidence.name if several else folder
    try:
        findings = read_findings(own)
        # What is magnified is chosen when a slide is read, by what it says alone.
        alone = reading_facts(read_reading(own).document, own / READING_NAME).evidence.slides[0]
    except RecordError as error:
        return unseen_slide(evidence.name, f"{Path(error.subject).name} {error.problem}")
    cells_assessed = evidence.numbers.infiltrate is not None
    observed = SlideObservation(evidence.name, findings, evidence.numbers.coverage, cells_assessed=cells_assessed)
    measures: Measures = facts.evidence.measures
    if slide is None:
        return see_slide(observed, evidence, measures, None, None)
    with open_slide(*slide) as reader:
        tissue = find_tissue(reader)
        pictures = take_pictures(reader, tissue, findings, alone)
    return see_slide(observed, evidence, measures, tissue, pictures)
