"""The features of the differential: named once, each on its axis, missing where nothing could be assessed."""

from __future__ import annotations

import numpy as np
import pytest
from graded_evidence import SIDE, mixed_necrosis, weigh
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.evidence import weigh_evidence
from histo.findings import FiberClass
from histo.pattern.axes import Axis, along_axes
from histo.pattern.features import FEATURES, features_of

NAMES = [feature.name for feature in FEATURES]


def named(values: np.ndarray) -> dict[str, float]:
    return dict(zip(NAMES, values.tolist(), strict=True))


def test_names_are_unique_and_every_feature_has_its_words() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(feature.text for feature in FEATURES)


def test_features_are_the_numbers_of_the_evidence() -> None:
    evidence = weigh(mixed_necrosis(0.1), cells_per_mm2=20).pooled
    found = named(features_of(evidence))
    assert evidence.necrotic.per_1000_fibers is not None
    assert evidence.infiltrate is not None
    assert evidence.infiltrate.total.per_mm2 is not None
    assert found["necrotic"] == evidence.necrotic.per_1000_fibers.value
    assert found["infiltrate"] == evidence.infiltrate.total.per_mm2.value
    assert 0 < found["early"] < 100


def test_without_necrosis_its_place_and_its_stages_are_missing_and_not_zero() -> None:
    found = named(features_of(weigh().pooled))
    assert found["necrotic"] == 0
    for name in ("necrosis_edge", "necrosis_closeness", "necrosis_grouped", "early", "phagocytic"):
        assert np.isnan(found[name]), name


def test_of_nothing_everything_is_missing() -> None:
    found = features_of(weigh_evidence([]).pooled)
    assert found.shape == (len(FEATURES),)
    assert np.isnan(found).all()


def test_necrosis_at_the_edge_is_seen_as_such_and_few_fibers_say_less_than_many() -> None:
    """With 8 x 8 fascicles: all necrotic fibers in the outermost rows, first 4 of them, then 40."""
    row, column = np.divmod(np.arange(SIDE**2), SIDE)
    edge = np.flatnonzero((row % 8 == 0) | (column % 8 == 0))
    ratios = []
    for count in (4, 40):
        kinds = np.zeros(SIDE**2, np.uint8)
        kinds[edge[:: len(edge) // count][:count]] = FiberClass.NECROTIC_PALE
        ratios.append(named(features_of(weigh(kinds).pooled))["necrosis_edge"])
    assert 1 < ratios[0] < ratios[1]


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
@settings(deadline=None)
def test_axes_keep_the_order(one: float, other: float) -> None:
    for axis in (Axis.LINEAR, Axis.LOG):
        low, high = along_axes(np.array([[min(one, other)], [max(one, other)]]), (axis,))
        assert low <= high
    assert along_axes(np.array([0.0]), (Axis.LOG,)) == 0


@pytest.mark.parametrize("times", [2.0, 7.5])
def test_on_the_axis_of_ratios_twice_and_half_are_equally_far(times: float) -> None:
    many, few, missing = along_axes(np.array([times, 1 / times, np.nan]), (Axis.RATIO,) * 3)
    assert many == pytest.approx(-few)
    assert np.isnan(missing)
