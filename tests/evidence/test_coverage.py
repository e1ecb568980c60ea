"""The account of the tissue adds up, exactly, for one slide and for many."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.evidence import Coverage

AREA = st.floats(0, 1e4)
ACCOUNT = st.builds(
    lambda rejected, unreadable, assessable: Coverage.of(
        rejected_mm2=rejected, unreadable_mm2=unreadable, assessable_mm2=assessable, artefact_mm2={"pen": rejected}
    ),
    AREA, AREA, AREA,
)  # fmt: skip


@given(st.lists(ACCOUNT, max_size=6))
@settings(deadline=None, max_examples=100)
def test_found_is_exactly_what_was_rejected_unreadable_and_assessable(parts: list[Coverage]) -> None:
    pooled = Coverage.pooled(parts)
    for account in (*parts, pooled):
        of = (account.rejected_mm2, account.unreadable_mm2, account.assessable_mm2)
        assert account.found_mm2 == math.fsum(of)
    assert pooled == Coverage.pooled(parts[::-1])


@given(ACCOUNT)
@settings(deadline=None, max_examples=100)
def test_an_account_survives_being_stored_with_six_digits(account: Coverage) -> None:
    names = ("found_mm2", "rejected_mm2", "unreadable_mm2", "assessable_mm2")
    Coverage(**{name: float(f"{getattr(account, name):.6g}") for name in names})


def test_an_account_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match=r"found_mm2 is 2\.0, and its parts add up to 1\.5"):
        Coverage(2.0, 0.25, 0.25, 1.0)
