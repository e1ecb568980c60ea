"""Gauges agree with what is graded and refused: they are the same numbers against the same limits."""

from __future__ import annotations

import numpy as np
import pytest
from graded_evidence import SIDE, fit, mixed_necrosis, weigh
from section_makers import make_slide

from histo.evidence import FalseCalls, Recall, weigh_evidence
from histo.findings import FiberClass
from histo.pattern import Gauge, Necrosis, load_conventions, read_pattern
from histo.pattern.fitness_gauges import TOO

CONVENTIONS = load_conventions()
REFUSED_BY = {
    "min_mm2": "too_little_tissue",
    "min_fibers": "too_few_fibers",
    "min_transverse_percent": "not_transverse",
    "min_fiber_percent": "little_muscle",
    "min_outlined_percent": "few_outlines",
    "min_median_um": "implausible_fibers",
    "max_um_per_px": "scale_too_coarse",
    "max_artefact_percent": "too_many_artefacts",
    "max_unreadable_percent": "unreadable_tissue",
}


def named(gauges: tuple[Gauge, ...], text: str) -> Gauge:
    (gauge,) = [one for one in gauges if one.text == text]
    return gauge


@pytest.mark.parametrize("necrotic", [8, 20, 29, 60, 172, 173, 300])
def test_the_band_of_necrosis_is_its_grade(necrotic: int) -> None:
    """29 of 576 are 5.03%, 172 are 29.9% and 173 are 30.03%."""
    kinds = np.zeros(SIDE**2, np.uint8)
    kinds[np.random.default_rng(1).choice(SIDE**2, necrotic, replace=False)] = FiberClass.NECROTIC_PALE
    evidence = weigh(kinds)
    reading = read_pattern(evidence, [fit()], CONVENTIONS)
    gauge = named(reading.gauges, "Necrotic fibers")
    assert reading.grades.necrosis not in (Necrosis.NONE, Necrosis.CANDIDATES)
    assert gauge.band is not None
    assert gauge.band.name == reading.grades.necrosis.value
    assert (gauge.value, gauge.low, gauge.high) == tuple(
        getattr(evidence.pooled.necrotic.per_1000_fibers, name) for name in ("value", "low", "high")
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"finest_um_per_px": 1.0},
        {"finest_um_per_px": 1.2},
        {"artefact_percent": 60.0},
        {"artefact_percent": 61.0},
        {"unreadable_percent": 20.0},
        {"unreadable_percent": 20.5},
    ],
)
@pytest.mark.parametrize("side", [4, 12, SIDE])
def test_what_lies_in_the_band_without_a_pattern_is_refused_and_nothing_else(
    changes: dict[str, object], side: int
) -> None:
    evidence = weigh_evidence([make_slide("a", side, side, None)])
    reading = read_pattern(evidence, [fit(**changes)], CONVENTIONS)
    refusals = (reading.refusal, *reading.further_refusals) if reading.refusal else ()
    codes = {refusal.code for refusal in refusals}
    told = {REFUSED_BY[gauge.finding] for gauge in reading.fitness if gauge.band and gauge.band.name == TOO}
    assert told == codes & set(REFUSED_BY.values())
    assert (reading.gauges == ()) == (reading.refusal is not None)


def test_every_limit_has_its_source_and_every_interval_holds_its_value() -> None:
    reading = read_pattern(weigh(mixed_necrosis(0.08), 30.0), [fit()], CONVENTIONS)
    assert {gauge.finding for gauge in reading.gauges} >= {"necrosis", "infiltration", "stages", "spread", "chronicity"}
    for gauge in (*reading.gauges, *reading.fitness):
        assert gauge.source
        limits = [band.to for band in gauge.bands[:-1]]
        assert limits == sorted(limits)  # type: ignore[type-var]
        assert gauge.bands[-1].to is None
        if gauge.low is not None and gauge.high is not None:
            assert gauge.low <= gauge.value <= gauge.high


def test_false_calls_and_what_may_be_hidden_are_marked() -> None:
    healthy = weigh_evidence([make_slide("a", SIDE, SIDE, None)], FalseCalls(1.0), recall=Recall(0.8))
    gauge = named(read_pattern(healthy, [fit()], CONVENTIONS).gauges, "Necrotic fibers")
    bound = healthy.pooled.necrosis_bound
    assert bound is not None
    assert [mark.name for mark in gauge.marks] == ["false calls alone", "at most (95%)"]
    assert gauge.marks[1].value == bound.at_most_per_1000_fibers
    sick = weigh_evidence([make_slide("a", SIDE, SIDE, mixed_necrosis(0.2))], FalseCalls(1.0), recall=Recall(0.8))
    marks = named(read_pattern(sick, [fit()], CONVENTIONS).gauges, "Necrotic fibers").marks
    assert [mark.name for mark in marks] == ["false calls alone"]
