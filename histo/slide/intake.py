"""What lies at a path, before anything opens it: a stat, the first bytes, the files that belong together."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from histo.errors import MissingCompanion, NotASlide, SlideNotFound, SlideUnreadable

FORMATS = "give an SVS, NDPI, pyramidal TIFF, DICOM, OME-TIFF, PNG or JPEG file"
_HEAD_BYTES = 512
_CHUNK = 1 << 20
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"RIFF", "a WebP picture or a RIFF file"),
    (b"ZISRAWFILE", "a Zeiss CZI file that OpenSlide does not know"),
    (b"\xda\xce\xbe\x0a", "a Nikon ND2 file"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
)


@dataclass(frozen=True, slots=True)
class Intake:
    """A path that holds something to open.

    Attributes:
        path: What the user gave.
        entry: The file to open; for a DICOM folder one of its files.
        files: All files whose bytes make the slide, in name order.
        name: File or folder name without its ending.
        head: The first bytes of `entry`.
    """

    path: Path
    entry: Path
    files: tuple[Path, ...]
    name: str
    head: bytes

    def sha256(self) -> str:
        """Of the file's bytes; of several files, one after another in name order."""
        digest = hashlib.sha256()
        for file in self.files:
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
        return digest.hexdigest()


def take_in(path: Path) -> Intake:
    """Look at a path without opening anything that could hang or crash.

    Args:
        path: A slide file, or the folder of one DICOM slide.

    Raises:
        SlideNotFound: If it is missing, empty, a folder without exactly one DICOM slide, or no regular file.
        MissingCompanion: If the folder with the slide's pixels is not beside it.
        NotASlide: If it is a format that no library here reads.
        SlideUnreadable: If it may not be read.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        broken = path.is_symlink()
        problem = "it is a link to a file that does not exist" if broken else "there is no such file"
        raise SlideNotFound(path, problem, "check the path") from None
    except OSError as error:
        raise SlideNotFound(
            path, f"it cannot be looked at ({error.strerror})", "check the path and its rights"
        ) from None
    try:
        return _of_folder(path) if stat.S_ISDIR(status.st_mode) else _of_file(path, status.st_mode, status.st_size)
    except PermissionError:
        raise SlideUnreadable(path, "you may not read it", "ask for the right to read the file") from None


def slide_files(path: Path) -> tuple[Path, ...]:
    """The files that a slide seems to be made of: by their names, in a folder by how they begin. Nothing is judged.

    Args:
        path: A slide file or folder; it need not exist.

    Returns:
        The file itself and what lies in its companion folder, or the DICOM files of a folder, in name order.

    Raises:
        OSError: If a folder cannot be listed, or a file in it not be opened.
    """
    if path.is_dir():
        return tuple(sorted(file for file in path.iterdir() if file.is_file() and is_dicom(file)))
    return (path, *_companions(path))


def slide_digest(path: Path) -> str:
    """The sha256 that a reading tells of a slide, without opening it.

    Args:
        path: A slide file, or the folder of one DICOM slide.

    Raises:
        SlideError: As `take_in`.
        OSError: If reading fails on the way.
    """
    return take_in(path).sha256()


def slide_name(path: Path) -> str:
    """The name of a slide's results: the file's name without its ending, or the folder's name.

    Args:
        path: A slide file or folder; it need not exist.
    """
    name = path.name or path.resolve().name
    for ending in (".ome.tif", ".ome.tiff"):
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return name if path.is_dir() else Path(name).stem


def describe(head: bytes) -> str:
    """What a file that no reader knows seems to be."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "an HTML web page"
    if start.startswith(b"version https://git-lfs"):
        return "a git-LFS pointer, not the slide it stands for"
    if start.startswith(b"<?xml"):
        return "an XML document"
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    if b"\0" not in head and sum(byte >= 32 or byte in b"\t\r\n" for byte in head) == len(head):
        return "plain text"
    return "in no image format known here"


def not_a_slide(path: Path, head: bytes) -> NotASlide:
    """The error for a file that no reader knows."""
    what = describe(head)
    remedies = {
        "an HTML web page": "the download failed: fetch the slide again",
        "a git-LFS pointer, not the slide it stands for": "fetch the slide with `git lfs pull`",
    }
    return NotASlide(path, f"it is {what}", remedies.get(what, FORMATS))


def _of_file(path: Path, mode: int, size: int) -> Intake:
    if not stat.S_ISREG(mode):
        what = "a FIFO (named pipe)" if stat.S_ISFIFO(mode) else "a device or socket"
        raise SlideNotFound(path, f"it is {what}, not a regular file", "give the slide file itself")
    if size == 0:
        raise SlideNotFound(path, "the file is empty (0 bytes)", "copy it again")
    files = [path]
    suffix = path.suffix.lower()
    if suffix == ".vsi":
        folder = path.parent / f"_{path.stem}_"
        export = "export the slide as pyramidal TIFF or DICOM in the scanner's software"
        if not folder.is_dir():
            problem = f"the folder {folder.name} with the slide's pixels is not beside it, and VSI cannot be read here"
            raise MissingCompanion(path, problem, export)
        raise NotASlide(path, "it is an Olympus VSI slide, which cannot be read here", export)
    if suffix == ".mrxs":
        folder = path.with_suffix("")
        if not folder.is_dir():
            problem = f"the folder {folder.name} with the slide's pixels is not beside it"
            raise MissingCompanion(path, problem, "copy the folder too, next to the .mrxs file")
        files += _companions(path)
    return Intake(path, path, tuple(files), slide_name(path), _head_of(path))


def _companions(path: Path) -> list[Path]:
    """What belongs to a MIRAX slide: the files of the folder of its name, beside it."""
    folder = path.with_suffix("")
    if path.suffix.lower() != ".mrxs" or not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if file.is_file())


def _of_folder(path: Path) -> Intake:
    files = [file for file in sorted(path.iterdir()) if file.is_file() and is_dicom(file)]
    remedy = "give the slide file, or the folder of one DICOM slide"
    if not files:
        raise SlideNotFound(path, "it is a folder without DICOM files", remedy)
    series = _series_of(files)
    if len(series) > 1:
        raise SlideNotFound(path, f"it is a folder of {len(series)} DICOM slides, not one", remedy)
    return Intake(path, files[0], tuple(files), slide_name(path), _head_of(files[0]))


def _series_of(files: Sequence[Path]) -> set[str]:
    import pydicom  # half a second to import, and only folders need it

    found = set()
    for file in files:
        try:
            header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["SeriesInstanceUID"], force=False)
            found.add(str(header.get("SeriesInstanceUID", "")))
        except (pydicom.errors.InvalidDicomError, ValueError, LookupError, OSError, AttributeError, TypeError):
            found.add("")
    return found


def _head_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD_BYTES)


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do."""
    return _head_of(path)[128:132] == b"DICM"
