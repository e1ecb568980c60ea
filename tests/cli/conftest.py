"""Fixtures of the command line's tests."""

from __future__ import annotations

import pytest
from example_case import draw_coarsely


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw at a fraction of the resolution: the same figures, quicker."""
    draw_coarsely(monkeypatch)
