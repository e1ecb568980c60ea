"""Fixtures of the command line's tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw at a third of the resolution: the same figure, quicker."""
    monkeypatch.setattr("histo.report.overview.DPI", 50)
