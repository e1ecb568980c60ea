"""Shares that the literature gives for a disease are those in which its biopsies are drawn; no scene is built."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from histo.phantom import DISEASES, PhantomSpec
from histo.phantom.spec import Placement

DRAWN = 2000
TOLERANCE = 0.04
"""Over three standard errors of a share of one half among so many."""


@cache
def specs(name: str) -> tuple[PhantomSpec, ...]:
    rng = np.random.default_rng(6)
    return tuple(DISEASES[name].draw(rng) for _ in range(DRAWN))


def shows(pattern: str) -> Callable[[PhantomSpec], bool]:
    return lambda spec: spec.pattern == pattern


def fragmented(spec: PhantomSpec) -> bool:
    return spec.perimysial_fragmentation > 0


def small_at_the_edge(spec: PhantomSpec) -> bool:
    return spec.atrophy_placement is Placement.FASCICLE_EDGE and spec.atrophic >= 0.1


def clustered(spec: PhantomSpec) -> bool:
    return spec.necrosis_placement is Placement.CLUSTERED


def inflamed(spec: PhantomSpec) -> bool:
    return spec.lymphocytes_mm2 >= 10


def dystrophic_looking(spec: PhantomSpec) -> bool:
    return spec.internal_nuclei >= 0.1 and spec.endomysium_um >= 4 and spec.atrophic >= 0.05


@pytest.mark.parametrize(
    ("name", "feature", "low", "high"),
    [
        ("dermatomyositis", shows("perifascicular_atrophy"), 0.47, 0.47),
        ("dermatomyositis", small_at_the_edge, 0.47, 0.47),
        ("dermatomyositis", shows("necrotizing"), 0.16, 0.16),
        ("antisynthetase", shows("necrotizing"), 0.46, 0.46),
        ("antisynthetase", shows("perifascicular_necrosis"), 0.28, 0.66),
        ("antisynthetase", fragmented, 0.9, 0.9),
        ("antisynthetase", small_at_the_edge, 0.45, 0.45),
        ("checkpoint_inhibitor", clustered, 10 / 11, 10 / 11),
        ("imnm_srp", inflamed, 0.16, 0.27),
        ("imnm_hmgcr", inflamed, 0.16, 0.27),
        ("imnm_hmgcr", dystrophic_looking, 0.08, 0.08),
        ("imnm_hmgcr_pediatric", dystrophic_looking, 0.47, 0.47),
    ],
)
def test_a_feature_is_as_common_as_its_source_says(
    name: str, feature: Callable[[PhantomSpec], bool], low: float, high: float
) -> None:
    share = np.mean([feature(spec) for spec in specs(name)])
    assert low - TOLERANCE < share < high + TOLERANCE


@pytest.mark.parametrize("name", ["imnm_srp", "imnm_hmgcr", "imnm_hmgcr_pediatric", "imnm_seronegative"])
def test_no_immune_mediated_necrosis_is_clustered(name: str) -> None:
    assert not any(clustered(spec) for spec in specs(name))


def test_neurogenic_fibers_are_as_polygonal_as_their_pattern_states() -> None:
    assert {spec.roundness for spec in specs("neurogenic")} == {0.1}
