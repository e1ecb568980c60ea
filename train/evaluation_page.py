"""The page of an evaluation: one HTML file with its figures inside, which opens offline anywhere."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from histo.findings import FiberAttribute
from histo.network import Bundle, Metric, OperatingPoints
from train import figures
from train.evaluate import Evaluation
from train.floors import Standing
from train.gallery import Picture
from train.metrics import CELL_GROUPS, FIBER_GROUPS
from train.observe import HEADS
from train.real_evaluation import RealEvaluation
from train.real_pictures import draw_real_reading
from train.tables import (
    FALSE_RATES,
    GROUP_FIGURES,
    Group,
    agreements,
    compartment_rows,
    groups_by,
    mean_over,
    sensitivities,
)

GROUP_HEADINGS = (
    "fiber F1",
    "fiber PQ",
    "necrotic F1",
    "myophagocytosis F1",
    "inflammatory F1",
    "all nuclei F1",
    "Dice",
)
"""Of the columns `train.tables.GROUP_FIGURES`."""

_MEASURES = ("precision", "recall", "f1", "average_precision")


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        name: Its heading.
        cells: Text, or metrics that are shown with their intervals; None is shown as a dash.
    """

    name: str
    cells: tuple[Metric | str | None, ...]


def evaluation_page(
    evaluation: Evaluation,
    bundle: Bundle,
    pictures: Mapping[str, Sequence[Picture]],
    elsewhere: Mapping[str, Mapping[str, Metric]],
    real: RealEvaluation | None = None,
    floors: Sequence[Standing] = (),
) -> str:
    """The page.

    Args:
        evaluation: What was measured on fields.
        bundle: What was evaluated.
        pictures: The worst mistakes by kind; see `train.gallery`.
        elsewhere: Further figures by heading: healthy sections, ordinary sections, real fields.
        real: What was read on real pixels: its pictures, and what came of wrong inputs.
        floors: How the figures stand to the floors.

    Returns:
        HTML without any link to another file or host.
    """
    environment = Environment(
        loader=PackageLoader("train", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["figure"] = _figure
    patients = groups_by(evaluation, lambda origin: origin.patient)
    slides = groups_by(evaluation, lambda origin: origin.slide)
    sites = groups_by(evaluation, lambda origin: origin.site)
    points = bundle.card.operating_points
    return environment.get_template("evaluation_page.html").render(
        card=bundle.card,
        sha256=bundle.sha256,
        evaluation=evaluation,
        fields=len(evaluation.paths),
        slides=len(slides),
        patients=len(patients),
        headline=_headline(evaluation.metrics),
        fiber_rows=_rows(evaluation.metrics, ("fiber", *(f"fiber.{name}" for name in FIBER_GROUPS))),
        attribute_rows=_rows(evaluation.metrics, [f"attribute.{kind.name.lower()}" for kind in FiberAttribute]),
        cell_rows=_rows(evaluation.metrics, [f"cell.{name}" for name in CELL_GROUPS]),
        false_rates=FALSE_RATES,
        sensitivity_rows=[Row(_name(name), row) for name, row in sensitivities(evaluation).items()],
        compartments=compartment_rows(evaluation),
        agreements={_name(name): found for name, found in agreements(evaluation).items()},
        calibration_rows=[Row(head.replace("_", " "), _calibration(evaluation, head, points)) for head in HEADS],
        group_headings=GROUP_HEADINGS,
        sites=_group_rows(sites),
        one_patient_sites=any(site.patients == 1 for site in sites),
        patient_rows=[Row("mean over patients", _group_cells(mean_over(patients))), *_group_rows(patients)],
        slide_rows=_group_rows(slides) if len(slides) > len(patients) else [],
        pooled=_group_cells(evaluation.metrics),
        figures={
            "precision_recall": Markup(figures.precision_recall(evaluation.observations)),
            "free_response": Markup(figures.free_response(evaluation.observations)),
            "confusion": Markup(figures.confusion_matrix(evaluation.confusion)),
            "reliability": Markup(figures.reliability_diagram(evaluation.observations)),
            "bland_altman": Markup(figures.bland_altman(agreements(evaluation))),
        },
        pictures={
            kind: [(picture, base64.b64encode(picture.jpeg).decode()) for picture in several]
            for kind, several in pictures.items()
        },
        elsewhere={
            title: [Row(name, (metric, str(metric.n))) for name, metric in metrics.items()]
            for title, metrics in elsewhere.items()
            if metrics
        },
        floors=floors,
        real=real,
        real_pictures=[
            (reading.field.name, base64.b64encode(draw_real_reading(reading)).decode())
            for reading in (real.fields if real else ())
        ],
    )


def _headline(metrics: Mapping[str, Metric]) -> list[tuple[str, Metric | None]]:
    names = {
        "fiber F1 at IoU 0.5": "fiber.f1",
        "fiber panoptic quality": "fiber.pq",
        "necrotic fibers found": "fiber.necrotic.recall",
        "necrotic calls that are right": "fiber.necrotic.precision",
        "inflammatory cell F1": "cell.inflammatory.f1",
        "compartment Dice, mean": "compartment.mean.dice",
    }
    return [(title, metrics.get(name)) for title, name in names.items()]


def _rows(metrics: Mapping[str, Metric], names: Sequence[str]) -> list[Row]:
    rows = [(name, tuple(metrics.get(f"{name}.{measure}") for measure in _MEASURES)) for name in names]
    return [Row(_name(name), cells) for name, cells in rows if any(cells)]


def _calibration(evaluation: Evaluation, head: str, points: OperatingPoints) -> tuple[Metric | str | None, ...]:
    temperature = {"fiber_class": "class", "necrotic": "class", "attributes": "attribute", "cells": "cell"}
    kept = getattr(points, f"{temperature.get(head, 'compartment')}_temperature")
    even = f", even height {points.cell_even_height:g}" if head == "cells" else ""
    return (evaluation.metrics.get(f"calibration.{head}.ece"), f"{kept:g}{even}")


def _group_rows(groups: Sequence[Group]) -> list[Row]:
    return [Row(group.name, (str(group.fields), str(group.patients), *_group_cells(group.metrics))) for group in groups]


def _group_cells(metrics: Mapping[str, Metric]) -> tuple[Metric | None, ...]:
    return tuple(metrics.get(name) for name in GROUP_FIGURES)


def _name(name: str) -> str:
    return figures.NAMES.get(name, name.rpartition(".")[2].replace("_", " "))


def _figure(value: Metric | str | float | None) -> str:
    """A figure with its interval; a dash where there is none."""
    if value is None:
        return "\u2013"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.2f}"
    places = 3 if abs(value.value) < 10 else 1
    if value.low is None or value.high is None:
        return f"{value.value:.{places}f}"
    return f"{value.value:.{places}f} [{value.low:.{places}f}, {value.high:.{places}f}]"
