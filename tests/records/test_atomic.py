"""Files are there in full or not at all, whatever stops the writing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from histo.errors import OutputError
from histo.records import Staged, make_folder, write_atomically
from histo.records.atomic import remove


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError, SystemExit])
def test_what_stops_in_between_changes_nothing(tmp_path: Path, stop: type[BaseException]) -> None:
    (tmp_path / "a.json").write_text("before")
    with pytest.raises(stop), Staged(tmp_path) as staged:
        staged.add("a.json", lambda path: path.write_text("after"))
        raise stop
    assert contents(tmp_path) == {"a.json": "before"}


def test_a_writer_that_fails_half_way_changes_nothing(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    (tmp_path / "b.json").write_text("before")
    problem = r"b\.json: cannot write \(No space left on device\); free space on the disk"
    with pytest.raises(OutputError, match=problem), Staged(tmp_path) as staged:
        staged.add("a.json", lambda path: path.write_text("after"))
        staged.add("b.json", fail)
    assert contents(tmp_path) == {"b.json": "before"}


def test_all_files_appear_together_with_ordinary_permissions(tmp_path: Path) -> None:
    with Staged(tmp_path) as staged:
        staged.add("a", lambda path: path.write_text("1"))
        assert staged.staged_bytes("a") == b"1"
        assert not (tmp_path / "a").exists()
        staged.add("b", lambda path: path.write_text("2"))
    assert contents(tmp_path) == {"a": "1", "b": "2"}
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_file_that_vouches_for_the_rest_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("findings", "reading"):
        (tmp_path / name).write_text("old")
    replace, seen = Path.replace, []

    def watch(self: Path, target: Path) -> Path:
        seen.append(((tmp_path / "reading").exists(), target.name))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watch)
    with Staged(tmp_path) as staged:
        staged.add("findings", lambda path: path.write_text("new"))
        staged.add("reading", lambda path: path.write_text("new"))
    # While the findings are exchanged there is no reading that could be taken for theirs.
    assert seen == [(False, "findings"), (False, "reading")]
    assert contents(tmp_path) == {"findings": "new", "reading": "new"}


def test_one_file_is_exchanged_without_ever_being_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    replace, seen = Path.replace, []

    def watch(self: Path, target: Path) -> Path:
        seen.append(target.read_text())
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watch)
    write_atomically(path, b"new")
    assert seen == ["old"]
    assert contents(tmp_path) == {"a": "new"}


def test_a_file_in_the_way_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match=r"out/slide: cannot make the folder \(Not a directory\); choose another"):
        make_folder(tmp_path / "out" / "slide")


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_holds_is_not(tmp_path: Path) -> None:
    program = (
        "import sys, os, signal; from pathlib import Path; from histo.records import Staged\n"
        "with Staged(Path(sys.argv[1])) as staged:\n"
        "    staged.add('reading.json', lambda path: path.write_text('half'))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".reading.json.")
    theirs = tmp_path / ".notes.tmp"
    theirs.write_text("somebody else's")
    with Staged(tmp_path) as first:
        first.add("a", lambda path: path.write_text("1"))
        assert not left.exists()
        write_atomically(tmp_path / "b", b"2")  # sweeps too, while the first is at work
    assert contents(tmp_path) == {"a": "1", "b": "2", ".notes.tmp": "somebody else's"}


def test_a_file_that_cannot_be_removed_is_told(tmp_path: Path) -> None:
    (tmp_path / "failures.json").mkdir()
    with pytest.raises(OutputError, match=r"failures\.json: cannot be removed \(.*\); remove it by hand"):
        remove(tmp_path / "failures.json")
