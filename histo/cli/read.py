"""`histo read`: slides in, readings out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from histo.cli.guard import NOTHING_READ, SOME_FAILED, Debug, unexpected
from histo.cli.options import (
    BundleFolder,
    ClinicalFile,
    ConventionsFile,
    DetectorErrorsFile,
    DeviceChoice,
    PrecisionChoice,
    Recover,
    Scale,
)


def read(
    slides: Annotated[list[Path], typer.Argument(metavar="SLIDE...", help="Slide files, or DICOM folders.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the results; made if needed.")],
    mpp: Scale = None,
    biopsy: Annotated[
        str | None, typer.Option(metavar="NAME", help="All slides are of one biopsy, of this name.")
    ] = None,
    bundle: BundleFolder = None,
    device: DeviceChoice = "auto",
    precision: PrecisionChoice = "auto",
    conventions: ConventionsFile = None,
    detector_errors: DetectorErrorsFile = None,
    clinical: ClinicalFile = None,
    recover: Recover = False,
    debug: Debug = False,
) -> None:
    """Read biopsies: find fibers and cells, weigh them, and name the pattern.

    Every slide is a biopsy of its own unless --biopsy is given. Of each, DIR/NAME/ holds report.html (for people),
    overview.png, findings.geojson (for QuPath), reading.json, and the findings as tables. Slides that cannot be read
    are listed in DIR/failures.json.

    Exit codes: 0 read, 2 usage, 3 some slides failed, 4 nothing could be read. A refusal to name a pattern is a result.

    Research use only. A pattern, not a diagnosis.

    Example:  histo read biopsy.svs --out out
    """
    from histo.biopsy import check_names, read_biopsy
    from histo.cli.consoles import error_console, output_console
    from histo.cli.screen import show_reading
    from histo.cli.watch import watch
    from histo.clinical import choose_biopsy, load_clinical
    from histo.errors import HistoError, OutputError, SlideError, UsageError
    from histo.model import load_model
    from histo.pattern import load_conventions
    from histo.records import SlideFailure, make_folder, write_failures
    from histo.slide import slide_name

    check_names([slide_name(path) for path in slides], biopsy)
    graded_by = load_conventions(conventions)
    known = {} if clinical is None else load_clinical(clinical)
    if clinical is not None:
        choose_biopsy(clinical, known, [slide_name(path) for path in slides] if biopsy is None else [biopsy])
    make_folder(out)
    model = load_model(bundle, device=device, precision=precision, detector_errors=detector_errors)
    groups = [(slides, biopsy)] if biopsy is not None else [([path], None) for path in slides]
    console, errors = output_console(), error_console()
    untold = sorted({name or slide_name(paths[0]) for paths, name in groups} - set(known))
    if clinical is not None and untold:
        errors.print(f"histo: {clinical}: tells nothing of {', '.join(untold)}", soft_wrap=True)
    with watch(errors, len(slides)) as watcher:
        for number, (paths, name) in enumerate(groups, start=1):
            try:
                reading = read_biopsy(
                    paths,
                    out=out,
                    mpp=mpp,
                    name=name,
                    model=model,
                    conventions=graded_by,
                    clinical=known.get(name or slide_name(paths[0])),
                    recover=recover,
                    progress=watcher,
                )
            except SlideError:
                if debug:
                    raise
                continue  # the watcher has told it
            except HistoError as error:
                if debug or isinstance(error, UsageError):
                    raise
                # The disk, the engine: no other slide would fare better. What is done is kept, the rest is listed.
                for path in (path for others, _ in groups[number:] for path in others):
                    watcher.failed(SlideFailure.not_begun(str(path), error))
                break
            except Exception as error:
                # A fault of histo in one slide of a batch must not cost the others.
                if debug or len(groups) == 1:
                    raise
                remedy = "read it alone with --debug and report what it shows"
                watcher.failed(SlideFailure(str(paths[0]), type(error).__name__, unexpected(error), remedy))
                continue
            watcher.pause()
            show_reading(console, reading, out / (name or reading.name))
    failures = watcher.failures
    try:
        written = write_failures(out, failures, asked=len(slides))
    except OutputError as error:
        # On a full disk not even the list can be written: then the lines above are the list.
        errors.print(f"histo: {error}", soft_wrap=True)
        written = None
    if failures:
        where = "the lines above tell which" if written is None else f"see {written}"
        errors.print(f"{len(failures)} of {len(slides)} slides could not be read: {where}", soft_wrap=True)
        # A biopsy that could not be written while its slides could is a failure, but not of a slide.
        lost = sum(failure.slide != biopsy for failure in failures)
        raise typer.Exit(NOTHING_READ if lost == len(slides) else SOME_FAILED)
