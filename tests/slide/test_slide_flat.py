"""Flat images are slides too: every kind of sample, their own scale tags, and no more memory than they need."""

from __future__ import annotations

import pickle
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from slide_files import inspected, tissue_like

from histo.errors import SlideUnsafe
from histo.geometry import WORKING_MPP, Mpp, Region
from histo.slide import Pixels, open_slide, slide_name
from histo.slide.backends import open_with
from histo.slide.flat_tags import jpeg_scale_tags, png_scale_tags, tiff_scale_tags
from histo.slide.probe import examine
from histo.slide.scale import decide_scale
from histo.slide.source import LevelSource
from histo.slide.tiff_source import TiffSource

PIXELS = tissue_like(150, 110)
GREY = PIXELS[..., 1]
INDEX = (GREY // 4).astype(np.uint8)
PALETTE = np.stack([np.arange(256), 255 - np.arange(256), np.arange(256) // 2]).astype(np.uint16) * 257
ALPHA = np.full(GREY.shape, 255, np.uint8)
ALPHA[:40, :50] = 0
RGBA = np.dstack([PIXELS, ALPHA])
REPEATED = np.repeat(GREY[..., None], 3, axis=2)


def source_of(path: Path) -> LevelSource:
    return open_with(examine(path).backend, path)


def everything(source: LevelSource) -> Pixels:
    size = source.facts.level_sizes_px[0]
    return source.read_level(0, Region(0, 0, size.width, size.height))


def tiff(path: Path, data: NDArray[np.generic], **options: object) -> Path:
    tifffile.imwrite(path, data, metadata=None, **options)  # type: ignore[arg-type]
    return path


KINDS: dict[str, tuple[Callable[[Path], Path], NDArray[np.uint8]]] = {
    "8-bit color": (lambda p: tiff(p, PIXELS, photometric="rgb"), PIXELS),
    "16-bit color": (lambda p: tiff(p, PIXELS.astype(np.uint16) * 257, photometric="rgb"), PIXELS),
    "one plane per color": (
        lambda p: tiff(p, np.ascontiguousarray(PIXELS.transpose(2, 0, 1)), photometric="rgb", planarconfig="separate"),
        PIXELS,
    ),
    "planes in tiles": (
        lambda p: tiff(p, PIXELS.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate", tile=(32, 48)),
        PIXELS,
    ),
    "grey": (lambda p: tiff(p, GREY, photometric="minisblack"), REPEATED),
    "zero is white": (lambda p: tiff(p, ~GREY, photometric="miniswhite"), REPEATED),
    "palette": (
        lambda p: tiff(p, INDEX, photometric="palette", colormap=PALETTE),
        (PALETTE >> 8).astype(np.uint8).T[INDEX],
    ),
    "strips, compressed": (lambda p: tiff(p, PIXELS, photometric="rgb", rowsperstrip=7, compression="lzw"), PIXELS),
    "tiles, zstd, which OpenSlide does not know": (
        lambda p: tiff(p, PIXELS, photometric="rgb", tile=(32, 48), compression="zstd"),
        PIXELS,
    ),
}


@pytest.mark.parametrize(("write", "expected"), KINDS.values(), ids=list(KINDS))
def test_tiff_kinds(tmp_path: Path, write: Callable[[Path], Path], expected: NDArray[np.uint8]) -> None:
    source = source_of(write(tmp_path / "a.tif"))
    read = everything(source)
    assert np.array_equal(read.rgb, expected)
    assert read.valid.all()
    part = pickle.loads(pickle.dumps(source)).read_level(0, Region(31, 17, 60, 70))
    assert np.array_equal(part.rgb, expected[17:87, 31:91])


def test_transparent_is_no_data(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a.tif", RGBA, photometric="rgb", extrasamples=["unassalpha"])
    cv2.imwrite(str(tmp_path / "a.png"), cv2.cvtColor(RGBA, cv2.COLOR_RGBA2BGRA))
    for file in (path, tmp_path / "a.png"):
        read = everything(source_of(file))
        assert np.array_equal(read.valid, ALPHA > 0)
        assert np.array_equal(read.rgb[read.valid], PIXELS[read.valid])


def test_png_kinds(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for data, expected in (
        (PIXELS[..., ::-1], PIXELS),
        (PIXELS[..., ::-1].astype(np.uint16) * 257, PIXELS),
        (GREY, REPEATED),
        (GREY.astype(np.uint16) * 257, REPEATED),
    ):
        cv2.imwrite(str(path), data)
        assert np.array_equal(everything(source_of(path)).rgb, expected)


def test_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    cv2.imwrite(str(path), PIXELS[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])
    read = everything(source_of(path))
    assert np.abs(read.rgb.astype(int) - PIXELS).mean() < 5


def test_a_flat_slide_reads_at_the_given_scale(tmp_path: Path) -> None:
    path = tiff(tmp_path / "field.tif", PIXELS, photometric="rgb")
    with open_slide(path, 0.5) as slide:
        assert slide.info.vendor == "flat tiff"
        assert slide.info.scale.source == "--mpp"
        read = slide.read(Region(0, 0, 150, 110), WORKING_MPP)
    assert np.array_equal(read.rgb, PIXELS)


@pytest.mark.parametrize(
    ("options", "um", "source"),
    [
        (
            {"metadata": {"axes": "YXS", "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.25}},
            0.25,
            "PhysicalSizeX = 0.25 µm",
        ),
        (
            {"metadata": {"axes": "YXS", "PhysicalSizeX": 250, "PhysicalSizeXUnit": "nm"}},
            0.25,
            "PhysicalSizeX = 250 nm",
        ),
    ],
)
def test_ome_scale(tmp_path: Path, options: dict[str, object], um: float, source: str) -> None:
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, PIXELS, photometric="rgb", **options)  # type: ignore[arg-type]
    scale = decide_scale(path, source_of(path).facts.scale_tags)
    assert scale.mpp == Mpp(um)
    assert scale.source == source


@pytest.mark.parametrize(
    ("xml", "um"),
    [
        ('<OME><Image><Pixels PhysicalSizeX="0.25"/></Image></OME>', 0.25),
        ('<OME><Image><Pixels PhysicalSizeX="3" PhysicalSizeXUnit="pixel"/></Image></OME>', None),
    ],
)
def test_ome_units(xml: str, um: float | None) -> None:
    (told,) = tiff_scale_tags(SimpleNamespace(is_ome=True, ome_metadata=xml), SimpleNamespace(tags={}))
    assert (told.x_um, told.y_um) == (um, um)


def test_ome_with_a_document_type_or_damage_tells_no_scale() -> None:
    entity = '<!DOCTYPE OME [<!ENTITY a "0.25">]><OME><Pixels PhysicalSizeX="&a;"/></OME>'
    for xml in (entity, '<OME><Pixels PhysicalSizeX="0.25">', "no xml"):
        assert tiff_scale_tags(SimpleNamespace(is_ome=True, ome_metadata=xml), SimpleNamespace(tags={})) == ()


def test_imagej_scale(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, PIXELS, imagej=True, resolution=(4.0, 4.0), metadata={"unit": "micron"})
    scale = decide_scale(path, source_of(path).facts.scale_tags)
    assert scale.mpp == Mpp(0.25)
    assert scale.source == "ImageJ resolution = 4 px per micron"


def test_png_and_jpeg_densities(tmp_path: Path) -> None:
    body = struct.pack(">IIB", 4_000_000, 4_000_000, 1)
    chunk = struct.pack(">I", 9) + b"pHYs" + body + struct.pack(">I", zlib.crc32(b"pHYs" + body))
    cv2.imwrite(str(tmp_path / "a.png"), PIXELS)
    data = (tmp_path / "a.png").read_bytes()
    (told,) = png_scale_tags(data[:33] + chunk + data[33:])
    assert (told.x_um, told.text, told.is_print) == (0.25, "4000000 px per m", True)
    jfif = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\1" + struct.pack(">HH", 72, 72) + b"\0\0"
    (told,) = jpeg_scale_tags(jfif)
    assert (told.text, told.is_print) == ("72 dpi", True)


def test_too_large_to_be_decoded_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("histo.slide.flat_image.LARGEST_FLAT_PX", 10_000)
    monkeypatch.setattr("histo.slide.tiff_source.LARGEST_SEGMENT_PX", 10_000)
    cv2.imwrite(str(tmp_path / "a.png"), PIXELS)
    tiff(tmp_path / "a.tif", PIXELS, photometric="rgb", rowsperstrip=110)
    for name in ("a.png", "a.tif"):
        with pytest.raises(SlideUnsafe, match=r"limit; convert it to a tiled pyramidal TIFF$"):
            source_of(tmp_path / name)


def test_a_large_tiled_tiff_is_read_by_its_tiles(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a.tif", PIXELS, photometric="rgb", tile=(32, 32), compression="zstd")
    source = TiffSource(path)
    source.read_level(0, Region(40, 40, 10, 10))
    assert len(source._cache) == 1


def test_a_real_ome_tiff(real_data: Path) -> None:
    found = inspected(real_data / "slides" / "OS-1-detail.ome.tif")
    assert found.readable
    assert found.name == "OS-1-detail"
    assert found.scale is not None
    assert found.scale.source == "PhysicalSizeX = 0.2270972430394695 µm"


@pytest.mark.parametrize(
    ("path", "name"),
    [("b/a.svs", "a"), ("a.ome.tif", "a"), ("a.OME.TIFF", "a"), ("a.b.ndpi", "a.b"), (".svs", ".svs"), ("a", "a")],
)
def test_names(path: str, name: str) -> None:
    assert slide_name(Path(path)) == name
