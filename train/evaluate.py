"""How well a bundle reads fields whose truth is known, and a report of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from histo.findings import Cells, FiberClass, Fibers
from histo.network import ALIGNMENT_WPX, Engine, Metric, OperatingPoints, decode_block
from histo.network.layout import COMPARTMENTS, STRIDE
from histo.phantom.truth import FieldTruth
from train.field_store import digest_of, load_field, seed_of, stored_fields
from train.metrics import Tally, summarize, tally_field
from train.origins import counted_fields

Maps = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What was measured on a set of phantom fields.

    Attributes:
        metrics: See `train.metrics.summarize`.
        confusion: (5, 5) truth by prediction, fibers that were found.
        fields: How many.
        seeds: First and last seed.
        digest: sha256 of the fields.
    """

    metrics: Mapping[str, Metric]
    confusion: NDArray[np.int64]
    fields: int
    seeds: tuple[int, int]
    digest: str


def maps_of(engine: Engine, rgb: NDArray[np.uint8]) -> Maps:
    """Maps of a field of any even size; beyond its edges its last rows and columns are repeated.

    Args:
        engine: Runs the network.
        rgb: (H, W, 3) uint8 at 0.5 um/px.

    Returns:
        (26, H / 2, W / 2) float32.
    """
    height, width = rgb.shape[:2]
    margin = ((0, -height % ALIGNMENT_WPX), (0, -width % ALIGNMENT_WPX), (0, 0))
    maps = engine.run(np.pad(rgb, margin, mode="edge"))
    return np.ascontiguousarray(maps[:, : height // STRIDE, : width // STRIDE])


def findings_of(maps: Maps, points: OperatingPoints) -> tuple[Fibers, Cells, NDArray[np.uint8]]:
    """Fibers, nuclei and the compartment codes at 1 um/px; micrometers count from the field's corner."""
    fibers, cells = decode_block(maps, (0.0, 0.0), points)
    return fibers, cells, maps[COMPARTMENTS].argmax(axis=0).astype(np.uint8)


def read_fields(engine: Engine, folder: Path, label: str) -> Iterator[tuple[FieldTruth, Maps]]:
    """Truth and maps of every stored field, with a progress bar."""
    for path, _ in track(counted_fields(folder), description=label):
        field = load_field(path)
        yield field.truth, maps_of(engine, field.rgb)


def evaluate_fields(engine: Engine, points: OperatingPoints, folder: Path) -> Evaluation:
    """Read every field of a folder and count.

    Args:
        engine: Runs the bundle's network.
        points: The bundle's thresholds.
        folder: Of stored fields that nothing was fitted to or chosen on.
    """
    tallies: list[Tally] = []
    for truth, maps in read_fields(engine, folder, f"Reading {folder}"):
        tallies.append(tally_field(truth, *findings_of(maps, points)))
    paths = stored_fields(folder)
    return Evaluation(
        metrics=summarize(tallies),
        confusion=np.sum([tally.confusion for tally in tallies], axis=0),
        fields=len(paths),
        seeds=(seed_of(paths[0]), seed_of(paths[-1])),
        digest=digest_of(folder),
    )


def report(evaluation: Evaluation | None, real: Mapping[str, Metric], bundle_sha256: str) -> str:
    """The figures as JSON text.

    Args:
        evaluation: On phantoms, if there was one.
        real: On real fields; empty if there were none.
        bundle_sha256: Whose figures they are.
    """
    content: dict[str, object] = {"bundle_sha256": bundle_sha256}
    if evaluation is not None:
        content["phantom"] = {
            "fields": evaluation.fields,
            "seeds": evaluation.seeds,
            "fields_sha256": evaluation.digest,
            "metrics": {name: asdict(metric) for name, metric in evaluation.metrics.items()},
            "classes": [kind.name.lower() for kind in FiberClass],
            "confusion_truth_by_prediction": evaluation.confusion.tolist(),
        }
    if real:
        content["real"] = {name: asdict(metric) for name, metric in real.items()}
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def show(title: str, metrics: Mapping[str, Metric]) -> None:
    """Print figures as a table: precision, recall and F1 side by side, everything else as a value."""
    rows: dict[str, dict[str, Metric]] = {}
    for name, metric in metrics.items():
        finding, _, measure = name.rpartition(".")
        row, column = (finding, measure) if measure in _COLUMNS else (name, "value")
        rows.setdefault(row, {})[column] = metric
    table = Table(title=title)
    for heading in ("", *_COLUMNS, "value"):
        table.add_column(heading, no_wrap=True)
    for row, figures in rows.items():
        table.add_row(row, *(_figure(figures.get(column)) for column in (*_COLUMNS, "value")))
    Console(width=150).print(table)


_COLUMNS = ("precision", "recall", "f1")


def _figure(metric: Metric | None) -> str:
    if metric is None:
        return ""
    interval = "" if metric.low is None or metric.high is None else f" [{metric.low:.3f}, {metric.high:.3f}]"
    return f"{metric.value:.3f}{interval}"
