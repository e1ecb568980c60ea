from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.cohort import ManifestRow, Split
from histo.errors import ManifestError
from train.splits import Shares, assign_splits, check_apart, patient_key, read_splits, write_splits

LABELS = ("necrotizing", "normal", "dystrophic", None)


def row(
    number: int, patient: str, site: str = "A", label: str | None = None, split: Split | None = None
) -> ManifestRow:
    return ManifestRow(f"b{number}", patient, Path(f"s{number}.svs"), None, None, split, site, label, number)


@st.composite
def manifests(draw: st.DrawFn) -> list[ManifestRow]:
    patients = draw(st.integers(1, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels, sites = rng.integers(0, len(LABELS), patients), rng.integers(0, 3, patients)
    owners = np.concatenate([np.arange(patients), rng.integers(0, patients, draw(st.integers(0, 10)))])
    return [
        row(number + 2, f"P{owner}", f"site {sites[owner]}", LABELS[labels[owner]])
        for number, owner in enumerate(owners)
    ]


seeds = st.integers(0, 1000)


@settings(deadline=None, max_examples=80)
@given(manifests(), seeds)
def test_a_patient_is_in_one_split_whatever_the_order_of_the_rows(rows: list[ManifestRow], seed: int) -> None:
    splits = assign_splits(rows, seed)
    by_patient = dict(zip((one.patient for one in rows), splits, strict=True))
    assert splits == tuple(by_patient[one.patient] for one in rows)
    backwards = assign_splits(rows[::-1], seed)
    assert backwards[::-1] == splits
    check_apart(rows, splits, [str(one.slide) for one in rows])


@settings(deadline=None, max_examples=80)
@given(manifests(), seeds)
def test_each_split_gets_its_share_to_the_nearest_patient(rows: list[ManifestRow], seed: int) -> None:
    splits = assign_splits(rows, seed)
    counts = Counter({one.patient: split for one, split in zip(rows, splits, strict=True)}.values())
    patients = sum(counts.values())
    assert counts[Split.TRAIN] >= 1
    assert len(counts) == min(patients, 3)
    for split in Split:
        assert abs(counts[split] - Shares().of(split) * patients) < 1 or counts[split] == 1 or patients < 8


def test_labels_and_sites_are_shared_out_alike() -> None:
    rows = [row(n, f"P{n}", site, label) for n, (site, label) in enumerate([("A", "normal"), ("B", "dystrophic")] * 20)]
    rows += [row(100 + n, f"Q{n}", "C", "necrotizing") for n in range(10)]
    for seed in range(5):
        splits = assign_splits(rows, seed, Shares(0.6, 0.2, 0.2))
        for label, size in (("normal", 20), ("dystrophic", 20), ("necrotizing", 10)):
            counts = Counter(split for one, split in zip(rows, splits, strict=True) if one.label == label)
            assert abs(counts[Split.TRAIN] - 0.6 * size) <= 1
            assert abs(counts[Split.TEST] - 0.2 * size) <= 1
    assert len({assign_splits(rows, seed) for seed in range(5)}) == 5


def test_labels_of_one_patient_each_do_not_keep_sites_from_being_shared_out() -> None:
    rows = [row(n, f"P{n}", "AB"[n % 2], f"label {n}") for n in range(12)]
    for seed in range(10):
        for split in Split:
            sites = Counter(one.site for one, its in zip(rows, assign_splits(rows, seed), strict=True) if its is split)
            assert abs(sites["A"] - sites["B"]) <= 1


@settings(deadline=None, max_examples=40)
@given(manifests(), seeds, st.integers(1, 12))
def test_patients_who_come_later_move_nobody(rows: list[ManifestRow], seed: int, more: int) -> None:
    before = dict(zip((patient_key(one.patient) for one in rows), assign_splits(rows, seed), strict=True))
    longer = rows + [row(200 + n, f"later {n}", label="normal") for n in range(more)]
    after = assign_splits(longer, seed + 1, earlier=before)
    assert {patient_key(one.patient): split for one, split in zip(rows, after, strict=False)} == before


def test_the_splits_of_the_manifest_stand() -> None:
    rows = [row(2, "P1", split=Split.TEST), row(3, "P1"), row(4, "P2"), row(5, "P3"), row(6, "P4")]
    splits = assign_splits(rows, 1)
    assert splits[:2] == (Split.TEST, Split.TEST)
    assert Split.TRAIN in splits
    with pytest.raises(ManifestError, match="patient p1: is in test and, by row 7 of the manifest, in train; give all"):
        assign_splits([*rows, row(7, "p1", split=Split.TRAIN)], 1)


def test_the_same_pixels_in_two_splits_are_refused_with_both_rows() -> None:
    rows = [row(2, "P1"), row(3, "P2")]
    with pytest.raises(ManifestError, match=r"the same slide is in train \(row 2\) and in test \(row 3\)"):
        check_apart(rows, [Split.TRAIN, Split.TEST], ["ab", "ab"])
    with pytest.raises(ManifestError, match=r"patient P1 is in train \(row 2\) and in test \(row 4\)"):
        check_apart([*rows, row(4, "P1")], [Split.TRAIN, Split.TRAIN, Split.TEST], ["a", "b", "c"])
    check_apart(rows, [Split.TRAIN, Split.TRAIN], ["ab", "ab"])


def test_splits_are_kept_with_the_run(tmp_path: Path) -> None:
    rows = [row(2, "P1", label="normal"), row(3, "P 2")]
    assert read_splits(tmp_path) == {}
    write_splits(tmp_path, rows, [Split.TRAIN, Split.TEST], ["a", "b"])
    assert read_splits(tmp_path) == {"p1": Split.TRAIN, "p 2": Split.TEST}


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.5), (0.0, 0.5, 0.5), (1.2, -0.2, 0.0)])
def test_shares_that_are_none_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="shares must be positive for training and sum to 1"):
        Shares(*shares)
