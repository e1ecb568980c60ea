"""`histo agreement`, from labels to files."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from histo.cli import app

LABELS = """reader;biopsy;finding;value
Berg;B1;Pattern;necrotizing
Costa;B1;pattern;normal
Berg;B2;pattern;normal
Costa;B2;pattern;normal
Berg;B3;pattern;dystrophic
Costa;B3;pattern;<script>alert(1)</script>
Berg;B1;necrotic fibers;12
Costa;B1;necrotic fibers;15
Berg;B2;necrotic fibers;0
Costa;B2;necrotic fibers;1
=cmd();B2;necrotic fibers;3
"""


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text(LABELS, encoding="utf-8")
    return path


def test_readers_are_compared_and_four_files_written(labels: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = CliRunner().invoke(app, ["agreement", str(labels), "--out", str(out), "--simulated"])
    assert run.exit_code == 0, run.output
    assert "Berg and Costa" in run.output
    assert "Research use only. A pattern, not a diagnosis." in run.output
    assert sorted(path.name for path in out.iterdir()) == [
        "agreement.csv", "agreement.html", "agreement.json", "discordances.csv",
    ]  # fmt: skip
    document = json.loads((out / "agreement.json").read_text(encoding="utf-8"))
    assert document["schema"] == "histo.agreement" and document["simulated"] is True
    (pattern,) = document["labels"]
    assert pattern["pairs"][0]["units"] == 3
    rows = table(out / "agreement.csv")
    kappa = next(row for row in rows if row["measure"] == "Cohen's kappa")
    assert float(kappa["value"]) == pytest.approx(pattern["pairs"][0]["kappa"]["value"])
    discordant = table(out / "discordances.csv")
    assert [row["biopsy"] for row in discordant] == ["B1", "B3"]
    again = tmp_path / "again"
    CliRunner().invoke(app, ["agreement", str(labels), "--out", str(again), "--simulated"])
    assert all((again / path.name).read_bytes() == path.read_bytes() for path in out.iterdir())


def test_no_name_is_run_by_a_browser_or_a_spreadsheet(labels: Path, tmp_path: Path) -> None:
    CliRunner().invoke(app, ["agreement", str(labels), "--out", str(tmp_path / "out")])
    page = (tmp_path / "out" / "agreement.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page
    assert not re.search(r"(src|href)=.(?!#)", page)
    cells = list(table(tmp_path / "out" / "discordances.csv")[0])
    cells += [row["second"] for row in table(tmp_path / "out" / "agreement.csv")]
    assert "'=cmd()" in cells and "=cmd()" not in cells


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reader,biopsy,finding\n", "row 1: the header lacks value"),
        ("reader,biopsy,finding,value\n", "has no rows"),
        ("reader,biopsy,finding,value\nA,B,pattern,\n", "row 2: value is empty"),
        ("reader,biopsy,finding,value,weight\nA,B,pattern,normal,0\n", "row 2: the weight 0 is no number above 0"),
        (
            "reader,biopsy,finding,value\nA,B,pattern,normal\nA,B,pattern,zonal\n",
            "A has a row for pattern of B already",
        ),
        ("reader,biopsy,finding,value\nA,B,pattern,normal\n", "fewer than two readers"),
    ],
)
def test_faults_are_one_line_and_write_nothing(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    run = CliRunner().invoke(app, ["agreement", str(path), "--out", str(tmp_path / "out")])
    assert run.exit_code == 2
    assert said in run.output and "Traceback" not in run.output
    assert not (tmp_path / "out").exists()


def test_a_folder_without_readings_is_named(labels: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["agreement", str(labels), "--readings", str(tmp_path)])
    assert run.exit_code == 2
    assert "holds no reading" in run.output
