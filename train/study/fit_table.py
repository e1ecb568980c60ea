"""A table of sampled biopsies that the differential is fitted on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from histo.cohort import Split
from histo.errors import UsageError
from histo.network import load_bundle
from histo.pattern import NAMED_PATTERNS, digest_of, load_conventions
from train.biopsies import Biopsies, write_biopsies
from train.seeds import take_seeds
from train.study.error_file import ERROR_FILE, read_errors, reader_digest
from train.study.sampling import collect
from train.study.scenarios import AS_MEASURED

FIRST_SEED = 100_000
"""Of the training split's seeds: other biopsies than any study's."""


def write_fit_table(bundle: Path, errors: Path | None, count: int, processes: int, out: Path) -> int:
    """Sample biopsies and write what `python -m train pattern` fits on.

    Those that were refused are left out; those that show no named pattern have no label.

    Args:
        bundle: Its folder.
        errors: The error model; None takes the one beside the weights.
        count: How many; the diseases take turns.
        processes: How many to work in; 0 is this one.
        out: The table; parts are kept in a folder of its name.

    Returns:
        How many have a label.

    Raises:
        UsageError: If the error model is of another reader.
        RecordError: If it cannot be read.
        OutputError: If something cannot be written.
    """
    file = errors or bundle / ERROR_FILE
    model = read_errors(file)
    if model.reader_sha256 != reader_digest(load_bundle(bundle).card):
        raise UsageError(file, "was measured of other weights or thresholds", "measure it: python -m train error-model")
    seeds = take_seeds(Split.TRAIN, count, FIRST_SEED)
    records = [
        record
        for record in collect(out.with_suffix(""), seeds, AS_MEASURED, file, bundle, processes)
        if not record.refusal
    ]
    labels = tuple(record.pattern if record.pattern in NAMED_PATTERNS else None for record in records)
    names = tuple(record.name for record in records)
    features = np.array([record.features for record in records], np.float64)
    measures = digest_of(load_conventions().measures)
    write_biopsies(out, Biopsies(names, names, labels, features, model.weights_sha256, measures))
    return sum(label is not None for label in labels)
