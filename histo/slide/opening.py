"""Opening a slide: look before touching, let a child try, judge the scale, and only then hand out pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from histo.errors import SlideError, SlideTooSmall
from histo.geometry import WORKING_MPP, Size
from histo.slide.backends import Backend, open_with
from histo.slide.fast_source import quickest
from histo.slide.intake import slide_name, take_in
from histo.slide.openslide_source import OpenSlideSource, library_warnings
from histo.slide.probe import ProbeReport
from histo.slide.pyramid import PyramidReader
from histo.slide.reader import Scale, SlideInfo, SlideReader, StainGuess
from histo.slide.sandbox import probe
from histo.slide.scale import decide_scale, scale_warnings
from histo.slide.source import LevelSource, SourceFacts
from histo.slide.stain import guess_stain
from histo.slide.thumbnail import thumbnail
from histo.slide.tiff_header import check_tiff, is_tiff

SMALLEST_WPX = 64
"""A slide under 64 working px (32 um) on a side cannot hold one adult muscle fiber."""


@dataclass(frozen=True, slots=True)
class SlideInspection:
    """What could be learned of a file, whether or not it can be read.

    Attributes:
        path: The file or folder.
        name: Name of the slide's results.
        problem: Why it cannot be read; None if it can.
        vendor: Format or maker.
        size_px: Level-0 size.
        level_sizes_px: Sizes of the levels that can be read, finest first.
        scale: Scale and its source; None where there is none to trust.
        stain: What a thumbnail's colors look like.
        sha256: Of the file or files.
        properties: Allow-listed properties of the file.
        warnings: What the user should know, one sentence each.
    """

    path: Path
    name: str
    problem: SlideError | None = None
    vendor: str | None = None
    size_px: Size | None = None
    level_sizes_px: tuple[Size, ...] = ()
    scale: Scale | None = None
    stain: StainGuess | None = None
    sha256: str | None = None
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether `open_slide` would open it."""
        return self.problem is None


def open_slide(path: Path, mpp_override: float | None = None) -> SlideReader:
    """Open a slide for reading.

    Args:
        path: SVS, NDPI, pyramidal TIFF, DICOM (file or folder), and all else that OpenSlide reads; flat TIFF, OME-TIFF,
            PNG, JPEG.
        mpp_override: Scale in um per level-0 pixel, where the file's own is missing or wrong.

    Returns:
        A reader to be closed, or used in a `with` statement.

    Raises:
        SlideError: The subclass tells what is wrong; the text, what to do about it.
        UsageError: If the override is no scale.
    """
    found, opened = _look(Path(path), mpp_override)
    if found.problem is not None:
        raise found.problem
    if opened is None or found.size_px is None or found.scale is None or found.stain is None or found.sha256 is None:
        raise AssertionError("an inspection without a problem has all facts")
    info = SlideInfo(
        path=found.path,
        name=found.name,
        size_px=found.size_px,
        level_sizes_px=found.level_sizes_px,
        scale=found.scale,
        vendor=found.vendor or "unknown",
        stain=found.stain,
        sha256=found.sha256,
        warnings=found.warnings,
    )
    return PyramidReader(opened.source, info, opened.levels)


def inspect_slide(path: Path, mpp_override: float | None = None) -> SlideInspection:
    """Learn what a slide is, and whether it can be read.

    Args:
        path: As for `open_slide`.
        mpp_override: As for `open_slide`.

    Returns:
        All facts that could be had, with the problem that would stop `open_slide`, if any.

    Raises:
        UsageError: If the override is no scale.
    """
    found, opened = _look(Path(path), mpp_override)
    if opened is not None:
        opened.source.close()
    return found


@dataclass(frozen=True, slots=True)
class _Opened:
    """A source that the probe has cleared, and its usable levels."""

    source: LevelSource
    levels: tuple[int, ...]


def _look(path: Path, mpp_override: float | None) -> tuple[SlideInspection, _Opened | None]:
    """Learn as much as can be; the source is open exactly when there is no problem."""
    found = SlideInspection(path, slide_name(path))
    source: LevelSource | None = None
    try:
        intake = take_in(path)
        if is_tiff(intake.head):
            check_tiff(intake.entry)
        report, sha256 = probe(path, intake.entry, intake.sha256)
        found = replace(found, sha256=sha256)
        source = open_with(report.backend, intake.entry)
        if isinstance(source, OpenSlideSource):
            source = quickest(intake.entry, source, report.levels)
        facts = source.facts
        sizes = facts.level_sizes_px
        found = replace(
            found,
            vendor=facts.vendor,
            size_px=sizes[0],
            level_sizes_px=tuple(sizes[level] for level in report.levels),
            stain=guess_stain(thumbnail(source, report.levels)),
            properties=MappingProxyType(dict(facts.properties)),
            warnings=_warnings(report, facts),
        )
        scale = decide_scale(path, facts.scale_tags, mpp_override)
        found = replace(found, scale=scale, warnings=found.warnings + scale_warnings(scale, facts.scale_tags))
        _check_size(path, sizes[0], scale)
    except SlideError as problem:
        if source is not None:
            source.close()
        return replace(found, problem=problem), None
    except BaseException:
        if source is not None:
            source.close()
        raise
    return found, _Opened(source, report.levels)


def _check_size(path: Path, size: Size, scale: Scale) -> None:
    working = size.rescaled(scale.mpp, WORKING_MPP)
    if min(working.width, working.height) < SMALLEST_WPX:
        side_um = SMALLEST_WPX * WORKING_MPP.um_per_px
        um = f"{scale.mpp.to_um(float(size.width)):.0f} x {scale.mpp.to_um(float(size.height)):.0f} um"
        problem = f"it has only {size} px ({um}), and a slide needs at least {side_um:.0f} um on each side"
        raise SlideTooSmall(path, problem, "give the whole slide, or correct the scale with --mpp")


def _warnings(report: ProbeReport, facts: SourceFacts) -> tuple[str, ...]:
    found = list(library_warnings()) if report.backend is Backend.OPENSLIDE else []
    if report.failed:
        found.append(f"{report.failed} of {report.tested} test blocks could not be read")
    if len(report.levels) < report.levels_in_all:
        found.append(f"{report.levels_in_all - len(report.levels)} of {report.levels_in_all} levels are left out")
    if facts.properties.get("dicom.PhotometricInterpretation") in ("YBR_ICT", "YBR_RCT"):
        found.append("colors may be wrong: OpenSlide misreads some JPEG 2000 DICOM files (openslide#772)")
    return tuple(found)
