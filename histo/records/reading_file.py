"""reading.json: what was concluded, from what, by what. Its layout is docs/file-formats.md's; its version is below.

Nothing in it changes when the same slide is read again by the same software: no time, no path, no host.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.clinical import ClinicalContext
from histo.errors import RecordError
from histo.evidence import Coverage, from_dict
from histo.pattern import PatternLabel
from histo.records.outlines import unreadable_outlines
from histo.records.plain import REMEDY, plain, read_json
from histo.records.reading import BiopsyReading, SlideResult
from histo.slide import library_versions

SCHEMA = "histo.reading"
SCHEMA_VERSION = "1.5"
"""Major: a program that reads an older one may break. Minor: only additions."""

RECORDED_PACKAGES = (
    "imagecodecs",
    "numpy",
    "opencv-python-headless",
    "openslide-python",
    "openvino",
    "pillow",
    "scikit-image",
    "scipy",
    "shapely",
    "tifffile",
    "torch",
)
"""Software that can alter a reading, or that has had security faults."""


def reading_document(reading: BiopsyReading) -> dict[str, Any]:
    """A reading as the JSON document that is stored."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "name": reading.name,
        "notice": reading.pattern.disclaimer,
        "pattern": _pattern(reading),
        "evidence": plain(reading.evidence),
        "coverage": plain(reading.evidence.pooled.coverage),
        "scale": _scale(reading.slides),
        "slides": [_slide(slide) for slide in reading.slides],
        "failures": [{**plain(failure), "slide": Path(failure.slide).name} for failure in reading.failures],
        "model": plain(reading.model),
        "clinical": plain(reading.clinical),
        "provenance": provenance(),
    }


def _pattern(reading: BiopsyReading) -> dict[str, Any]:
    """The pattern, and of each reason's fibers and cells where they lie: a viewer need open no table to go there."""
    document: dict[str, Any] = plain(reading.pattern)
    findings = {slide.info.name: slide.findings for slide in reading.slides}
    for reason in document["reasons"]:
        reason["places"] = [
            {
                "slide": place["slide"],
                "fiber_ids": place["fiber_ids"],
                "fibers_um": _places_um(findings[place["slide"]].fibers.center_um, place["fiber_ids"]),
                "cell_ids": place["cell_ids"],
                "cells_um": _places_um(findings[place["slide"]].cells.center_um, place["cell_ids"]),
            }
            for place in reason["places"]
        ]
    return document


def _places_um(center_um: NDArray[np.float32], rows: list[int]) -> list[float]:
    """x, y, x, y, ... of these rows, in slide micrometers, to a tenth."""
    chosen = np.round(center_um[rows].astype(np.float64), 1) if rows else np.zeros((0, 2))
    return [float(value) for value in chosen.ravel()]


def _scale(slides: tuple[SlideResult, ...]) -> dict[str, Any]:
    """The scale and its source; null where the slides of a biopsy differ, and then in `slides` of the document."""
    scales = {slide.info.scale.mpp.um_per_px for slide in slides}
    sources = list(dict.fromkeys(slide.info.scale.source for slide in slides))
    return {
        "um_per_px": plain(scales.pop()) if len(scales) == 1 else None,
        "source": "; ".join(sources),
    }


def _slide(slide: SlideResult) -> dict[str, Any]:
    info = slide.info
    return {
        "name": info.name,
        "file": info.path.name if info.path else None,
        "sha256": info.sha256,
        "width_px": info.size_px.width,
        "height_px": info.size_px.height,
        "levels": len(info.level_sizes_px),
        "vendor": info.vendor,
        "stain": info.stain.value,
        "warnings": list(info.warnings),
        "scale": {"um_per_px": plain(info.scale.mpp.um_per_px), "source": info.scale.source},
        "coverage": plain(slide.coverage),
        "scored_mm2": plain(slide.findings.compartments.scored_mm2),
        "unreadable_mm2": slide.findings.unreadable_mm2,
        "unreadable_regions": [_region(outline) for outline in unreadable_outlines(slide)],
        "fibers": len(slide.findings.fibers),
        "nuclei": len(slide.findings.cells),
        "appearance": plain(slide.findings.appearance),
    }


def _region(outline: shapely.Polygon) -> dict[str, Any]:
    """Rings as x, y, x, y, ...: the outer one, then holes."""
    rings = (outline.exterior, *outline.interiors)
    return {
        "area_um2": plain(outline.area),
        "rings_um": [plain(shapely.get_coordinates(ring).ravel().tolist()) for ring in rings],
    }


def provenance() -> dict[str, Any]:
    """The software that made a reading."""
    versions: dict[str, str | None] = {}
    for package in RECORDED_PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "histo": metadata.version("histo"),
        "python": platform.python_version(),
        "packages": versions | library_versions(),
    }


@dataclass(frozen=True, eq=False, slots=True)
class StoredReading:
    """A reading.json, read back and checked.

    Attributes:
        schema_version: Of the file.
        name: Of the biopsy or slide.
        label: The pattern.
        refusal: Code of the refusal; None where a pattern was named.
        differential: Candidates, best first.
        coverage: Areas over all slides.
        um_per_px: Scale; None where slides differ.
        scale_source: Where the scale was read.
        clinical: The clinical section; None where nothing was given.
        document: Everything in the file.
    """

    schema_version: str
    name: str
    label: PatternLabel
    refusal: str | None
    differential: tuple[PatternLabel, ...]
    coverage: Coverage
    um_per_px: float | None
    scale_source: str
    clinical: ClinicalContext | None
    document: Mapping[str, Any]


def read_reading(path: Path | str) -> StoredReading:
    """Read a reading.json back.

    Args:
        path: The file, or the folder that holds it.

    Raises:
        RecordError: If it is missing, damaged, not a reading, or of a schema that this histo does not know.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "reading.json"
    document = read_json(path)
    if document.get("schema") != SCHEMA:
        raise RecordError(path, f"is not a reading (its schema is {document.get('schema')!r})", REMEDY)
    version = document.get("schema_version")
    if not isinstance(version, str) or version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise RecordError(path, f"has schema version {version!r}, and this histo reads {SCHEMA_VERSION}", REMEDY)
    try:
        pattern, coverage, scale = document["pattern"], document["coverage"], document["scale"]
        refusal = pattern["refusal"]
        um_per_px, clinical = scale["um_per_px"], document.get("clinical")  # readings of schema 1.1 have none
        return StoredReading(
            schema_version=version,
            name=_text(document["name"]),
            label=PatternLabel(pattern["label"]),
            refusal=None if refusal is None else _text(refusal["code"]),
            differential=tuple(PatternLabel(candidate["label"]) for candidate in pattern["differential"]),
            coverage=Coverage(**coverage),
            um_per_px=None if um_per_px is None else float(um_per_px),
            scale_source=_text(scale["source"]),
            clinical=None if clinical is None else from_dict(ClinicalContext, clinical),
            document=document,
        )
    except KeyError as error:
        raise RecordError(path, f"lacks {error}", REMEDY) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise RecordError(path, f"does not hold together ({error})", REMEDY) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value
