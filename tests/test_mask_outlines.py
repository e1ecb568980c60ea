"""Outlines of a mask hold exactly its pixels."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from histo.mask_outlines import mask_polygons


@given(mask=hnp.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
@settings(deadline=None, max_examples=100)
def test_outlines_of_a_mask_hold_exactly_its_pixels(mask: np.ndarray) -> None:
    pieces = mask_polygons(mask)
    rows, columns = np.indices(mask.shape)
    inside = np.zeros(mask.shape, bool)
    for piece in pieces:
        assert piece.is_valid
        inside |= shapely.contains_xy(piece, columns + 0.5, rows + 0.5)
    np.testing.assert_array_equal(inside, mask)
    assert sum(piece.area for piece in pieces) == np.count_nonzero(mask)
