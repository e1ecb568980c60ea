from __future__ import annotations

import numpy as np
import pytest
from network_fields import truth_of

from histo.findings import CellClass, FiberAttribute
from histo.geometry import Mpp
from histo.network.targets import IGNORE, Targets, encode_targets
from histo.phantom.truth import FieldTruth


def two_touching_squares() -> Targets:
    labels = np.zeros((128, 128), np.int32)
    labels[32:96, 16:64] = 1
    labels[32:96, 64:112] = 2
    return encode_targets(truth_of(labels))


def test_the_foreground_covers_the_fibers() -> None:
    targets = two_touching_squares()
    assert targets.foreground.shape == (64, 64)
    assert targets.foreground.sum() == 32 * 48
    assert (targets.fiber_class == IGNORE).sum() == 64 * 64 - 32 * 48
    assert targets.attributes[FiberAttribute.OPAQUE].sum() == 32 * 48


def test_the_distance_runs_from_rim_to_middle_of_each_fiber() -> None:
    targets = two_touching_squares()
    assert targets.distance[targets.fiber_labels == 0].max() == 0
    for number in (1, 2):
        assert targets.distance[targets.fiber_labels == number].max() == 1
    assert targets.distance[32, 20] > 0.9
    assert targets.distance[32, 31] < 0.1


def test_the_boundary_runs_between_touching_fibers_too() -> None:
    targets = two_touching_squares()
    np.testing.assert_array_equal(targets.boundary[32, 29:35], [0, 0, 1, 1, 0, 0])
    np.testing.assert_array_equal(targets.boundary[32, 5:11], [0, 0, 1, 1, 0, 0])


def test_the_edge_of_the_field_is_no_border() -> None:
    labels = np.zeros((64, 64), np.int32)
    labels[:, :32] = 1
    targets = encode_targets(truth_of(labels))
    assert targets.distance[10, 0] == 1
    assert targets.boundary[10, 0] == 0


def test_nuclei_become_bumps_where_they_lie() -> None:
    cells = [(21.0, 41.0, CellClass.LYMPHOCYTE), (21.0, 47.0, CellClass.LYMPHOCYTE), (0.0, 0.0, CellClass.OTHER)]
    bumps = encode_targets(truth_of(np.zeros((64, 96), np.int32), cells)).cells
    assert bumps.shape == (4, 32, 48)
    # the working pixel coordinate 21.0 is 10.5 um, the middle of map pixel 10
    assert bumps[CellClass.LYMPHOCYTE, 20, 10] == 1
    assert bumps[CellClass.LYMPHOCYTE, 23, 10] == 1
    assert bumps[CellClass.LYMPHOCYTE, 22, 10] < 0.9
    assert bumps[CellClass.MACROPHAGE].max() == 0
    assert 0.8 < bumps[CellClass.OTHER, 0, 0] < 1


def test_a_field_without_anything_has_empty_targets() -> None:
    targets = encode_targets(truth_of(np.zeros((32, 32), np.int32)))
    assert targets.foreground.max() == targets.distance.max() == targets.boundary.max() == targets.cells.max() == 0


def test_one_fiber_filling_the_field_is_all_middle() -> None:
    targets = encode_targets(truth_of(np.ones((32, 32), np.int32)))
    assert targets.distance.min() == 1
    assert targets.boundary.max() == 0


def test_another_scale_or_an_odd_size_is_refused() -> None:
    with pytest.raises(ValueError, match="even size"):
        encode_targets(truth_of(np.zeros((31, 32), np.int32)))
    coarse = FieldTruth(**{**vars(truth_of(np.zeros((32, 32), np.int32))), "mpp": Mpp(1.0)})
    with pytest.raises(ValueError, match="even size"):
        encode_targets(coarse)
