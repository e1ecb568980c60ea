"""All that a reader corrected in a folder of readings, as annotation files and the manifest that `prepare` takes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from histo.cohort.manifest import COLUMNS
from histo.errors import HistoError, RecordError, UsageError
from histo.records import Staged, make_folder, read_run_slides
from histo.records.drawn_file import drawn_geojson
from histo.review.entries import Act
from histo.review.export import drawn_objects
from histo.review.found import FoundShelf
from histo.review.library import Case, Library, SlideEntry
from histo.review.phases import last
from histo.review.store import STORE_NAME, Store
from histo.slide import slide_digest

MANIFEST_NAME = "manifest.csv"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        manifest: The file.
        objects: Drawn objects by annotation file.
        left_out: Slides of which nothing was said, by name.
    """

    manifest: Path
    objects: tuple[tuple[Path, int], ...]
    left_out: tuple[str, ...]


def export_corrections(folder: Path, out: Path, reader: str | None = None, slides: Path | None = None) -> Exported:
    """Write one GeoJSON file a slide, and manifest.csv beside them.

    Args:
        folder: With the readings and their history.
        out: Where to write.
        reader: Whose corrections; may be left out where there is one reader.
        slides: Where to look for slide files that have moved.

    Raises:
        RecordError: If there is no history, or a slide file is not the one that was read.
        UsageError: If it is not clear whose corrections are meant, or he made none.
        OutputError: If the files cannot be written. Nothing is left half-written.
    """
    if not (folder / STORE_NAME).is_file():
        raise RecordError(folder, "holds no history of a review", "review it first with `histo review`")
    library, store, shelf = Library(folder), Store(folder), FoundShelf()
    try:
        cases = library.cases()[0]
        who = _reader(folder, {name for case in cases for name in store.readers(case.biopsy)}, reader)
        files: dict[str, bytes] = {}
        rows, counts, left_out = [], [], []
        for case, slide in _slides(cases):
            entries = store.entries(case.biopsy, who)
            objects = drawn_objects(entries, slide.sha256, shelf.get(slide))
            if not objects:
                left_out.append(slide.name)
                continue
            name = f"{case.name}-{slide.name}.geojson" if slide.name != case.name else f"{slide.name}.geojson"
            files[name] = drawn_geojson(objects, slide.mpp, slide.sha256)
            counts.append((out / name, len(objects)))
            final = last(entries, Act.FINAL)
            label = "" if final is None else str((final.payload or {})["pattern"])
            rows.append(
                (case.name, case.name, str(_file_of(slide, slides)), name, repr(slide.mpp.um_per_px), "", "", label)
            )
    finally:
        store.close()
    if not rows:
        raise UsageError(folder, f"{who} has corrected nothing", "correct findings or read an audit first")
    make_folder(out)
    files[MANIFEST_NAME] = _csv(rows)
    with Staged(out) as staged:
        for name, data in files.items():
            staged.add(name, partial(_write, data))
    return Exported(out / MANIFEST_NAME, tuple(counts), tuple(left_out))


def _reader(folder: Path, readers: set[str], reader: str | None) -> str:
    listed = ", ".join(sorted(readers)) or "nobody"
    if reader is None and len(readers) == 1:
        return next(iter(readers))
    if reader is None or reader not in readers:
        problem = f"has been reviewed by {listed}" + ("" if reader is None else f", not by {reader}")
        raise UsageError(folder, problem, "name one of them with --reader")
    return reader


def _slides(cases: tuple[Case, ...]) -> Iterator[tuple[Case, SlideEntry]]:
    for case in cases:
        for slide in case.slides:
            yield case, slide


def _file_of(slide: SlideEntry, slides: Path | None) -> Path:
    """The slide's file, once its bytes are those that were read."""
    recorded = read_run_slides(slide.folder).get(slide.name)
    found = [] if slides is None or slide.file is None else sorted(slides.rglob(slide.file))
    for path in [*([] if recorded is None else [recorded]), *found]:
        try:
            if path.exists() and slide_digest(path) == slide.sha256:
                return path.absolute()
        except (HistoError, OSError):
            continue
    problem = "its file is not where it was when it was read, or has changed"
    raise RecordError(slide.name, problem, "name the folder that holds it with --slides")


def _write(data: bytes, path: Path) -> None:
    path.write_bytes(data)


def _csv(rows: Sequence[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerows([COLUMNS, *rows])
    return text.getvalue().encode("utf-8")
