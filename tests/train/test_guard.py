"""What the harness says, and which exit code it gives, when a command fails or is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from train.commands import application


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["prepare", "--manifest", "{}/none.csv"], 2, "none.csv: cannot be read (No such file or directory)"),
        (["simulate-lab", "--out", "{}/lab", "--patients", "0"], 2, "0 patients: is not a laboratory"),
        (["export", "--checkpoint", "{}/none.ckpt"], 4, "none.ckpt: there is no such checkpoint"),
        (["export", "--checkpoint", "{}/text.ckpt"], 4, "text.ckpt: is no checkpoint, or a damaged one"),
        (["show", "--fields", "{}/none"], 4, "none: no rendered fields"),
        (["evaluate", "--no-phantoms"], 2, "evaluate: has nothing to measure"),
        (["evaluate", "--real", "{}"], 4, "muscle: there is no such folder"),
    ],
)
def test_a_failure_is_one_line_with_its_exit_code(tmp_path: Path, words: list[str], code: int, told: str) -> None:
    (tmp_path / "text.ckpt").write_text("no weights")
    done = CliRunner().invoke(application, [word.format(tmp_path) for word in words])
    assert (done.exit_code, done.stderr.count("\n")) == (code, 1), done.stderr
    assert told in done.stderr


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "stopped; nothing is left half-written"),
        (PermissionError(13, "Permission denied", "fields"), 4, "fields: cannot be used (Permission denied)"),
        (ValueError("odd\nsize"), 4, "unexpected ValueError (odd size)"),
    ],
)
def test_what_nobody_foresaw_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, told: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("train.show.show_crops", fail)
    done = CliRunner().invoke(application, ["show"])
    assert done.exit_code == code
    assert told in done.stderr
    assert "Traceback" not in done.output


def test_debug_shows_where(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("here")

    monkeypatch.setattr("train.show.show_crops", fail)
    with pytest.raises(ValueError, match="here"):
        CliRunner().invoke(application, ["--debug", "show"], catch_exceptions=False)
