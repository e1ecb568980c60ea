"""What a study keeps of each biopsy: what it truly is, its evidence features, and what the table made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from histo.errors import RecordError
from histo.evidence import BiopsyEvidence
from histo.pattern import Conventions, PatternLabel, Suitability, read_pattern
from histo.pattern.features import FEATURES, features_of
from histo.records.atomic import write_atomically
from train.study.biopsies import Plan

SCHEMA = "histo.study 1"
_NAMES = tuple(feature.name for feature in FEATURES)


@dataclass(frozen=True, eq=False)
class Record:
    """One biopsy of a study.

    Attributes:
        number: Its place in the study.
        seed: Reproduces it.
        disease: What was simulated.
        pattern: What is visible: the pattern that its specification states.
        mm2: Assessable area of all slides.
        fibers: That were found.
        label: What the decision table says; `not_assessable` if it was refused.
        refusal: Code of the first reason to refuse; empty if there is none.
        levels: What the table says of each slide alone.
        features: (F,) float64, in the order of `FEATURES`; NaN where not assessed.
    """

    number: int
    seed: int
    disease: str
    pattern: PatternLabel
    mm2: float
    fibers: int
    label: PatternLabel
    refusal: str
    levels: tuple[PatternLabel, ...]
    features: NDArray[np.float64]

    @property
    def name(self) -> str:
        """The biopsy's name."""
        return f"{self.disease}-{self.seed}"


def record_of(
    number: int,
    plan: Plan,
    pattern: str,
    evidence: BiopsyEvidence,
    suitability: Sequence[Suitability],
    conventions: Conventions,
) -> Record:
    """Read the table for a biopsy, and keep what the study needs."""
    reading = read_pattern(evidence, suitability, conventions)
    return Record(
        number=number,
        seed=plan.seed,
        disease=plan.disease,
        pattern=PatternLabel(pattern),
        mm2=evidence.pooled.coverage.assessable_mm2,
        fibers=evidence.pooled.fibers.fibers,
        label=reading.label,
        refusal="" if reading.refusal is None else reading.refusal.code,
        levels=tuple(slide.label for slide in reading.slides),
        features=features_of(evidence.pooled),
    )


def write_records(path: Path, records: Sequence[Record], facts: Mapping[str, str]) -> None:
    """Write biopsies as a Parquet table, sorted by number.

    Args:
        path: The file.
        records: At least none.
        facts: What they depend on; kept in the file.

    Raises:
        OutputError: If it cannot be written.
    """
    ordered = sorted(records, key=lambda record: record.number)
    features = np.array([record.features for record in ordered], np.float64).reshape(len(ordered), len(_NAMES))
    columns = {
        "biopsy": pa.array([record.name for record in ordered], pa.string()),
        "number": pa.array([record.number for record in ordered], pa.int64()),
        "seed": pa.array([record.seed for record in ordered], pa.int64()),
        "disease": pa.array([record.disease for record in ordered], pa.string()),
        "pattern": pa.array([record.pattern.value for record in ordered], pa.string()),
        "slides": pa.array([len(record.levels) for record in ordered], pa.int64()),
        "mm2": pa.array([record.mm2 for record in ordered], pa.float64()),
        "fibers": pa.array([record.fibers for record in ordered], pa.int64()),
        "label": pa.array([record.label.value for record in ordered], pa.string()),
        "refusal": pa.array([record.refusal for record in ordered], pa.string()),
        "levels": pa.array([[one.value for one in record.levels] for record in ordered], pa.list_(pa.string())),
        **{
            name: pa.array(column, pa.float64(), from_pandas=True)
            for name, column in zip(_NAMES, features.T, strict=True)
        },
    }
    stream = pa.BufferOutputStream()
    table = pa.table(columns).replace_schema_metadata({"schema": SCHEMA, **facts})
    pq.write_table(table, stream, compression="zstd")
    write_atomically(path, stream.getvalue().to_pybytes())


def read_records(path: Path) -> tuple[tuple[Record, ...], dict[str, str]]:
    """Read a table back, with what it depends on.

    Raises:
        RecordError: If it cannot be read, or holds other features than this histo measures.
    """
    remedy = "remove it and run the study again"
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise RecordError(path, f"cannot be read as Parquet ({' '.join(str(error).split())[:200]})", remedy) from error
    facts = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    if facts.pop("schema", None) != SCHEMA or tuple(table.column_names[-len(_NAMES) :]) != _NAMES:
        raise RecordError(path, "is no table of a study by this version", remedy)
    features = np.array([table.column(name).to_numpy(zero_copy_only=False) for name in _NAMES], np.float64).T
    rows = table.select(table.column_names[: -len(_NAMES)]).to_pylist()
    return tuple(
        Record(
            number=row["number"],
            seed=row["seed"],
            disease=row["disease"],
            pattern=PatternLabel(row["pattern"]),
            mm2=row["mm2"],
            fibers=row["fibers"],
            label=PatternLabel(row["label"]),
            refusal=row["refusal"],
            levels=tuple(PatternLabel(one) for one in row["levels"]),
            features=own,
        )
        for row, own in zip(rows, features, strict=True)
    ), facts
