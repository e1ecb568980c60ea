"""Rendered fields on disk: one safetensors file a field, written atomically, read without unpacking anything."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from histo.geometry import Mpp
from histo.phantom.truth import Field, FieldTruth

_SUFFIX = ".safetensors"

_KNOWN = ("fibers_known", "cells_known", "attributes_known", "cell_classes_known")
"""Stored only where something is unknown: a file without them is of a phantom, of which everything is known."""


@dataclass(frozen=True, eq=False)
class FieldObjects:
    """What can be looked for in a stored field, without its pixels. Frame: the field's pixels.

    Attributes:
        fiber_center_px: (N, 2) float32, x and y of the mean of each fiber's pixels.
        fiber_class: (N,) uint8.
        fiber_attributes: (N, 6) bool.
        cell_center_px: (M, 2) float32, x and y.
        cell_class: (M,) uint8.
    """

    fiber_center_px: NDArray[np.float32]
    fiber_class: NDArray[np.uint8]
    fiber_attributes: NDArray[np.bool_]
    cell_center_px: NDArray[np.float32]
    cell_class: NDArray[np.uint8]


def field_path(folder: Path, seed: int) -> Path:
    """Where the field of a seed is kept."""
    return folder / f"{seed:07d}{_SUFFIX}"


def stored_fields(folder: Path) -> tuple[Path, ...]:
    """The fields of a folder, by seed.

    Raises:
        FileNotFoundError: If there are none.
    """
    paths = tuple(sorted(folder.glob(f"*{_SUFFIX}")))
    if not paths:
        remedy = "make some with `python -m train render`, or of slides with `python -m train prepare`"
        raise FileNotFoundError(f"{folder}: no rendered fields; {remedy}")
    return paths


def seed_of(path: Path) -> int:
    """The seed of a stored field."""
    return int(path.stem)


def save_field(path: Path, field: Field, made_by: str) -> None:
    """Write a field under its final name only when it is whole.

    Args:
        path: Where to.
        field: With at most 65,535 fibers.
        made_by: What identifies the code that drew it.
    """
    truth = field.truth
    count = len(truth.fiber_class)
    tensors = {
        "rgb": field.rgb,
        "fiber_labels": truth.fiber_labels.astype(np.uint16),
        "fiber_class": truth.fiber_class,
        "fiber_attributes": truth.fiber_attributes.astype(np.uint8),
        "fiber_center_px": _centers_px(truth.fiber_labels, count),
        "cell_center_px": truth.cell_center_px,
        "cell_class": truth.cell_class,
        "compartments": truth.compartments,
        **_what_is_known(truth),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    whole = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    save_file(whole, partial, metadata={"made_by": made_by, "mpp": str(truth.mpp.um_per_px)})
    partial.replace(path)


def _what_is_known(truth: FieldTruth) -> dict[str, NDArray[np.uint8]]:
    masks = {name: getattr(truth, name) for name in _KNOWN}
    return {name: mask.astype(np.uint8) for name, mask in masks.items() if mask is not None and not mask.all()}


def made_by(path: Path) -> str | None:
    """What drew a stored field; None if there is no whole file."""
    try:
        with safe_open(path, framework="numpy") as file:
            return str(file.metadata()["made_by"])
    except (OSError, SafetensorError, TypeError, KeyError):
        return None


def load_field(path: Path) -> Field:
    """Read a field back."""
    arrays = load_file(path)
    with safe_open(path, framework="numpy") as file:
        mpp = Mpp(float(file.metadata()["mpp"]))
    truth = FieldTruth(
        fiber_labels=arrays["fiber_labels"].astype(np.int32),
        fiber_class=arrays["fiber_class"],
        fiber_attributes=arrays["fiber_attributes"].astype(np.bool_),
        cell_center_px=arrays["cell_center_px"],
        cell_class=arrays["cell_class"],
        compartments=arrays["compartments"],
        mpp=mpp,
        **{name: arrays[name].astype(np.bool_) for name in _KNOWN if name in arrays},
    )
    return Field(rgb=arrays["rgb"], truth=truth)


def load_objects(path: Path) -> FieldObjects:
    """Read only what can be looked for in a field."""
    with safe_open(path, framework="numpy") as file:
        centers = file.get_tensor("fiber_center_px")[1:]
        drawn = np.isfinite(centers[:, 0])
        return FieldObjects(
            fiber_center_px=centers[drawn],
            fiber_class=file.get_tensor("fiber_class")[1:][drawn],
            fiber_attributes=file.get_tensor("fiber_attributes")[1:][drawn].astype(np.bool_),
            cell_center_px=file.get_tensor("cell_center_px"),
            cell_class=file.get_tensor("cell_class"),
        )


def digest_of(folder: Path) -> str:
    """sha256 over the names and contents of a folder's fields: what a card calls its training data."""
    total = hashlib.sha256()
    for path in stored_fields(folder):
        with path.open("rb") as file:
            total.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()


def _centers_px(labels: NDArray[np.int32], count: int) -> NDArray[np.float32]:
    """(count, 2), NaN for fibers without a pixel."""
    rows, columns = np.indices(labels.shape, dtype=np.float32)
    pixels = np.bincount(labels.ravel(), minlength=count).astype(np.float64)
    pixels[pixels == 0] = np.nan
    sums = [np.bincount(labels.ravel(), axis.ravel(), minlength=count) for axis in (columns, rows)]
    return (np.stack(sums, axis=1) / pixels[:, None] + 0.5).astype(np.float32)
