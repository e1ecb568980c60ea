"""What is wrong with a file is said in one line: the file, what was found, and what to do."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tifffile
from slide_files import inspected, tissue_like, write_pyramid

from histo.errors import (
    HistoError,
    MissingCompanion,
    NotASlide,
    ScaleMissing,
    ScaleTooCoarse,
    SlideNotFound,
    SlideTooSmall,
    SlideUnreadable,
    SlideUnsafe,
)
from histo.slide import open_slide, sandbox

GIVE_ONE = "give an SVS, NDPI, pyramidal TIFF, DICOM, OME-TIFF, PNG or JPEG file"
NO_SCALE = "no tag tells the scale; give it in um per pixel with --mpp"
COARSE = "fibers need 2.0 um/px or finer; export the slide at 20x or more, or correct the scale with --mpp"
SMALL = "and a slide needs at least 32 um on each side; give the whole slide, or correct the scale with --mpp"
AGAIN = "copy it again from the scanner, or export it anew"
CUT = "copy it again from the scanner"

REAL: dict[str, tuple[type[HistoError], str]] = {
    "broken/html-503.svs": (NotASlide, "it is an HTML web page; the download failed: fetch the slide again"),
    "broken/lfs-pointer.tif": (
        NotASlide,
        "it is a git-LFS pointer, not the slide it stands for; fetch the slide with `git lfs pull`",
    ),
    "broken/not-a-tiff.svs": (NotASlide, f"it is plain text; {GIVE_ONE}"),
    "broken/small.svs": (SlideTooSmall, f"it has only 16 x 16 px (8 x 8 um), {SMALL}"),
    "broken/unreadable.svs": (
        SlideUnreadable,
        f"it opens, but its pixels cannot be read: Bogus marker length; {AGAIN}",
    ),
    "broken/unopenable.tiff": (
        SlideUnreadable,
        f"it cannot be opened: Unsupported TIFF compression: 52479; {AGAIN}",
    ),
    "broken/without-companion-folder.vsi": (
        MissingCompanion,
        "the folder _without-companion-folder_ with the slide's pixels is not beside it, and VSI cannot be read here; "
        "export the slide as pyramidal TIFF or DICOM in the scanner's software",
    ),
    "slides/no-scale-tcga-cr-7395.svs": (ScaleMissing, NO_SCALE),
    "slides/flat-ihc-kidney.tif": (ScaleMissing, NO_SCALE),
    "muscle/fibers_01.tif": (ScaleMissing, NO_SCALE),
    "slides/overview-camelyon.dcm": (ScaleTooCoarse, f"PixelSpacing = 28.97 um/px is too coarse: {COARSE}"),
    "slides/bone-jpeg.dcm": (ScaleTooCoarse, f"PixelSpacing = 16.78 um/px is too coarse: {COARSE}"),
    "slides/bone-jpeg2000.dcm": (ScaleTooCoarse, f"PixelSpacing = 16.78 um/px is too coarse: {COARSE}"),
    "slides/bone-raw.dcm": (ScaleTooCoarse, f"PixelSpacing = 16.78 um/px is too coarse: {COARSE}"),
    "slides/tiny-tiles.dcm": (SlideTooSmall, f"it has only 50 x 50 px (25 x 25 um), {SMALL}"),
    "slides": (
        SlideNotFound,
        "it is a folder of 5 DICOM slides, not one; give the slide file, or the folder of one DICOM slide",
    ),
    "muscle": (
        SlideNotFound,
        "it is a folder without DICOM files; give the slide file, or the folder of one DICOM slide",
    ),
    "missing.svs": (SlideNotFound, "there is no such file; check the path"),
}


def failure(path: Path) -> HistoError:
    with pytest.raises(HistoError) as caught:
        open_slide(path)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(("name", "kind", "text"), [(name, *told) for name, told in REAL.items()])
def test_real_files(real_data: Path, name: str, kind: type[HistoError], text: str) -> None:
    problem = inspected(real_data / name).problem
    assert type(problem) is kind
    assert str(problem) == f"{real_data / name}: {text}"


@pytest.mark.parametrize("name", ["broken/unreadable.svs", "slides/tiny-tiles.dcm", "missing.svs"])
def test_opening_raises_what_inspecting_tells(real_data: Path, name: str) -> None:
    error, found = failure(real_data / name), inspected(real_data / name)
    assert not found.readable
    assert (type(error), str(error)) == (type(found.problem), str(found.problem))


def test_every_broken_file_is_in_the_table(real_data: Path) -> None:
    assert {f"broken/{path.name}" for path in (real_data / "broken").iterdir()} <= set(REAL)


@pytest.mark.parametrize(
    ("name", "content", "kind", "text"),
    [
        ("a.svs", b"", SlideNotFound, "the file is empty (0 bytes); copy it again"),
        ("a.svs", b"PK\x03\x04" + bytes(40), NotASlide, f"it is a ZIP archive; {GIVE_ONE}"),
        ("a.svs", b"%PDF-1.7\n\0", NotASlide, f"it is a PDF document; {GIVE_ONE}"),
        ("a.svs", b'<?xml version="1.0"?><a/>', NotASlide, f"it is an XML document; {GIVE_ONE}"),
        ("a.svs", bytes(range(256)), NotASlide, f"it is in no image format known here; {GIVE_ONE}"),
        ("a.tif", b"II*\0", SlideUnreadable, f"it is cut short: it has 4 bytes but needs at least 16; {CUT}"),
        (
            "a.mrxs",
            b"\xff\xd8\xff\xe0",
            MissingCompanion,
            "the folder a with the slide's pixels is not beside it; copy the folder too, next to the .mrxs file",
        ),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(40), SlideUnreadable, "its header is damaged; copy or export it again"),
    ],
)
def test_small_contents(tmp_path: Path, name: str, content: bytes, kind: type[HistoError], text: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    error = failure(path)
    assert type(error) is kind
    assert str(error) == f"{path}: {text}"


def test_a_vsi_with_its_folder_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "_a_").mkdir()
    (tmp_path / "a.vsi").write_bytes(b"II*\0")
    assert str(failure(tmp_path / "a.vsi")) == (
        f"{tmp_path / 'a.vsi'}: it is an Olympus VSI slide, which cannot be read here; "
        "export the slide as pyramidal TIFF or DICOM in the scanner's software"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_fifo_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "a.svs"
    os.mkfifo(path)
    assert str(failure(path)) == (f"{path}: it is a FIFO (named pipe), not a regular file; give the slide file itself")


def test_a_link_to_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "a.svs"
    path.symlink_to(tmp_path / "gone.svs")
    assert str(failure(path)) == f"{path}: it is a link to a file that does not exist; check the path"


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.98])
@pytest.mark.parametrize("name", ["slides/cmu-1-small-region.svs", "muscle/muscle_section.tif"])
def test_a_truncated_slide_is_called_cut_short(real_data: Path, tmp_path: Path, name: str, keep: float) -> None:
    whole = (real_data / name).read_bytes()
    path = tmp_path / Path(name).name
    path.write_bytes(whole[: int(len(whole) * keep)])
    error = failure(path)
    assert type(error) is SlideUnreadable
    assert error.problem.startswith(f"it is cut short: it has {path.stat().st_size} bytes but needs at least ")


def test_truncated_pictures_are_called_cut_short(tmp_path: Path) -> None:
    import cv2

    for ending in (".png", ".jpg"):
        data = bytes(cv2.imencode(ending, tissue_like(400, 300))[1])
        path = tmp_path / f"a{ending}"
        path.write_bytes(data[: len(data) // 2])
        assert str(failure(path)) == f"{path}: it is cut short: its end is missing; copy it again"


def lying_tiff(path: Path, width: int, length: int, tile: int) -> Path:
    """A few hundred bytes that declare a huge picture."""
    entries = [(256, 4, width), (257, 4, length), (258, 3, 8), (262, 3, 1), (322, 4, tile), (323, 4, tile)]
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + bytes(300))
    return path


def test_a_header_that_cannot_be_true(tmp_path: Path) -> None:
    for arguments, claim in (
        ((2_000_000, 2_000_000, 256), "it claims 2000000 x 2000000 px"),
        ((5000, 5000, 50_000), "it claims tiles of 50000 x 50000 px"),
    ):
        error = failure(lying_tiff(tmp_path / "a.tif", *arguments))
        assert type(error) is SlideUnsafe
        assert error.problem == f"its TIFF header cannot be true: {claim}"


def test_directories_in_a_circle(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0" + struct.pack("<IHHHIII", 8, 1, 256, 4, 1, 100, 8))
    assert failure(path).problem == "its TIFF header cannot be true: its directories run in a circle"


def test_a_crash_of_the_test_process_is_an_error_not_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_pyramid(tmp_path / "a.tif", tissue_like(300, 260), 0.5)
    monkeypatch.setattr(sandbox, "COMMAND", ("-c", "import os; os.abort()"))
    error = failure(path)
    assert type(error) is SlideUnsafe
    assert error.problem == "opening it crashed a test process (SIGABRT)"


def test_a_test_process_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_pyramid(tmp_path / "a.tif", tissue_like(300, 260), 0.5)
    monkeypatch.setattr(sandbox, "COMMAND", ("-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(sandbox, "TIMEOUT_S", 0.2)
    error = failure(path)
    assert type(error) is SlideUnsafe
    assert error.problem == "opening it took longer than 0.2 s"


@pytest.mark.parametrize("said", ["", "[]", "{}", '{"error": ["os", "a", "b"]}', '{"error": ["UsageError", "a", "b"]}'])
def test_a_test_process_that_talks_nonsense_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    path = write_pyramid(tmp_path / "a.tif", tissue_like(300, 260), 0.5)
    monkeypatch.setattr(sandbox, "COMMAND", ("-c", f"print({said!r})"))
    error = failure(path)
    assert type(error) is SlideUnsafe
    assert error.problem == "the test process said nothing that makes sense"


def test_the_test_process_cannot_take_all_memory() -> None:
    import sys

    script = "from histo.slide.probe import _limit; _limit(); import numpy; numpy.ones(1 << 33, 'u1')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "MemoryError" in done.stderr


def test_pictures_that_are_not_colors(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "float.tif", np.zeros((100, 100), np.float32))
    error = failure(tmp_path / "float.tif")
    assert type(error) is SlideUnreadable
    assert error.problem == "its pixels are float32, not 8 or 16 bits"


def test_damaged_ome_xml_tells_no_scale(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, tissue_like(100, 100), photometric="rgb", metadata={"axes": "YXS"})
    path.write_bytes(path.read_bytes().replace(b"<Image ", b"<<mage "))
    assert type(failure(path)) is ScaleMissing
