"""JSON in one form, and nothing odd accepted back."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.errors import RecordError
from histo.records import json_bytes, plain, read_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(value=VALUES)
@settings(deadline=None, max_examples=200)
def test_putting_numbers_on_one_line_changes_no_value(value: object) -> None:
    assert json.loads(json_bytes(value)) == value


def test_lists_of_numbers_stand_on_one_line() -> None:
    assert json_bytes({"ids": [1, 2.5, -3e-05]}) == b'{\n  "ids": [1, 2.5, -3e-05]\n}\n'


@given(number=st.floats(allow_nan=True, allow_infinity=True))
@settings(deadline=None)
def test_floats_keep_six_digits_and_what_is_not_finite_is_missing(number: float) -> None:
    stored = plain(number)
    if math.isfinite(number):
        assert stored == pytest.approx(number, rel=5e-6, abs=5e-324)
    else:
        assert stored is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not valid JSON"),
        ('{"a": NaN}', "NaN is not a number of JSON"),
        ('{"a": -Infinity}', "-Infinity is not a number of JSON"),
        ("[1]", "holds no JSON object"),
        ("[" * 200_000, "is not valid JSON"),
    ],
)
def test_odd_json_is_refused_by_name(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "reading.json"
    path.write_text(text)
    with pytest.raises(RecordError, match=problem) as caught:
        read_json(path)
    assert caught.value.subject == str(path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "reading.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordError, match="is not valid JSON"):
        read_json(path)
