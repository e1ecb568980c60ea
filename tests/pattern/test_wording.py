"""Figures in words."""

from __future__ import annotations

import pytest

from histo.pattern.wording import figure


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1543.2, 2, "1,500"),
        (1543.2, 3, "1,540"),
        (0.00648, 3, "0.00648"),
        (9.996, 3, "10"),
        (42.06, 3, "42.1"),
        (3.0, 2, "3"),
        (0.0, 3, "0"),
        (-0.25, 2, "-0.25"),
        (1e-9, 2, "0.000000001"),
    ],
)
def test_a_figure_has_its_digits_and_no_exponent(value: float, digits: int, text: str) -> None:
    assert figure(value, digits) == text
