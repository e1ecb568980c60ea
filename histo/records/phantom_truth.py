"""The truth of a phantom slide as files: GeoJSON, two tables, and truth.json, which vouches for the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass
from histo.geometry import UM2_PER_MM2, WORKING_MPP
from histo.phantom import PhantomSlide
from histo.phantom.fibers import FiberLook
from histo.phantom.fingerprint import source_fingerprint
from histo.phantom.known_areas import KnownAreas, StructureKind
from histo.records.atomic import Staged
from histo.records.geojson import write_geojson
from histo.records.outlines import Area
from histo.records.plain import json_bytes, plain
from histo.records.qupath import ARTEFACT_NAME, COMPARTMENT_NAMES, FASCICLE_NAME, STRUCTURE_NAME, TISSUE_NAME
from histo.records.reading_file import provenance
from histo.records.tables import write_cells, write_fibers
from histo.slide import Scale

TRUTH_SCHEMA = "histo.phantom_truth"
TRUTH_SCHEMA_VERSION = "1.0"
"""Major: a program that reads an older one may break. Minor: only additions."""

NOTICE = "Simulated. What is measured on phantoms says nothing about patients. Research use only."

TRUTH_SCALE = Scale(WORKING_MPP, "drawn at this scale")


def truth_name(slide: Path) -> str:
    """Name of the file that vouches for a phantom slide's truth."""
    return f"{slide.stem}.truth.json"


def stage_truth(staged: Staged, made: PhantomSlide) -> None:
    """Stage the truth of a phantom slide; its truth.json comes last.

    Args:
        staged: Where: the slide's folder.
        made: The slide and what is truly on it.
    """
    stem, truth = made.path.stem, made.truth
    identity = f"phantom {made.disease or made.pattern} {made.seed} {made.tissue_mm2:.6f}"
    looks = np.array([kind.name.lower() for kind in FiberLook])
    of_fibers: dict[str, NDArray[np.generic]] = {
        "fascicle": truth.fascicle,
        "stage": truth.stage,
        "look": looks[truth.look],
        "covered": truth.fiber_covered,
    }

    def fibers(path: Path) -> None:
        write_fibers(path, truth.fibers, sha256=identity, scale=TRUTH_SCALE, cells=truth.cells, more=of_fibers)

    def cells(path: Path) -> None:
        write_cells(path, truth.cells, sha256=identity, scale=TRUTH_SCALE, more={"covered": truth.cell_covered})

    def geojson(path: Path) -> None:
        write_geojson(
            path, fibers=truth.fibers, cells=truth.cells, areas=tuple(_areas(truth.areas)), scale=TRUTH_SCALE,
            identity=identity, all_nuclei=True,
        )  # fmt: skip

    staged.add(f"{stem}.truth.fibers.parquet", fibers)
    staged.add(f"{stem}.truth.cells.parquet", cells)
    staged.add(f"{stem}.truth.geojson", geojson)
    staged.add(truth_name(made.path), lambda path: path.write_bytes(json_bytes(truth_document(made))))


def truth_document(made: PhantomSlide) -> dict[str, Any]:
    """A phantom slide's truth in numbers, as the JSON document that is stored."""
    truth = made.truth
    stem = made.path.stem
    return {
        "schema": TRUTH_SCHEMA,
        "schema_version": TRUTH_SCHEMA_VERSION,
        "notice": NOTICE,
        "slide": made.path.name,
        "width_px": made.size_px.width,
        "height_px": made.size_px.height,
        "um_per_px": WORKING_MPP.um_per_px,
        "pattern": made.pattern,
        "disease": made.disease,
        "seed": made.seed,
        "counts": {
            "fibers": _counts(FiberClass, truth.fibers.fiber_class),
            "looks": _counts(FiberLook, truth.look),
            "attributes": {kind.name.lower(): int(truth.fibers.attributes[:, kind].sum()) for kind in FiberAttribute},
            "nuclei": _counts(CellClass, truth.cells.cell_class),
            "nuclei_by_compartment": _counts(Compartment, truth.cells.compartment),
            "fascicles": len(truth.areas.fascicles),
            "structures": {known.name: len(known.shapes) for known in truth.areas.structures},
        },
        "areas_mm2": plain(_areas_mm2(made)),
        "spec": _exact(asdict(made.spec)),
        "look": _exact(asdict(made.look)),
        "files": {
            "fibers": f"{stem}.truth.fibers.parquet",
            "cells": f"{stem}.truth.cells.parquet",
            "geojson": f"{stem}.truth.geojson",
            "label_maps": {name: path.name for name, path in made.label_maps.items()},
        },
        "source_fingerprint": source_fingerprint(),
        "provenance": provenance(),
    }


def _exact(value: Any) -> Any:  # noqa: ANN401
    """What drew the phantom, with all digits, so that it can be drawn again; NumPy's scalars as those of Python."""
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _counts(kinds: type[IntEnum], codes: NDArray[np.uint8]) -> dict[str, int]:
    return {kind.name.lower(): int(np.count_nonzero(codes == kind)) for kind in kinds}


def _areas_mm2(made: PhantomSlide) -> dict[str, float]:
    areas = made.truth.areas
    fascicles = float(shapely.area(areas.fascicles).sum()) / UM2_PER_MM2
    return {
        "section": made.tissue_mm2,
        "fascicles": fascicles,
        "between_fascicles": made.tissue_mm2 - fascicles,
        "fibers": float(made.fibers.area_um2.sum(dtype=np.float64)) / UM2_PER_MM2,
        **{known.name: known.area_mm2 for known in areas.structures},
    }


def _areas(areas: KnownAreas) -> Iterator[Area]:
    """Tissue, fascicles, and every structure and artefact."""
    yield _area("tissue", TISSUE_NAME, TISSUE_NAME, areas.section)
    for number, fascicle in enumerate(areas.fascicles):
        yield _area(f"fascicle-{number}", FASCICLE_NAME, f"Fascicle {number}", fascicle)
    for known in areas.structures:
        for row, (title, shape) in enumerate(zip(known.titles, known.shapes, strict=True)):
            yield _area(f"{known.name}-{row}", _class_name(known.kind), title, shape)


def _area(key: str, name: str, title: str, shape: shapely.Geometry) -> Area:
    pieces = tuple(part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon))
    return Area(key, name, title, pieces)


def _class_name(kind: StructureKind) -> str:
    if kind.artefact:
        return ARTEFACT_NAME
    return STRUCTURE_NAME if kind.compartment is None else COMPARTMENT_NAMES[kind.compartment]
