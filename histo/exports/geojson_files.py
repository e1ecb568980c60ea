"""GeoJSON as it is, or compressed; streamed, and the same bytes on repeat."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from histo.exports.stored_slide import StoredSlide
from histo.records import read_area_features, stream_geojson
from histo.records.findings_files import GEOJSON_NAME

_LEVEL = 6
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first date that a ZIP file can tell, for one that tells none."""
_REGULAR_FILE = 0o100644 << 16


def write_geojson_file(path: Path, slide: StoredSlide, ending: str, *, all_nuclei: bool) -> None:
    """Write a slide's findings for QuPath.

    Areas (tissue, artefacts, what could not be read) are taken from the folder's findings.geojson as they are.

    Args:
        path: Where to write.
        slide: What.
        ending: `.geojson`, `.geojson.gz` or `.geojson.zip`, whatever `path` is called.
        all_nuclei: Whether myonuclei and other nuclei are written too.
    """
    with _opened(path, ending, f"{slide.name}.geojson") as file:
        stream_geojson(
            file,
            slide.findings.fibers,
            slide.cells,
            areas=read_area_features(slide.folder / GEOJSON_NAME),
            scale=slide.scale,
            identity=slide.sha256,
            all_nuclei=all_nuclei,
        )


@contextmanager
def _opened(path: Path, ending: str, member: str) -> Iterator[TextIO]:
    """The file as text to write; compressed files tell neither time nor name of where they were made."""
    if ending == ".geojson":
        with path.open("w", encoding="utf-8", newline="\n") as file:
            yield file
    elif ending == ".geojson.gz":
        with (
            path.open("wb") as raw,
            gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=raw, mtime=0) as packed,
            io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as file,
        ):
            yield file
    else:
        entry = zipfile.ZipInfo(member, _EPOCH)
        entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, _REGULAR_FILE, 3
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive,
            archive.open(entry, "w", force_zip64=True) as member_file,
            io.TextIOWrapper(member_file, encoding="utf-8", newline="\n") as file,
        ):
            yield file
