"""What the tests of cohorts share."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_cohort import Cohort, make_cohort


@pytest.fixture
def cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cohort:
    return make_cohort(tmp_path, monkeypatch)
