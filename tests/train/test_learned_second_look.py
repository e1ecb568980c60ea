from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from histo.network.second_look import NO_SECOND_LOOK, SEEN, look_again
from train.second_look import Candidates, f1_by_threshold, fit_second_look, gathered


def candidates(count: int, seed: int = 0) -> Candidates:
    """Sure ones with round outlines are necrotic; the class alone does not tell."""
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.1, 0.9, count)
    probability = np.column_stack([1 - share, np.zeros(count), share / 2, share / 4, share / 4])
    seen = rng.uniform(0, 1, (count, len(SEEN)))
    log_odds = 4 * (2 * share - 1) + 8 * (seen[:, SEEN.index("roundness")] - 0.5)
    return Candidates(probability, seen, rng.random(count) < 1 / (1 + np.exp(-log_odds)), count)


def test_the_outline_tells_what_the_class_does_not_and_the_result_is_calibrated() -> None:
    weights = fit_second_look(candidates(3000))
    unseen = candidates(3000, seed=1)
    share = look_again(unseen.class_probability, unseen.seen, weights)[:, 2:].sum(axis=1)
    assert weights[2 + SEEN.index("roundness")] == pytest.approx(8, rel=0.15)
    for low in (0.1, 0.3, 0.5, 0.7):
        stated = (share >= low) & (share < low + 0.2)
        assert unseen.necrotic[stated].mean() == pytest.approx(share[stated].mean(), abs=0.07)
    assert max(f1_by_threshold(unseen, weights).values()) > max(f1_by_threshold(unseen, NO_SECOND_LOOK).values())


def test_too_few_candidates_teach_nothing() -> None:
    few = candidates(3000)
    assert fit_second_look(replace(few, necrotic=np.zeros(3000, np.bool_))) == NO_SECOND_LOOK


def test_f1_counts_the_necrotic_fibers_that_were_not_found() -> None:
    all_found = candidates(200)
    found = replace(all_found, fibers=int(all_found.necrotic.sum()))
    halved = replace(found, fibers=2 * found.fibers)
    for threshold, f1 in f1_by_threshold(found, NO_SECOND_LOOK).items():
        assert f1_by_threshold(halved, NO_SECOND_LOOK)[threshold] < f1
    assert gathered([found, found]).fibers == 2 * found.fibers
