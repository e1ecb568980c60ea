from __future__ import annotations

import numpy as np
import pytest

from histo.network.fissures import join_over_fissures


def two_pieces(gap_px: int, between: int = 0) -> np.ndarray:
    labels = np.zeros((60, 60), np.int32)
    labels[10:40, 10:24] = 1
    labels[10:40, 24 : 24 + gap_px] = between
    labels[10:40, 24 + gap_px : 40 + gap_px] = 2
    return labels


@pytest.mark.parametrize("gap_px", [0, 1])
def test_hyaline_pieces_are_one_fiber_across_a_fissure_and_own_it(gap_px: int) -> None:
    joined = join_over_fissures(two_pieces(gap_px), np.array([0, 0.9, 0.8]))
    assert joined.max() == 1
    assert joined[15:35, 10 : 40 + gap_px].all()


def test_pieces_farther_apart_stay_two() -> None:
    labels = two_pieces(5)
    assert join_over_fissures(labels, np.array([0, 0.9, 0.8])) is labels


@pytest.mark.parametrize("hyaline", [(0.9, 0.1), (0.45, 0.45), (0.0, 0.0)])
def test_pieces_that_do_not_both_look_hyaline_stay_two(hyaline: tuple[float, float]) -> None:
    labels = two_pieces(1)
    assert join_over_fissures(labels, np.array([0, *hyaline])) is labels


def test_what_lies_between_two_pieces_keeps_them_apart_and_its_own_pixels() -> None:
    labels = two_pieces(2, between=3)
    joined = join_over_fissures(labels, np.array([0, 0.9, 0.9, 0.0]))
    assert np.array_equal(joined, labels)


def test_three_pieces_become_one_and_numbers_have_no_gaps() -> None:
    labels = two_pieces(1)
    labels[41:55, 10:41] = 3
    labels[2:6, 2:6] = 4
    joined = join_over_fissures(labels, np.array([0, 0.9, 0.9, 0.9, 0.0]))
    assert sorted(np.unique(joined)) == [0, 1, 2]
    assert np.array_equal(joined == joined[3, 3], labels == 4)


def test_whole_fibers_of_a_sheet_stay_apart() -> None:
    labels = np.zeros((100, 200), np.int32)
    labels[10:80, 10:60] = 1
    labels[10:80, 60:110] = 2
    assert join_over_fissures(labels, np.array([0, 0.9, 0.9])) is labels


def test_where_a_fiber_lies_does_not_matter() -> None:
    labels = two_pieces(1)
    hyaline = np.array([0, 0.9, 0.9])
    moved = join_over_fissures(np.roll(labels, (9, 7), (0, 1)), hyaline)
    assert np.array_equal(moved, np.roll(join_over_fissures(labels, hyaline), (9, 7), (0, 1)))
