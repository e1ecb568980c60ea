"""`histo review`: its faults in one line, before anything is served."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from histo.cli import app


def review(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["review", *[str(word) for word in words]])


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    result = review(tmp_path / "nowhere")
    assert (result.exit_code, result.stderr) == (
        4, f"histo: {tmp_path}/nowhere: there is no such folder; name a folder that `histo read --out` wrote\n"
    )  # fmt: skip


def test_a_folder_without_a_reading(tmp_path: Path) -> None:
    result = review(tmp_path)
    assert result.exit_code == 4
    assert "holds no reading" in result.stderr
    assert list(tmp_path.iterdir()) == []  # nothing is made there


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b", "\x1b[31m"])
def test_a_reader_needs_a_name(tmp_path: Path, name: str) -> None:
    result = review(tmp_path, "--reader", name)
    assert result.exit_code == 2
    assert "give --reader NAME" in result.stderr


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = review(tmp_path, "--port", str(port))
    assert result.exit_code == 2
    assert f"port {port}: cannot be used" in result.stderr
