"""The slides of a folder, found by names and first bytes: nothing is opened that could crash."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from histo.errors import SlideError, UsageError
from histo.slide.flat_image import is_flat_image
from histo.slide.flat_tags import jpeg_scale_tags, png_scale_tags
from histo.slide.intake import is_dicom
from histo.slide.scale import decide_scale
from histo.slide.tiff_header import is_tiff

_FORMATS = ("svs", "ndpi", "mrxs", "scn", "bif", "svslide", "vms", "vmu", "czi", "zvi", "vsi", "tif", "tiff", "dcm")
SLIDE_ENDINGS = frozenset(f".{ending}" for ending in _FORMATS)
"""Whatever has such a name is meant to be a slide: if it cannot be read, that is told, not passed over."""

_HEAD_BYTES = 4096
_OF_VMS = (".vms", ".vmu")


def slides_in(folder: Path, out: Path, mpp: float | None) -> tuple[list[Path], int]:
    """Look through a folder and those in it.

    The DICOM files of a folder are one slide, which has the folder's name; its other files are looked at as anywhere.
    The companion folder of a slide (MIRAX, VSI) is part of it, as are the pictures that a VMS file names. A PNG or JPEG
    is a slide where its scale is known: from itself, or from `mpp`.

    Args:
        folder: Where to look.
        out: Left out, by whatever way its path leads there; it need not exist.
        mpp: Scale that is given with the request.

    Returns:
        The slides in the order of their paths, and how many other files there were.

    Raises:
        UsageError: If a folder cannot be listed, or `out` is the folder itself: then results would lie among slides.
    """
    out = out.resolve()
    if folder.resolve() == out:
        raise UsageError(out, "is the folder of the slides itself", "choose another folder with --out")
    slides: list[Path] = []
    others = 0
    for place, there in _walk(folder, out):
        files = [file for file in there if not _begins_as_dicom(file)]
        if len(files) < len(there):
            slides.append(place)
        companions = {named for file in files if file.suffix.lower() in _OF_VMS for named in _named_in(file, files)}
        found = [file for file in files if file not in companions and _is_slide(file, mpp)]
        slides += found
        others += len(files) - len(found) - len(companions)
    return sorted(slides), others


def _walk(folder: Path, out: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Each folder with its files; not hidden ones, not the output, not companions of a slide beside them."""

    def refuse(error: OSError) -> None:
        raise UsageError(error.filename, f"cannot be listed ({error.strerror})", "ask for the right to read it")

    for place, folders, names in os.walk(folder, onerror=refuse):
        here = Path(place)
        stems = {Path(name).stem for name in names if Path(name).suffix.lower() == ".mrxs"}
        stems |= {f"_{Path(name).stem}_" for name in names if Path(name).suffix.lower() == ".vsi"}
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in stems and (here / name).resolve() != out
        )
        yield here, [here / name for name in sorted(names) if not name.startswith(".") and (here / name).is_file()]


def _begins_as_dicom(file: Path) -> bool:
    try:
        return is_dicom(file)
    except OSError:  # if it is a slide by its name, reading it tells why it cannot be read
        return False


def _is_slide(file: Path, mpp: float | None) -> bool:
    if file.suffix.lower() in SLIDE_ENDINGS:
        return True
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        return False
    if is_tiff(head):
        return True
    return is_flat_image(head) and (mpp is not None or _tells_its_scale(file, head))


def _tells_its_scale(file: Path, head: bytes) -> bool:
    try:
        decide_scale(file, png_scale_tags(head) or jpeg_scale_tags(head), None)
    except SlideError:
        return False
    return True


def _named_in(index: Path, files: list[Path]) -> set[Path]:
    """The files beside a VMS index that it names."""
    try:
        text = index.read_bytes()[: 1 << 20].decode("latin-1")
    except OSError:
        return set()
    return {file for file in files if file != index and file.name in text}
