"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real slides and muscle fields, which is never part of the project."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "real"
    folder = Path(os.environ.get("HISTO_REAL_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"real slides are not here: set HISTO_REAL_DATA or put them at {folder}")
    return folder
