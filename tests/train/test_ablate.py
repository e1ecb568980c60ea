"""Trainings without a group of features: the whole path once, as short as it can be, and the table."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from histo.network import Metric
from histo.phantom.ablation import Group
from train import ablate
from train.ablate import FIGURES, NOTHING, table
from train.commands import application

SMOKE = Path(__file__).parents[2] / "train" / "configs" / "smoke.yaml"


def test_a_table_has_a_column_for_each_training_that_is_done_everything_first() -> None:
    measured = {name: dict.fromkeys(FIGURES, value) for name, value in ((Group.STAINS, 0.5), (NOTHING, 0.75))}
    lines = table(measured).splitlines()
    assert lines[0] == "| left out | nothing | stains |"
    assert lines[2] == "| fibers_01, fiber F1 | 0.750 | 0.500 |"
    assert len(lines) == 2 + len(FIGURES)


def test_an_unknown_group_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(application, ["ablate", "--real", str(tmp_path), "--only", "fibers"])
    assert result.exit_code == 2, result.output
    assert "there is no group fibers; choose from nothing, stains" in " ".join(result.stderr.split())


def test_a_training_without_a_group_is_measured_on_real_pixels_and_kept(
    tmp_path: Path, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablate, "_VALIDATION_FIELDS", 2)
    section = {name: Metric(1.0, None, None, 1) for name in FIGURES if name.startswith("muscle_section")}
    monkeypatch.setattr(ablate, "read_real_section", lambda *_: None)  # reading noise takes most of a minute
    monkeypatch.setattr(ablate, "section_figures", lambda _: section)
    arguments = ["ablate", "--real", str(real_data), "--only", Group.ARTEFACTS, "--recipe", str(SMOKE)]
    arguments += ["--fields", "2", "--steps", "6", "--out", str(tmp_path), "--processes", "0"]
    result = CliRunner().invoke(application, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "| left out | artefacts |" in (tmp_path / "table.md").read_text()
    bundle = tmp_path / Group.ARTEFACTS / "bundle" / "card.json"
    before = bundle.stat().st_mtime_ns
    CliRunner().invoke(application, arguments, catch_exceptions=False)
    assert bundle.stat().st_mtime_ns == before
