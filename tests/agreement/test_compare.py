"""Readers compared: what is in common, intervals that hold, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from histo.agreement import MACHINE, Rating, agree_on_labels, compare_readers

KINDS = ("dystrophic", "necrotizing", "normal")


def ratings_of(said: dict[str, list[str]], finding: str = "pattern", biopsies: int | None = None) -> list[Rating]:
    """One label a unit; units are biopsies, or items spread over so many biopsies."""
    return [
        Rating(reader, f"B{unit:02}" if biopsies is None else f"B{unit % biopsies}",
               "" if biopsies is None else f"fiber-{unit}", finding, label)
        for reader, labels in said.items()
        for unit, label in enumerate(labels)
        if label
    ]  # fmt: skip


def noisy(rng: np.random.Generator, truth: list[str], right: float) -> list[str]:
    return [one if rng.random() < right else str(rng.choice(KINDS)) for one in truth]


def test_readers_are_compared_on_what_both_labelled() -> None:
    said = {
        "Berg": ["normal", "necrotizing", "normal", ""],
        "Costa": ["normal", "normal", "", "normal"],
        MACHINE: ["normal", "necrotizing", "dystrophic", "dystrophic"],
    }
    found = agree_on_labels("pattern", ratings_of(said))
    assert [(pair.first, pair.second, pair.units) for pair in found.pairs] == [
        ("Berg", "Costa", 2), ("Berg", MACHINE, 3), ("Costa", MACHINE, 3),
    ]  # fmt: skip
    assert found.categories == KINDS
    assert found.pairs[0].table == ((0, 0, 0), (0, 0, 1), (0, 0, 1))
    assert [one.biopsy for one in found.discordances] == ["B01", "B02", "B03"]
    assert found.discordances[0].said == (("Berg", "necrotizing"), ("Costa", "normal"), (MACHINE, "necrotizing"))
    assert found.people is not None and found.people.units == 2
    assert found.everyone is not None and found.everyone.units == 4


def test_the_interval_of_kappa_holds_its_value_in_most_of_a_hundred_studies() -> None:
    """Readers who are right in 80% and else guess evenly: kappa is 0.8^2 = 0.64; 0.96 of 100 studies held it."""
    held = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        truth = [str(one) for one in rng.choice(KINDS, 40)]
        said = {"Berg": noisy(rng, truth, 0.8), "Costa": noisy(rng, truth, 0.8)}
        (pair,) = agree_on_labels("pattern", ratings_of(said), seed=seed).pairs
        assert pair.kappa is not None and pair.kappa.low <= pair.kappa.value <= pair.kappa.high
        held += pair.kappa.low <= 0.64 <= pair.kappa.high
    assert held >= 88


def test_the_audit_of_a_second_reader_does_not_alter_what_the_first_stands_for() -> None:
    """Berg saw 4 of 40 healthy fibers, each for ten; Costa saw 8, those of Berg among them, each for five."""

    def audit(reader: str, fibers: int, stands_for: float) -> list[Rating]:
        said = ["normal"] * (fibers - 1) + ["necrotizing"]
        return [
            Rating(who, "B1", f"fiber-{place}", "fiber", label if who == reader else "normal", stands_for)
            for place, label in enumerate(said)
            for who in (reader, MACHINE)
        ]

    alone = agree_on_labels("fiber", audit("Berg", 4, 10.0))
    both = agree_on_labels("fiber", [*audit("Berg", 4, 10.0), *audit("Costa", 8, 5.0)])
    (first,) = alone.pairs
    tables = {(pair.first, pair.second): np.array(pair.table).sum() for pair in both.pairs}
    assert first in both.pairs
    assert tables == {("Berg", "Costa"): 40, ("Berg", MACHINE): 40, ("Costa", MACHINE): 40}
    assert both.weighted


def test_full_agreement_of_few_is_no_proof() -> None:
    labels = ["normal", "necrotizing"] * 10
    found = agree_on_labels("pattern", ratings_of({"Berg": labels, "Costa": labels}))
    (pair,) = found.pairs
    assert pair.kappa is not None and pair.agree_percent is not None and found.people is not None
    assert (pair.kappa.value, pair.kappa.high, pair.agree_percent.value) == (1, 1, 100)
    share = float(beta.ppf(0.025, 20, 1))
    assert pair.agree_percent.low == pytest.approx(100 * share)
    assert pair.kappa.low == pytest.approx(1 - (1 - share) / 0.5)
    assert found.people.kappa is not None and found.people.kappa.low == pytest.approx(pair.kappa.low)
    assert found.discordances == ()


def test_biopsies_are_resampled_and_not_their_fibers_where_there_are_enough() -> None:
    """Thirty fibers of a biopsy that are all told alike are as good as one."""
    rng = np.random.default_rng(1)
    truth = [str(one) for one in rng.choice(KINDS, 12)]
    berg, costa = noisy(rng, truth, 0.7), noisy(rng, truth, 0.7)
    alone = agree_on_labels("pattern", ratings_of({"Berg": berg, "Costa": costa}))
    many = [
        Rating(one.reader, one.biopsy, f"fiber-{copy}", one.finding, one.value)
        for one in ratings_of({"Berg": berg, "Costa": costa})
        for copy in range(30)
    ]
    grouped = agree_on_labels("pattern", many)
    assert (grouped.resampled, grouped.pairs[0].units, grouped.pairs[0].biopsies) == ("biopsies", 360, 12)
    ends = [(one.value, one.low, one.high) for one in (alone.pairs[0].kappa, grouped.pairs[0].kappa) if one]
    assert ends[0] == pytest.approx(ends[1])
    few = agree_on_labels("pattern", ratings_of({"Berg": berg * 30, "Costa": costa * 30}, biopsies=3))
    assert few.resampled == "items"
    width = [one.high - one.low for one in (grouped.pairs[0].kappa, few.pairs[0].kappa) if one]
    assert width[0] > 3 * width[1]


def test_what_was_drawn_counts_for_what_it_stands_for() -> None:
    """All calls and a tenth of the rest: kappa is that of the whole, not of the sample."""
    rng = np.random.default_rng(2)
    truth = rng.random(4000) < 0.05
    called = np.where(truth, rng.random(4000) < 0.7, rng.random(4000) < 0.01)
    drawn = called | (np.arange(4000) % 10 == 0)

    def rated(which: np.ndarray, weighted: bool) -> list[Rating]:
        weight = np.where(called, 1.0, 10.0) if weighted else np.ones(4000)
        return [
            Rating(reader, "B", str(row), "necrotic", "yes" if said[row] else "no", float(weight[row]))
            for row in np.flatnonzero(which)
            for reader, said in (("Berg", truth), (MACHINE, called))
        ]

    whole = agree_on_labels("necrotic", rated(np.ones(4000, bool), False)).pairs[0].kappa
    sample = agree_on_labels("necrotic", rated(drawn, True))
    plain = agree_on_labels("necrotic", rated(drawn, False)).pairs[0].kappa
    assert whole is not None and plain is not None and sample.pairs[0].kappa is not None
    assert sample.weighted
    assert sample.pairs[0].kappa.low <= whole.value <= sample.pairs[0].kappa.high
    assert abs(sample.pairs[0].kappa.value - whole.value) < abs(plain.value - whole.value)


def test_grades_count_by_their_steps_only_where_all_have_a_place() -> None:
    said = {"Berg": ["none", "mild", "marked", "mild"], "Costa": ["none", "none", "marked", "marked"]}
    order = ("none", "mild", "marked")
    near = agree_on_labels("necrosis", ratings_of(said, "necrosis"), order)
    assert near.ordered and near.categories == order
    odd = agree_on_labels("necrosis", ratings_of({**said, "Diaz": ["strange"] * 4}, "necrosis"), order)
    assert not odd.ordered and odd.categories == ("marked", "mild", "none", "strange")


def test_counts_are_compared_by_their_differences() -> None:
    counts = {"Berg": ["10", "0", "40", "7"], "Costa": ["12", "1", "37", "7"], MACHINE: ["9", "3", "50", ""]}
    report = compare_readers(ratings_of(counts, "necrotic fibers"))
    (found,) = report.counts
    pair = next(one for one in found.pairs if one.second == "Costa")
    difference = np.array([2, 1, -3, 0])
    assert pair.mean_difference == pytest.approx(difference.mean())
    assert pair.high is not None and pair.bias is not None
    assert pair.high.value == pytest.approx(difference.mean() + 1.96 * difference.std(ddof=1))
    error = 3.182446 * difference.std(ddof=1) / 2  # Student's t of three degrees of freedom
    assert pair.bias.high == pytest.approx(difference.mean() + error)
    assert pair.high.high - pair.high.value == pytest.approx(error * 3**0.5)
    assert report.labels == ()


def test_what_cannot_be_compared_is_told() -> None:
    ratings = [
        *ratings_of({"Berg": ["normal", "cannot_tell"], "Costa": ["normal", "normal"]}),
        Rating("Berg", "B00", "", "spread", "scattered"),
        Rating("Berg", "B00", "", "cells", "4"),
        Rating("Costa", "B00", "", "cells", "5"),
    ]
    report = compare_readers(ratings)
    assert report.left_out == (
        "pattern: 1 of 4 were not assessed or could not be told",
        "spread: only one reader spoke of it",
    )
    (pair,) = report.labels[0].pairs
    assert (pair.units, pair.kappa, pair.no_kappa) == (1, None, "fewer than two units")
    (counted,) = report.counts[0].pairs
    assert (counted.mean_difference, counted.bias, counted.low, counted.icc) == (1, None, None, None)
    same = compare_readers(ratings_of({"Berg": ["normal"] * 3, "Costa": ["normal"] * 3})).labels[0]
    assert same.pairs[0].no_kappa == "all said one and the same of everything, so that chance explains it"
    assert same.people is not None and same.people.no_kappa == same.pairs[0].no_kappa
