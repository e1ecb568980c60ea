"""Reads a biopsy, from slide files to a pattern: every stage in order, on one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from histo.clinical import ClinicalFacts, choose_biopsy, load_clinical
from histo.clock import StageClock
from histo.conclude import conclude, coverage_of
from histo.detection import detect
from histo.errors import HistoError, SlideError, UsageError
from histo.model import Device, Model, Precision, load_model
from histo.network import Bundle
from histo.pattern import Conventions, load_conventions
from histo.progress import Progress, Silent
from histo.records import BiopsyReading, SlideFailure, SlideResult, as_stored, run_document
from histo.recovery import try_implants
from histo.report import SlidePictures, take_pictures, write_biopsy_folder, write_recovery, write_slide_folder
from histo.slide import SlideReader, StainGuess, open_slide, slide_name
from histo.tissue import find_tissue

Slide = Path | str | SlideReader
"""A slide file or folder, or a slide that is open already."""


def read_biopsy(
    slides: Slide | Sequence[Slide],
    *,
    out: Path | str | None = None,
    mpp: float | None = None,
    name: str | None = None,
    bundle: Bundle | Path | str | None = None,
    device: Device = "auto",
    precision: Precision = "auto",
    model: Model | None = None,
    conventions: Conventions | Path | str | None = None,
    detector_errors: Path | str | None = None,
    clinical: ClinicalFacts | Path | str | None = None,
    recover: bool = False,
    progress: Progress | None = None,
) -> BiopsyReading:
    """Read one biopsy: one slide, or several of the same biopsy. Research use; a pattern, not a diagnosis.

    A slide of several that cannot be read is listed in `failures`, and the rest is read.

    Args:
        slides: What to read. Slides given open stay open.
        out: Folder for results; nothing is written without it. One slide without `name`: `out/<slide name>/`; else
            `out/<name>/` and a folder in it for each slide.
        mpp: Overrides the scale of every slide file, in um per level-0 pixel.
        name: Of the biopsy; needed for several slides.
        bundle: Weights; the ones that ship with histo if left out.
        device: Where the network runs.
        precision: In which numbers it runs.
        model: Instead of the last three and `detector_errors`: what `load_model` gave, for reading many biopsies.
        conventions: How findings are measured and graded; those that ship with histo if left out.
        detector_errors: What your laboratory has measured of the weights; left out, that of the bundle's folder if
            there is one. It gives corrected counts beside the raw ones, and never alters the pattern.
        clinical: What is known of the patient, or a file that tells it of a biopsy of this name. It gets a section of
            its own, and never alters the pattern.
        recover: Whether to draw implants into every slide and see if they come back: a slide that shows too few of them
            is refused. `recovery.json` and `recovery.png` stand beside its reading.
        progress: Told what happens.

    Returns:
        The reading. A pattern that cannot be named is a refusal in it, not an error.

    Raises:
        UsageError: If there is no slide, two slides have one name, several slides come without `name`, or the
            conventions or the clinical file cannot be used.
        SlideError: If no slide can be read; of a single slide, its own error.
        BundleError: If the bundle is missing or damaged.
        EngineError: If device or precision is not to be had here.
        OutputError: If results cannot be written.
    """
    asked: list[Slide] = list(slides) if isinstance(slides, Sequence) and not isinstance(slides, str) else [slides]
    check_names([_name_of(slide) for slide in asked], name)
    if name is None and len(asked) != 1:
        raise UsageError("name", f"{len(asked)} slides are not one biopsy without a name", "give name='...'")
    model = model or load_model(bundle, device=device, precision=precision, detector_errors=detector_errors)
    if not isinstance(conventions, Conventions):
        conventions = load_conventions(None if conventions is None else Path(conventions))
    known = _known_of(name or _name_of(asked[0]), clinical)
    folder = None if out is None else Path(out) if name is None else Path(out) / name
    clock = StageClock(progress or Silent())

    read: list[tuple[SlideResult, SlidePictures | None]] = []
    failures: list[SlideFailure] = []
    for number, slide in enumerate(asked, start=1):
        clock.listener.slide(_name_of(slide), number, len(asked))
        try:
            alone = known if name is None else None
            read.append(read_and_write_slide(slide, model, conventions, mpp, folder, clock, alone, recover=recover))
        except SlideError as error:
            failures.append(SlideFailure.of(error))
            clock.listener.failed(failures[-1])
            if len(asked) == 1:
                raise
        except UsageError:
            raise  # about the request, not about this slide
        except HistoError as error:
            # The disk, the engine: what stopped this slide would stop the rest. Those that are written stay.
            clock.listener.failed(SlideFailure.stopped(_path_of(slide), error))
            for other in asked[number:]:
                clock.listener.failed(SlideFailure.not_begun(_path_of(other), error))
            raise
    if not read:
        raise SlideError(name or "", f"none of its {len(asked)} slides can be read", "see the error of each slide")

    if name is None or folder is None:
        with clock.stage("weigh"):
            return conclude(
                name or read[0][0].info.name, [slide for slide, _ in read], failures, model, conventions, known
            )
    try:
        return conclude_and_write(name, read, failures, model, conventions, known, folder, clock)
    except HistoError as error:
        clock.listener.failed(SlideFailure.stopped(name, error))
        raise


def read_slide(reader: SlideReader, model: Model, clock: StageClock) -> SlideResult:
    """What is found on one slide."""
    with clock.stage("find tissue"):
        tissue = find_tissue(reader)
    with clock.stage("detect"):
        findings = detect(reader, tissue, model.bundle, model.engine, clock.listener.advance)
    return SlideResult(reader.info, tissue, coverage_of(tissue, findings), findings)


def read_and_write_slide(
    slide: Slide,
    model: Model,
    conventions: Conventions,
    mpp: float | None,
    folder: Path | None,
    clock: StageClock,
    clinical: ClinicalFacts | None = None,
    original: Path | None = None,
    recover: bool = False,
) -> tuple[SlideResult, SlidePictures | None]:
    """Read one slide, and write its own reading: the part of a biopsy that needs pixels.

    Args:
        slide: What to read.
        model: What reads it.
        conventions: How findings are measured and graded.
        mpp: Overrides the scale of a slide file.
        folder: Gets a folder of the slide's name; None to write nothing.
        clock: Its times are added to.
        clinical: What is known of the patient, where the slide is a biopsy of its own.
        original: Where the slide truly lies, if `slide` is a copy of it.
        recover: Whether to draw implants into it and see if they come back.

    Returns:
        What was found, and the pictures that a report of it shows; None if nothing is written.

    Raises:
        HistoError: As `read_biopsy`.
    """
    own = StageClock(clock.listener)
    pictures = implants = None
    with _opened(slide, mpp, own) as reader:
        result = read_slide(reader, model, own)
        if recover and result.info.stain is StainGuess.HE:
            with own.stage("implant"):
                verdict, implants = try_implants(
                    reader, result.tissue, result.findings, model.bundle, model.engine, conventions,
                    progress=own.listener.advance,
                )  # fmt: skip
            result = replace(result, recovery=verdict)
        if original is not None:
            result = replace(result, info=replace(result.info, path=original))
        if folder is not None:
            with own.stage("weigh"):
                alone = conclude(result.info.name, [result], [], model, conventions, clinical)
            with own.stage("take pictures"):
                # By the evidence as it is stored, so that a report drawn from the files shows the same.
                pictures = take_pictures(reader, result.tissue, result.findings, as_stored(alone.evidence.slides[0]))
    if folder is not None and pictures is not None:
        clock.listener.stage("write")
        run = run_document(own.started, own.seconds, _read_mm2([result]), _paths_of([result]))
        if implants is not None:
            write_recovery(folder / result.info.name, *implants)
        write_slide_folder(folder / result.info.name, alone, pictures, run)
    clock.add(own)
    return result, pictures


def conclude_and_write(
    name: str,
    read: Sequence[tuple[SlideResult, SlidePictures | None]],
    failures: Sequence[SlideFailure],
    model: Model,
    conventions: Conventions,
    clinical: ClinicalFacts | None,
    folder: Path,
    clock: StageClock,
) -> BiopsyReading:
    """Weigh all slides of a biopsy together and write their common reading: the part that needs no pixels.

    Args:
        name: Of the biopsy.
        read: What `read_and_write_slide` gave of each slide that could be read.
        failures: The slides that could not.
        model: What read them.
        conventions: How findings are measured and graded.
        clinical: What is known of the patient.
        folder: Of the biopsy; the slides' own folders lie in it.
        clock: Its times are added to, and told.

    Raises:
        OutputError: If the reading cannot be written.
    """
    results = [result for result, _ in read]
    with clock.stage("weigh"):
        reading = conclude(name, results, failures, model, conventions, clinical)
    pictures = {result.info.name: taken for result, taken in read if taken is not None}
    run = run_document(clock.started, clock.seconds, _read_mm2(results), _paths_of(results))
    write_biopsy_folder(folder, reading, pictures, run)
    return reading


def check_names(names: Sequence[str], biopsy: str | None) -> None:
    """Refuse requests whose results would overwrite each other; upper and lower case count as one, as on some disks.

    Args:
        names: Of the slides.
        biopsy: Of the biopsy; None where each slide is its own.

    Raises:
        UsageError: If two slides have one name, or the biopsy's name is no folder name.
    """
    seen: set[str] = set()
    for slide in names:
        if slide.casefold() in seen:
            raise UsageError(slide, "two slides have this name, and so would their results", "rename one of them")
        seen.add(slide.casefold())
    if biopsy is not None and (biopsy in {"", ".", ".."} or Path(biopsy).name != biopsy or "\\" in biopsy):
        raise UsageError(repr(biopsy), "a biopsy's name becomes a folder", "give it one without slashes")


def _known_of(biopsy: str, clinical: ClinicalFacts | Path | str | None) -> ClinicalFacts | None:
    """What is known of a biopsy; it must be there if a file is given."""
    if clinical is None or isinstance(clinical, ClinicalFacts):
        return clinical
    facts = load_clinical(Path(clinical))
    choose_biopsy(Path(clinical), facts, [biopsy])
    return facts[biopsy]


@contextmanager
def _opened(slide: Slide, mpp: float | None, clock: StageClock) -> Iterator[SlideReader]:
    if isinstance(slide, Path | str):
        with clock.stage("open"):
            reader = open_slide(Path(slide), mpp)
        with reader:
            yield reader
    else:
        yield slide


def _name_of(slide: Slide) -> str:
    return slide_name(Path(slide)) if isinstance(slide, Path | str) else slide.info.name


def _path_of(slide: Slide) -> str:
    return str(slide) if isinstance(slide, Path | str) else slide.info.name


def _paths_of(results: Sequence[SlideResult]) -> dict[str, Path | None]:
    return {result.info.name: result.info.path for result in results}


def _read_mm2(results: Sequence[SlideResult]) -> float:
    return sum(result.coverage.assessable_mm2 for result in results)
