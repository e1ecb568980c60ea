from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.tissue import TISSUE_MPP, ArtefactClass, TissueMap


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), height=st.integers(1, 40), width=st.integers(1, 40))
def test_the_areas_add_up(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    unreadable = rng.random((height, width)) < 0.1
    tissue = (rng.random((height, width)) < 0.6) & ~unreadable
    artefact = rng.integers(0, len(ArtefactClass), (height, width)).astype(np.uint8)
    account = TissueMap(tissue, artefact, unreadable)
    parts_mm2 = (account.rejected_mm2, account.unreadable_mm2, account.assessable_mm2)
    assert account.found_mm2 == pytest.approx(sum(parts_mm2))
    assert account.assessable_mm2 == pytest.approx(account.assessable.sum() * 64e-6)
    assert sum(account.artefact_mm2.values()) == pytest.approx(account.rejected_mm2)
    assert account.rejected_mm2 == pytest.approx(TISSUE_MPP.area_mm2(float((tissue & (artefact > 0)).sum())))
    assert not (account.assessable & unreadable).any()


def test_unreadable_tissue_is_refused() -> None:
    both = np.ones((2, 2), bool)
    with pytest.raises(ValueError, match="never tissue"):
        TissueMap(both, np.zeros((2, 2), np.uint8), both)


def test_maps_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        TissueMap(np.ones((2, 2), bool), np.zeros((2, 3), np.uint8), np.zeros((2, 2), bool))


def test_maps_are_read_only() -> None:
    account = TissueMap(np.ones((2, 2), bool), np.zeros((2, 2), np.uint8), np.zeros((2, 2), bool))
    with pytest.raises(ValueError, match="read-only"):
        account.tissue[0, 0] = False
