"""error_model.json: a bundle's mistakes beside its weights, read back strictly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from histo.errors import RecordError
from histo.network import Card
from histo.records.atomic import write_atomically
from histo.records.plain import plain, read_json
from train.study.error_model import ErrorModel
from train.study.section_errors import SHAPES, SectionErrors
from train.study.shift import headline

ERROR_FILE = "error_model.json"
SCHEMA = 2
REMEDY = "measure it again with `python -m train error-model`"
LIMITS = (
    "Measured on phantom sections alone: on real slides other mistakes are made, and more. Beyond what a slide's own "
    "rates say, mistakes are independent: neighbors are not missed together. Outlines keep their true shape."
)


def reader_digest(card: Card) -> str:
    """sha256 of what makes the mistakes: the weights and the thresholds."""
    points = json.dumps(asdict(card.operating_points), sort_keys=True)
    return hashlib.sha256(f"{card.weights_sha256} {points}".encode()).hexdigest()


def write_errors(path: Path, model: ErrorModel) -> Path:
    """Write a model, with its most telling rates for readers.

    Raises:
        OutputError: If it cannot be written.
    """
    document = {
        "schema": SCHEMA,
        "what": "mistakes of a bundle on phantom sections of held-out seeds; this measures a simulator",
        "limits": LIMITS,
        "bundle": model.bundle,
        "weights_sha256": model.weights_sha256,
        "reader_sha256": model.reader_sha256,
        "phantoms_sha256": model.phantoms_sha256,
        "rates": {name: plain(metric) for name, metric in headline(model).items()},
        "sections": [
            {"seed": seed, "disease": disease, **{name: np.round(getattr(one, name), 9).tolist() for name in SHAPES}}
            for seed, disease, one in zip(model.seeds, model.diseases, model.sections, strict=True)
        ],
    }
    return write_atomically(path, (json.dumps(document, allow_nan=False) + "\n").encode())


def read_errors(path: Path) -> ErrorModel:
    """Read a model back.

    Raises:
        RecordError: If it is missing, damaged, or of another schema.
    """
    document = read_json(path, REMEDY)
    if document.get("schema") != SCHEMA:
        raise RecordError(path, f"has schema {document.get('schema')}, this version reads {SCHEMA}", REMEDY)
    try:
        sections = tuple(_section(entry) for entry in document["sections"])
        model = ErrorModel(
            bundle=str(document["bundle"]),
            weights_sha256=str(document["weights_sha256"]),
            reader_sha256=str(document["reader_sha256"]),
            phantoms_sha256=str(document["phantoms_sha256"]),
            seeds=tuple(int(entry["seed"]) for entry in document["sections"]),
            diseases=tuple(str(entry["disease"]) for entry in document["sections"]),
            sections=sections,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(path, f"is no error model ({error})", REMEDY) from error
    if not model.sections:
        raise RecordError(path, "holds no section", REMEDY)
    return model


def _section(entry: Mapping[str, Any]) -> SectionErrors:
    arrays = {}
    for name, shape in SHAPES.items():
        arrays[name] = np.array(entry[name], np.float64)
        if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} must hold finite numbers of shape {shape}")
        if name not in _SIGNED and (arrays[name] < 0).any():
            raise ValueError(f"{name} must not be negative")
    return SectionErrors(**arrays)


_SIGNED = ("width", "fragment")
