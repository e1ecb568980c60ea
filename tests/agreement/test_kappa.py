"""Kappa against scikit-learn, published tables, and formulas written out one unit at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from histo.agreement.kappa import cohen_kappa, fleiss_kappa, fleiss_terms, observed_agreement

# Fleiss's kind of table as it is often reprinted: ten subjects, fourteen readers, five categories; kappa 0.210.
FOURTEEN_READERS = np.array(
    [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
     [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]], np.float64)  # fmt: skip


@st.composite
def two_readers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, kinds = draw(st.integers(4, 60)), draw(st.integers(2, 5))
    first = rng.integers(0, kinds, n)
    second = np.where(rng.random(n) < draw(st.floats(0, 1)), first, rng.integers(0, kinds, n))
    first[:kinds], second[:kinds] = np.arange(kinds)[: len(first)], np.arange(kinds)[::-1][: len(second)]
    return first, second, rng.integers(1, 9, n).astype(np.float64)


def table_of(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    kinds = int(max(first.max(), second.max())) + 1
    table = np.zeros((kinds, kinds))
    np.add.at(table, (first, second), weights)
    return table


@given(two_readers(), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_cohens_kappa_is_scikit_learns(
    readers: tuple[np.ndarray, np.ndarray, np.ndarray], ordered: bool, weighted: bool
) -> None:
    first, second, weights = readers
    weights = weights if weighted else np.ones(len(first))
    expected = cohen_kappa_score(first, second, weights="linear" if ordered else None, sample_weight=weights)
    assert cohen_kappa(table_of(first, second, weights), ordered=ordered) == pytest.approx(expected)


@given(two_readers())
@settings(max_examples=30, deadline=None)
def test_a_weight_of_three_is_three_units(readers: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    first, second, weights = readers
    times = weights.astype(int)
    repeated = table_of(np.repeat(first, times), np.repeat(second, times), np.ones(times.sum()))
    table = table_of(first, second, weights)
    assert cohen_kappa(table) == pytest.approx(cohen_kappa(repeated))
    assert observed_agreement(table) == pytest.approx(observed_agreement(repeated))


def test_cohens_own_example() -> None:
    """Table 1 of Cohen 1960 in counts of 200: kappa 0.492 of observed 0.70."""
    table = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]], np.float64)
    assert observed_agreement(table) == pytest.approx(0.70)
    assert cohen_kappa(table) == pytest.approx(0.492, abs=0.0005)


def test_many_tables_at_once_are_as_one_by_one() -> None:
    tables = np.random.default_rng(0).integers(1, 9, (7, 3, 3)).astype(np.float64)
    assert cohen_kappa(tables) == pytest.approx([float(cohen_kappa(one)) for one in tables])


def test_kappa_is_not_defined_where_all_say_one_and_the_same() -> None:
    assert np.isnan(cohen_kappa(np.diag([5.0, 0.0])))
    assert np.isnan(fleiss_kappa(fleiss_terms(np.array([[3.0, 0.0]] * 4), np.ones(4)).sum(axis=0)))


def test_fourteen_readers() -> None:
    terms = fleiss_terms(FOURTEEN_READERS, np.ones(10))
    assert fleiss_kappa(terms.sum(axis=0)) == pytest.approx(0.210, abs=0.0005)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 4))
@settings(max_examples=40, deadline=None)
def test_fleisss_kappa_counts_pairs_of_readers(seed: int, readers: int, kinds: int) -> None:
    """Its agreement is the share of pairs of readers who said the same, taken unit by unit."""
    rng = np.random.default_rng(seed)
    said = rng.integers(0, kinds, (12, readers))
    said[0], said[1] = 0, 1
    counts = (said[:, :, None] == np.arange(kinds)).sum(axis=1).astype(np.float64)
    pairs = [
        (said[unit, a] == said[unit, b]) for unit in range(12) for a in range(readers) for b in range(readers) if a != b
    ]
    shares = np.bincount(said.ravel(), minlength=kinds) / said.size
    expected = (np.mean(pairs) - np.sum(shares**2)) / (1 - np.sum(shares**2))
    assert fleiss_kappa(fleiss_terms(counts, np.ones(12)).sum(axis=0)) == pytest.approx(expected)
