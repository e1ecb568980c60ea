"""From implants to a verdict, with a stand-in for the network; and the laws that any network must obey."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_slide import ContrastObserver, KnownSlide, bleached, blurred, healthy_slide
from scipy.stats import binomtest

import histo.recovery.recover as room
from histo.errors import SlideError
from histo.findings import FiberClass
from histo.pattern import load_conventions
from histo.recovery import (
    CELL_KINDS,
    CONTROL,
    FIBER_KINDS,
    Control,
    ImplantKind,
    KindRecovery,
    Outcome,
    Recovered,
    Recovery,
    recover_implants,
)
from histo.recovery.weigh import judge, weigh_control, weigh_kind
from histo.report import write_recovery

BUNDLE: Any = SimpleNamespace(card=SimpleNamespace(halo_wpx=128), sha256="0" * 64)
BANDS = load_conventions().recovery


def recover(known: KnownSlide, monkeypatch: pytest.MonkeyPatch, per_kind: int = 4, seed: int = 3) -> Recovery:
    monkeypatch.setattr(room, "detect", ContrastObserver(healthy_slide()).detect)
    recovery, _ = recover_implants(
        known.reader, known.tissue, known.findings, BUNDLE, None, load_conventions(),  # type: ignore[arg-type]
        per_kind=per_kind, seed=seed,
    )  # fmt: skip
    return recovery


def found(recovery: Recovery) -> int:
    return recovery.necrotic.as_itself + recovery.necrotic.as_another


def share(recovery: Recovery) -> float:
    return found(recovery) / recovery.necrotic.implanted


def test_a_sharp_slide_gives_back_more_than_a_blurred_or_a_bleached_one(monkeypatch: pytest.MonkeyPatch) -> None:
    known = healthy_slide()
    sharp = recover(known, monkeypatch, per_kind=8)
    assert share(sharp) > 0.5
    for worse in (blurred(known, 4.0), bleached(known, 0.4)):
        spoiled = recover(worse, monkeypatch, per_kind=8)
        assert share(spoiled) < 0.85 * share(sharp)


def test_the_untouched_slide_comes_back_as_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The null: every implant's pixels are the slide's own."""
    monkeypatch.setattr(room, "ImplantedSlide", lambda reader, patches: reader)
    recovery = recover(healthy_slide(), monkeypatch)
    assert found(recovery) == 0
    assert recovery.inflammatory is not None
    assert recovery.inflammatory.missed == recovery.inflammatory.implanted
    assert recovery.control.untouched_called == recovery.control.redrawn_called == 0
    assert recovery.verdict.refuse
    assert recovery.verdict.necrosis == "poor"


def test_what_was_called_before_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    known = healthy_slide()
    fibers = known.findings.fibers
    sick = replace(fibers, fiber_class=np.full(len(fibers), FiberClass.NECROTIC_PALE, np.uint8))
    monkeypatch.setattr(room, "detect", lambda *_, **__: replace(known.findings, fibers=sick))
    recovery, examples = recover_implants(
        known.reader, known.tissue, known.findings, BUNDLE, None, load_conventions(),  # type: ignore[arg-type]
        per_kind=2, seed=0,
    )  # fmt: skip
    assert recovery.necrotic.implanted == 0
    assert recovery.necrotic.called_before == 2 * len(FIBER_KINDS)
    assert recovery.necrotic.found_percent is None
    assert recovery.verdict.necrosis == "cannot tell"
    assert recovery.control.untouched_called == recovery.control.untouched
    assert {example.recovered.kind for example in examples} <= set(CELL_KINDS)


def test_it_repeats_and_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("histo.report.recovery_sheet.DPI", 40)
    monkeypatch.setattr(room, "detect", ContrastObserver(healthy_slide()).detect)
    known = healthy_slide()
    written = []
    for name in ("first", "second"):
        recovery, examples = recover_implants(
            known.reader, known.tissue, known.findings, BUNDLE, None, load_conventions(),  # type: ignore[arg-type]
            per_kind=2, seed=9,
        )  # fmt: skip
        files = write_recovery(tmp_path / name, recovery, examples)
        assert [file.name for file in files] == ["recovery.json", "recovery.png"]
        written.append([file.read_bytes() for file in files])
    assert written[0] == written[1]
    document = json.loads(written[0][0])
    assert document["schema"] == "histo.recovery"
    assert len(document["implants"]) == 2 * len(ImplantKind)
    assert [kind["kind"] for kind in document["kinds"]] == [*FIBER_KINDS, *CELL_KINDS]
    assert document["verdict"]["sentences"]


def test_a_coarse_slide_has_no_cells_implanted(monkeypatch: pytest.MonkeyPatch) -> None:
    conventions = load_conventions()
    coarse = replace(conventions, adequacy=replace(conventions.adequacy, max_um_per_px=0.4))
    monkeypatch.setattr(room, "detect", ContrastObserver(healthy_slide()).detect)
    known = healthy_slide()
    recovery, _ = recover_implants(
        known.reader,
        known.tissue,
        known.findings,
        BUNDLE,
        None,
        coarse,
        per_kind=1,
        seed=0,  # type: ignore[arg-type]
    )
    assert recovery.inflammatory is None
    assert recovery.verdict.cells == "not assessed"
    assert {one.kind for one in recovery.implants} == {*FIBER_KINDS, CONTROL}


def test_a_slide_without_healthy_fibers_says_so() -> None:
    known = healthy_slide()
    few = known.findings.fibers.select(np.arange(0))
    with pytest.raises(SlideError, match="known: 0 healthy fibers were found, and 5 are needed"):
        room.recover_implants(
            known.reader, known.tissue, replace(known.findings, fibers=few), BUNDLE, None,  # type: ignore[arg-type]
            load_conventions(), per_kind=1, seed=0,
        )  # fmt: skip


def implants(kind: ImplantKind, itself: int, another: int, missed: int) -> list[Recovered]:
    outcomes = [Outcome.AS_ITSELF] * itself + [Outcome.AS_ANOTHER] * another + [Outcome.MISSED] * missed
    return [Recovered(kind, 0.0, float(k), k, outcome, "x", 0.8) for k, outcome in enumerate(outcomes)]


HEALTHY = Control(10, 0, 10, 0, weigh_control(implants(CONTROL, 10, 0, 0)).redrawn_called_percent)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_shares_are_exact_and_one_more_found_is_never_worse(itself: int, another: int, missed: int) -> None:
    kind = weigh_kind("necrotic", implants(ImplantKind.PALE, itself, another, missed))
    total = itself + another + missed
    assert (kind.implanted, kind.places, kind.as_itself, kind.as_another) == (total, total, itself, another)
    if not total:
        assert kind.found_percent is None
        return
    exact = binomtest(itself + another, total).proportion_ci(0.95, "exact")
    assert kind.found_percent is not None
    assert kind.found_percent.low == pytest.approx(100 * exact.low, abs=1e-6)
    assert kind.found_percent.high == pytest.approx(100 * exact.high, abs=1e-6)
    if missed:
        better = weigh_kind("necrotic", implants(ImplantKind.PALE, itself + 1, another, missed - 1))
        order = ["poor", "cannot tell", "seen"]
        assert order.index(verdict(better)) >= order.index(verdict(kind))


def verdict(kind: KindRecovery) -> str:
    return judge([], kind, None, HEALTHY, BANDS).necrosis


def test_the_verdict_is_said_in_words() -> None:
    seen = weigh_kind("necrotic", implants(ImplantKind.PALE, 28, 1, 1))
    poor = weigh_kind("pale", implants(ImplantKind.PALE, 1, 1, 20))
    good = judge([replace(poor, kind="pale")], seen, None, HEALTHY, BANDS)
    assert good.necrosis == "seen"
    assert not good.refuse
    assert good.sentences[0] == (
        "29 of 30 necrotic fibers that were drawn in came back, 97% (83 to 100), above the limit of 50%: they can be "
        "seen on this slide."
    )
    assert good.sentences[1].startswith("Hardly seen here, each on its own: necrotic, pale (9% (1 to 29)).")
    bad = judge([], poor, None, HEALTHY, BANDS)
    assert bad.refuse
    assert "should be refused" in bad.sentences[-1]
    drawn = weigh_control(implants(CONTROL, 5, 5, 0))
    invalid = judge([], seen, None, drawn, BANDS)
    assert invalid.necrosis == "not valid"
    assert not invalid.refuse
