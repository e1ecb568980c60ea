"""What is handed out: a wheel that holds its weights, installs into an empty environment, and reads without a network.

Dependencies are lent by the environment that runs the tests, through a path file; the project itself is not.
"""

from __future__ import annotations

import configparser
import json
import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from histo.network import load_bundle
from histo.network.bundle import DEFAULT_BUNDLE

ROOT = Path(__file__).resolve().parents[1]
SLOWEST_S = 900
"""A machine may be busy with a training."""

LARGEST_MB = 25
OLDEST_SETUPTOOLS = 77

NO_SOCKETS = """
import socket

class Refused(socket.socket):
    def __init__(self, family=-1, *more, **named):
        if family != socket.AF_UNIX:
            raise OSError("the network is forbidden here")
        super().__init__(family, *more, **named)

socket.socket = Refused
"""
"""For systems that cannot take a network away from a process."""

IS_CUT_OFF = """
import socket
try:
    socket.socket(socket.AF_INET)
except OSError:
    print("cut off")
else:
    print("cut off" if [name for _, name in socket.if_nameindex()] == ["lo"] else "connected")
"""


def pip(*words: str | Path) -> None:
    settings = {**os.environ, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pip", *map(str, words)],
        capture_output=True, text=True, check=False, timeout=SLOWEST_S, env=settings,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that the checkout stays as it is."""
    try:
        too_old = int(version("setuptools").split(".")[0]) < OLDEST_SETUPTOOLS
        version("pip")
    except PackageNotFoundError as error:
        pytest.skip(f"this environment cannot build a wheel: {error}")
    if too_old:
        pytest.skip(f"setuptools {OLDEST_SETUPTOOLS} or newer is needed to build a wheel")
    work = tmp_path_factory.mktemp("wheel")
    source = work / "source"
    shutil.copytree(ROOT / "histo", source / "histo", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip("wheel", source, "--no-deps", "--no-build-isolation", "--wheel-dir", work / "dist")
    (built,) = (work / "dist").iterdir()
    return built


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and how a program of it is run without a network."""

    folder: Path
    alone: tuple[str, ...]

    @property
    def programs(self) -> Path:
        return self.folder / "bin"

    def run(self, work: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
        plain = {name: os.environ[name] for name in ("LANG", "TMPDIR", "OMP_NUM_THREADS") if name in os.environ}
        return subprocess.run(
            [*self.alone, str(self.programs / words[0]), *map(str, words[1:])],
            cwd=work, capture_output=True, text=True, check=False, timeout=SLOWEST_S,
            env={**plain, "PATH": os.defpath, "HOME": str(work)},
        )  # fmt: skip


def without_network() -> Sequence[str]:
    """A command that runs others in a network of their own, which has nothing in it; empty where there is none."""
    for way in (("unshare", "-n"), ("unshare", "-rn")):
        if shutil.which(way[0]) and subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0:
            return way
    return ()


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("empty") / "environment"
    venv.create(folder, symlinks=True, with_pip=False)
    pip("--python", folder / "bin" / "python", "install", "--no-deps", wheel)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "lent_dependencies.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    alone = tuple(without_network())
    if not alone:
        (packages / "sitecustomize.py").write_text(NO_SOCKETS)
    return Installed(folder, alone)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as held:
        names = set(held.namelist())
        points = configparser.ConfigParser()
        (told,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
        points.read_string(held.read(told).decode())
    assert {section: dict(points[section]) for section in points.sections()} == {
        "console_scripts": {"histo": "histo.cli:main"}
    }
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"histo"}
    in_tree = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "histo").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert in_tree - names == set(), "files of the package are missing from the wheel"
    assert {f"histo/network/default_bundle/{name.name}" for name in DEFAULT_BUNDLE.iterdir()} <= names
    assert wheel.stat().st_size < LARGEST_MB * 1e6


def test_histo_is_the_only_program_and_comes_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    mine = {path.name for path in installed.programs.iterdir()}
    assert {name for name in mine if not name.lower().startswith(("python", "activate"))} == {"histo"}
    where = installed.run(tmp_path, "python", "-c", "import histo; print(histo.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(installed.folder), where.stderr
    told = installed.run(tmp_path, "histo", "--version")
    assert (told.returncode, told.stdout) == (0, f"histo {version('histo')}\n")


def test_it_is_cut_off_and_well(installed: Installed, tmp_path: Path) -> None:
    assert installed.run(tmp_path, "python", "-c", IS_CUT_OFF).stdout == "cut off\n"
    done = installed.run(tmp_path, "histo", "doctor")
    lines = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    for check in ("Python", "torch", "OpenSlide", "OpenVINO", "bundle", "engines"):
        assert f"ok    {check}" in lines, done.stdout + done.stderr


def test_a_phantom_is_made_and_read(installed: Installed, tmp_path: Path) -> None:
    made = installed.run(tmp_path, "histo", "phantom", "small.tif", "--pattern", "necrotizing", "--seed", "3", "--mm2",
                         "0.3")  # fmt: skip
    assert made.returncode == 0, made.stderr
    read = installed.run(tmp_path, "histo", "read", "small.tif", "--out", "out")
    assert read.returncode == 0, read.stderr
    folder = tmp_path / "out" / "small"
    reading = json.loads((folder / "reading.json").read_text())
    assert reading["model"]["sha256"] == load_bundle().sha256
    assert reading["pattern"]["refusal"]["code"] == "too_little_tissue"
    assert reading["evidence"]["pooled"]["fibers"]["fibers"] > 50
    for name in ("report.html", "report.pdf", "overview.png", "fibers.parquet", "findings.geojson"):
        assert (folder / name).stat().st_size > 0
