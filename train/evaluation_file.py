"""The figures of an evaluation as JSON, and on the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from histo.agreement import Agreement
from histo.findings import Compartment, FiberClass
from histo.network import Metric
from train.evaluate import Evaluation
from train.familiarity import SlideVerdict
from train.floors import Standing
from train.observe import HEADS
from train.real_evaluation import RealEvaluation
from train.tables import (
    FALSE_RATES,
    agreements,
    bins_of,
    compartment_rows,
    groups_by,
    mean_over,
    sensitivities,
)


def report(
    evaluation: Evaluation | None,
    phantoms: Mapping[str, Metric],
    real: RealEvaluation | None,
    floors: Sequence[Standing],
    bundle_sha256: str,
    appearances: Sequence[SlideVerdict] = (),
) -> str:
    """The figures as JSON text.

    Args:
        evaluation: On fields, if there was one: under `phantom`, or under `slides` if they were cut from slides.
        phantoms: On phantom sections; they join the metrics under `phantom`.
        real: On real pixels, if there were any: figures, every mistake, and what came of wrong inputs.
        floors: How the figures stand to the floors.
        bundle_sha256: Whose figures they are.
        appearances: What came of unfamiliar and of ordinary phantom slides.
    """
    content: dict[str, Any] = {"bundle_sha256": bundle_sha256}
    if evaluation is not None:
        content["phantom" if evaluation.seeds else "slides"] = _content(evaluation)
    if phantoms:
        joined = content.setdefault("phantom", {"metrics": {}})
        joined["metrics"] |= {name: asdict(metric) for name, metric in phantoms.items()}
    if real is not None:
        content["real"] = {name: asdict(metric) for name, metric in real.metrics.items()}
        content["real_mistakes"] = [asdict(mistake) for mistake in real.mistakes]
        content["real_section"] = real.section
        content["real_muscle"] = [asdict(verdict) for verdict in real.muscle]
        content["wrong_inputs"] = [asdict(reading) for reading in real.wrong]
    if appearances:
        content["appearances"] = [asdict(verdict) for verdict in appearances]
    if floors:
        content["floors"] = [asdict(standing) for standing in floors]
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _content(evaluation: Evaluation) -> dict[str, Any]:
    patients = groups_by(evaluation, lambda origin: origin.patient)
    return {
        "fields": len(evaluation.paths),
        "slides": len({origin.slide for origin in evaluation.origins}),
        "patients": len(patients),
        "seeds": evaluation.seeds,
        "simulated": evaluation.simulated,
        "fields_sha256": evaluation.digest,
        "metrics": {name: asdict(metric) for name, metric in evaluation.metrics.items()},
        "classes": [kind.name.lower() for kind in FiberClass],
        "confusion_truth_by_prediction": evaluation.confusion.tolist(),
        "compartments": [asdict(row) for row in compartment_rows(evaluation)],
        "compartment_names": [kind.name.lower() for kind in Compartment],
        "compartment_pixels_truth_by_prediction": np.sum(
            [seen.tally.compartments for seen in evaluation.observations], axis=0
        ).tolist(),
        "false_calls_per_mm2": FALSE_RATES,
        "sensitivity_at_false_calls": {
            name: [asdict(metric) for metric in row] for name, row in sensitivities(evaluation).items()
        },
        "counts_by_slide": {name: _agreement(found) for name, found in agreements(evaluation).items()},
        "reliability_count_stated_true": {head: bins_of(evaluation.observations, head).tolist() for head in HEADS},
        "mean_over_patients": {name: asdict(metric) for name, metric in mean_over(patients).items()},
        "by_site": [asdict(group) for group in groups_by(evaluation, lambda origin: origin.site)],
        "by_patient": [asdict(group) for group in patients],
        "by_slide": [asdict(group) for group in groups_by(evaluation, lambda origin: origin.slide)],
    }


def _agreement(found: Agreement) -> dict[str, Any]:
    return asdict(found) | {"truth": found.truth.tolist(), "found": found.found.tolist()}


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
        table.add_row(row, *(figure(figures.get(column)) for column in (*_COLUMNS, "value")))
    Console(width=150).print(table)


_COLUMNS = ("precision", "recall", "f1")


def show_floors(floors: Sequence[Standing]) -> None:
    """Print how the figures stand to the floors."""
    table = Table(title="Floors")
    for heading in ("", "floor", "measured", "n", "beside", "reached"):
        table.add_column(heading)
    for standing in floors:
        floor = standing.floor
        beside = "" if standing.beside is None else f"{floor.beside} {figure(standing.beside)}"
        reached = "yes" if standing.reached else "no"
        bound = f"{floor.sense} {floor.bound:g}"
        table.add_row(floor.title, bound, figure(standing.metric), str(standing.metric.n), beside, reached)
    Console(width=150).print(table)


def figure(metric: Metric | None) -> str:
    """A figure with its interval, as text; empty where there is none."""
    if metric is None:
        return ""
    interval = "" if metric.low is None or metric.high is None else f" [{metric.low:.3f}, {metric.high:.3f}]"
    return f"{metric.value:.3f}{interval}"
