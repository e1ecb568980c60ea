"""What an evaluation comes to, slide by slide, patient by patient and site by site."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from histo.agreement import Agreement, agreement_of
from histo.findings import Compartment
from histo.network import Metric
from train.curves import gather, sensitivity_at
from train.evaluate import Evaluation
from train.intervals import interval_of, resample
from train.metrics import ROWS, summarize
from train.observe import Observation
from train.origins import Origin

RARE = (
    "fiber.necrotic",
    "fiber.necrotic_pale",
    "fiber.necrotic_hyaline",
    "fiber.myophagocytosis",
    "cell.inflammatory",
    "cell.lymphocyte",
    "cell.macrophage",
)
"""Findings whose sensitivity is weighed against false calls per mm2."""

FALSE_RATES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""False calls per mm2. Fields crowded with disease hold thousands of true ones: there the high rates tell more."""

GROUP_FIGURES = (
    "fiber.f1",
    "fiber.pq",
    "fiber.necrotic.f1",
    "fiber.myophagocytosis.f1",
    "cell.inflammatory.f1",
    "cell.all.f1",
    "compartment.mean.dice",
)
"""What is told of every slide, patient and site."""

COUNTED = ("fiber", "fiber.necrotic", "fiber.myophagocytosis", "fiber.regenerating", *RARE[4:])
"""Findings whose number on each slide is compared with the truth."""


@dataclass(frozen=True, eq=False)
class Group:
    """Fields of one slide, patient or site.

    Attributes:
        name: Of it.
        fields: How many.
        patients: How many.
        metrics: As of `train.metrics.summarize`; intervals resample patients, or fields where there is one patient.
    """

    name: str
    fields: int
    patients: int
    metrics: Mapping[str, Metric]


@dataclass(frozen=True, eq=False)
class CompartmentRow:
    """How one compartment is read.

    Attributes:
        name: Of it.
        dice: Over the pixels of all fields together; None where it never occurs and is never claimed.
        mean_dice: Mean of the Dice coefficients of the fields that truly hold it; None where none does.
        holding: How many fields hold it.
        share: Of all known pixels.
        recall: Share of its pixels that are read as it; None where there are none.
        taken_for: The other compartment that most of its pixels are read as, and the share of its pixels.
    """

    name: str
    dice: Metric | None
    mean_dice: float | None
    holding: int
    share: float
    recall: float | None
    taken_for: tuple[str, float] | None


def groups_by(evaluation: Evaluation, key: Callable[[Origin], str]) -> tuple[Group, ...]:
    """Figures of each group of fields, in the order of their names.

    Args:
        evaluation: Of all fields.
        key: The group of a field: `lambda origin: origin.slide`.
    """
    names = [key(origin) for origin in evaluation.origins]
    groups = []
    for name in sorted(set(names)):
        places = [place for place, other in enumerate(names) if other == name]
        patients = [evaluation.patients[place] for place in places]
        people = len(set(patients))
        tallies = [evaluation.observations[place].tally for place in places]
        groups.append(Group(name, len(places), people, summarize(tallies, patients if people > 1 else None)))
    return tuple(groups)


def mean_over(groups: Sequence[Group]) -> dict[str, Metric]:
    """The mean of each figure of `GROUP_FIGURES` over groups, every group counting once; intervals resample groups.

    Groups in which a figure is not defined are left out of its mean.
    """
    share = resample([group.name for group in groups])
    means = {}
    for name in GROUP_FIGURES:
        values = np.array([group.metrics[name].value if name in group.metrics else np.nan for group in groups])
        there = np.isfinite(values)
        if there.any():
            with np.errstate(invalid="ignore"):
                series = share[:, there] @ values[there] / share[:, there].sum(axis=1)
            means[name] = interval_of(series, int(there.sum()))
    return means


def sensitivities(evaluation: Evaluation) -> dict[str, tuple[Metric, ...]]:
    """By finding of `RARE` that truly occurs: its sensitivity at each of `FALSE_RATES`."""
    share, people = resample(evaluation.patients), len(set(evaluation.patients))
    found = {}
    for name in RARE:
        calls = gather([seen.ranked[name] for seen in evaluation.observations])
        if calls.positives.sum():
            values = sensitivity_at(calls, FALSE_RATES, share)
            found[name] = tuple(interval_of(column, people) for column in values.T)
    return found


def compartment_rows(evaluation: Evaluation) -> tuple[CompartmentRow, ...]:
    """One row a compartment."""
    mixed = np.stack([seen.tally.compartments for seen in evaluation.observations]).astype(np.float64)
    total = mixed.sum(axis=0)
    rows = []
    for kind in Compartment:
        true, found = mixed[:, kind].sum(axis=1), mixed[:, :, kind].sum(axis=1)
        holding = true > 0
        dice = 2 * mixed[holding, kind, kind] / (true + found)[holding]
        pixels = total[kind].sum()
        elsewhere = np.where(np.arange(len(Compartment)) == kind, 0, total[kind])
        other = int(elsewhere.argmax())
        rows.append(
            CompartmentRow(
                name=kind.name.lower(),
                dice=evaluation.metrics.get(f"compartment.{kind.name.lower()}.dice"),
                mean_dice=float(dice.mean()) if holding.any() else None,
                holding=int(holding.sum()),
                share=float(pixels / max(total.sum(), 1)),
                recall=float(total[kind, kind] / pixels) if pixels else None,
                taken_for=(Compartment(other).name.lower(), float(elsewhere[other] / pixels))
                if elsewhere.any()
                else None,
            )
        )
    return tuple(rows)


def agreements(evaluation: Evaluation) -> dict[str, Agreement]:
    """By finding of `COUNTED`: its number on each slide, found against true."""
    slides = sorted({origin.slide for origin in evaluation.origins})
    place = {slide: number for number, slide in enumerate(slides)}
    sums = np.zeros((len(slides), len(ROWS), 3))
    for origin, seen in zip(evaluation.origins, evaluation.observations, strict=True):
        sums[place[origin.slide]] += seen.tally.counts
    return {
        name: agreement_of(sums[:, row, 0] + sums[:, row, 2], sums[:, row, 0] + sums[:, row, 1])
        for name, row in ((name, ROWS.index(name)) for name in COUNTED)
        if sums[:, row].any()
    }


def bins_of(observations: Sequence[Observation], head: str) -> np.ndarray:
    """(15, 3) of all fields; see `train.reliability.bin_calls`."""
    return np.asarray(np.sum([seen.bins[head] for seen in observations], axis=0))
