"""Biopsies as points: the evidence features of each, with its patient and its label; from readings or from a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from histo.errors import HistoError, RecordError, UsageError
from histo.evidence import Evidence, Measures, from_dict
from histo.pattern import FEATURES, NAMED_PATTERNS, PatternLabel, digest_of, features_of
from histo.records import StoredReading, read_reading, write_atomically

TABLE_SCHEMA = "histo.biopsies 1"
_TEXTS = ("biopsy", "patient", "label")
_NAMES = [feature.name for feature in FEATURES]


@dataclass(frozen=True, eq=False, slots=True)
class Biopsies:
    """Biopsies, in an order that does not matter.

    Attributes:
        names: (N,) their names, each once.
        patients: (N,) whose they are.
        labels: (N,) the pattern that somebody named, or truth of a phantom; None where nobody did.
        features: (N, F) float64, as `features_of` gives them.
        weights_sha256: Of the network whose findings these are.
        measures_sha256: Of the measures that the evidence was taken with.
    """

    names: tuple[str, ...]
    patients: tuple[str, ...]
    labels: tuple[PatternLabel | None, ...]
    features: NDArray[np.float64]
    weights_sha256: str
    measures_sha256: str

    def __len__(self) -> int:
        """How many."""
        return len(self.names)

    def select(self, rows: Sequence[int] | NDArray[np.int64]) -> Biopsies:
        """Some of them."""
        chosen = [int(row) for row in rows]
        return Biopsies(
            names=tuple(self.names[row] for row in chosen),
            patients=tuple(self.patients[row] for row in chosen),
            labels=tuple(self.labels[row] for row in chosen),
            features=self.features[chosen].reshape(len(chosen), -1),
            weights_sha256=self.weights_sha256,
            measures_sha256=self.measures_sha256,
        )


def write_biopsies(path: Path, biopsies: Biopsies) -> None:
    """Write a table: a row for each biopsy, `biopsy`, `patient`, `label`, and a column for each feature in its unit.

    Raises:
        OutputError: If it cannot be written.
    """
    columns = {
        "biopsy": pa.array(biopsies.names, pa.string()),
        "patient": pa.array(biopsies.patients, pa.string()),
        "label": pa.array([None if label is None else label.value for label in biopsies.labels], pa.string()),
        **{name: pa.array(values, from_pandas=True) for name, values in zip(_NAMES, biopsies.features.T, strict=True)},
    }
    metadata = {
        "schema": TABLE_SCHEMA,
        "weights_sha256": biopsies.weights_sha256,
        "measures_sha256": biopsies.measures_sha256,
    }
    stream = pa.BufferOutputStream()
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), stream, compression="zstd")
    write_atomically(path, stream.getvalue().to_pybytes())


def read_biopsies(path: Path) -> Biopsies:
    """Read a table that `write_biopsies` wrote.

    Raises:
        RecordError: If it cannot be read, or has other columns than the features that this histo measures.
    """
    remedy = "write it again with this version"
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise RecordError(path, f"cannot be read as Parquet ({' '.join(str(error).split())[:200]})", remedy) from error
    metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    if metadata.get("schema") != TABLE_SCHEMA or table.column_names != [*_TEXTS, *_NAMES]:
        raise RecordError(path, "is no table of the biopsies' features that this histo measures", remedy)
    texts = {name: table.column(name).to_pylist() for name in _TEXTS}
    if len(set(texts["biopsy"])) < len(table):
        raise RecordError(path, "names a biopsy twice", "give each a name of its own")
    values = [table.column(name).to_numpy(zero_copy_only=False).astype(np.float64) for name in _NAMES]
    return Biopsies(
        names=tuple(texts["biopsy"]),
        patients=tuple(texts["patient"]),
        labels=tuple(None if label is None else PatternLabel(label) for label in texts["label"]),
        features=np.stack(values, axis=1).reshape(len(table), len(FEATURES)),
        weights_sha256=metadata["weights_sha256"],
        measures_sha256=metadata["measures_sha256"],
    )


def gather_readings(folders: Sequence[Path]) -> tuple[Biopsies, int]:
    """Take the features of biopsies that `histo read` wrote, each as its own patient.

    A biopsy that was refused (tissue, stain, scale) has no pattern to learn, and is left out.

    Args:
        folders: Of single readings, or folders that hold folders of readings; not the slides within a biopsy's folder.

    Returns:
        The biopsies without labels, and how many were refused.

    Raises:
        UsageError: If a folder holds no reading, or two readings have one name, other weights, or other conventions.
        RecordError: If a reading cannot be read back.
    """
    stored = [reading for folder in folders for reading in _readings_in(folder)]
    kept = [reading for reading in stored if reading.refusal is None]
    if not kept:
        raise UsageError("pattern", f"all {len(stored)} readings are refusals", "read biopsies that can be assessed")
    names = [reading.name for reading in kept]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(name, "two readings have this name", "read them under names of their own")
    taken = [_features_and_measures(reading) for reading in kept]
    return Biopsies(
        names=tuple(names),
        patients=tuple(names),
        labels=(None,) * len(names),
        features=np.stack([features for features, _ in taken]),
        weights_sha256=_one("weights", {reading.name: _weights(reading) for reading in kept}),
        measures_sha256=_one("conventions", dict(zip(names, (measures for _, measures in taken), strict=True))),
    ), len(stored) - len(kept)


def _readings_in(folder: Path) -> Iterator[StoredReading]:
    if (folder / "reading.json").is_file():
        yield read_reading(folder)
        return
    files = sorted(folder.glob("*/reading.json"))
    if not files:
        raise UsageError(folder, "holds no reading", "give a folder that `histo read --out` wrote")
    for file in files:
        yield read_reading(file)


def _features_and_measures(reading: StoredReading) -> tuple[NDArray[np.float64], str]:
    try:
        stored = reading.document["evidence"]
        numbers, measures = from_dict(Evidence, stored["pooled"]), from_dict(Measures, stored["measures"])
    except (KeyError, TypeError, ValueError) as error:
        raise _other_version(reading, error) from error
    return features_of(numbers), digest_of(measures)


def _weights(reading: StoredReading) -> str:
    try:
        return str(reading.document["model"]["weights_sha256"])
    except (KeyError, TypeError) as error:
        raise _other_version(reading, error) from error


def _other_version(reading: StoredReading, error: Exception) -> HistoError:
    problem = f"its evidence is of another version of histo ({error})"
    return RecordError(reading.name, problem, "read the biopsy again with this version")


def _one(what: str, found: dict[str, str]) -> str:
    """What all readings have in common."""
    first, own = next(iter(found.items()))
    for name, other in found.items():
        if other != own:
            raise UsageError(name, f"was read with other {what} than {first}", f"read all with the same {what}")
    return own


def check_named(label: str) -> PatternLabel:
    """The named pattern that a text means.

    Raises:
        ValueError: If it means none.
    """
    found = next((one for one in NAMED_PATTERNS if one.value == label), None)
    if found is None:
        raise ValueError(f"{label!r} is no named pattern; use one of {', '.join(NAMED_PATTERNS)}")
    return found
