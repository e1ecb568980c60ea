"""Checks an installation: what is there, what works, and what to do about what does not."""

from __future__ import annotations

import importlib
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from histo.errors import HistoError

OLDEST_PYTHON = (3, 11)
OLDEST_TORCH = (2, 10)
"""Before it: CVE-2026-24747."""

SPACE_GIB = 2.0
MEMORY_GIB = 2.0
"""A whole reading stays under 1.5 GB."""

INSTALL = "in the checkout: pip install -c constraints.txt -e ."


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What.
        ok: Whether it is as it should be.
        found: What was found.
        fix: What to do; empty where all is well.
    """

    name: str
    ok: bool
    found: str
    fix: str = ""


def examine(bundle: Path | None = None) -> Iterator[Check]:
    """All checks, one after another; none of them raises.

    Args:
        bundle: Weights to check instead of those that ship with histo.
    """
    checks: tuple[tuple[str, Callable[[], Check]], ...] = (
        ("Python", _python),
        ("torch", _torch),
        ("torchvision", _torchvision),
        ("OpenSlide", _openslide),
        ("OpenVINO", _openvino),
        ("bundle", lambda: _bundle(bundle)),
        ("engines", lambda: _engines(bundle)),
        ("room for temporary files", _space),
        ("memory", _memory),
    )
    for name, check in checks:
        try:
            yield check()
        except HistoError as error:
            yield Check(name, False, f"{error.subject}: {error.problem}", error.remedy)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            yield Check(name, False, " ".join(str(error).split())[:200], f"install histo again: {INSTALL}")


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split("+")[0].split(".")
    return tuple(int(part) for part in parts[:3] if part.isdigit())


def _python() -> Check:
    ok = sys.version_info[:2] >= OLDEST_PYTHON
    fix = "" if ok else f"install Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer"
    return Check("Python", ok, f"{platform.python_version()} on {platform.system()} {platform.machine()}", fix)


def _torch() -> Check:
    torch = importlib.import_module("torch")
    ok = _numbers(torch.__version__) >= OLDEST_TORCH
    fix = "" if ok else f"older than 2.10 has CVE-2026-24747; {INSTALL}"
    cuda = f"CUDA {torch.version.cuda}" if torch.cuda.is_available() else "CPU"
    return Check("torch", ok, f"{torch.__version__} ({cuda})", fix)


def _torchvision() -> Check:
    """Reading needs no torchvision; training does, and a wrong pair breaks imports far from here."""
    try:
        installed = metadata.version("torchvision")
    except metadata.PackageNotFoundError:
        return Check("torchvision", True, "not installed; only training needs it")
    wanted = [line for line in metadata.requires("torchvision") or [] if line.startswith("torch==")]
    torch_version = metadata.version("torch").split("+")[0]
    ok = not wanted or wanted[0].removeprefix("torch==").split(";")[0].strip() == torch_version
    fix = "" if ok else f"torchvision {installed} needs {wanted[0]}: {INSTALL}"
    return Check("torchvision", ok, f"{installed} beside torch {torch_version}", fix)


def _openslide() -> Check:
    from histo.slide import library_versions, library_warnings

    warnings = library_warnings()
    versions = ", ".join(f"{name} {version}" for name, version in library_versions().items())
    fix = "" if not warnings else f"{'; '.join(warnings)} (CVE-2026-48977, CVE-2026-54604)"
    return Check("OpenSlide", not warnings, versions, fix)


def _openvino() -> Check:
    from histo.network.openvino_engine import openvino_devices

    return Check("OpenVINO", True, f"{metadata.version('openvino')} ({', '.join(openvino_devices())})")


def _bundle(folder: Path | None) -> Check:
    from histo.network import load_bundle

    bundle = load_bundle(folder)
    found = f"{bundle.card.name} {bundle.card.version}, weights match their digest {bundle.card.weights_sha256[:12]}"
    return Check("bundle", True, found)


def _engines(folder: Path | None) -> Check:
    """Run both engines on one tile: they must work and agree."""
    from histo.network import load_bundle, make_engine
    from histo.network.engine import F32_TOLERANCE

    bundle = load_bundle(folder)
    tile = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    maps = [make_engine(bundle, device="cpu", kind=kind).run(tile) for kind in ("torch", "openvino")]
    difference = float(np.abs(maps[0] - maps[1]).max())
    ok = difference <= F32_TOLERANCE
    found = f"torch and OpenVINO run, and differ by at most {difference:.1e}"
    fix = "" if ok else f"more than {F32_TOLERANCE:.0e}: {INSTALL}, or report this with the versions above"
    return Check("engines", ok, found, fix)


def _space() -> Check:
    folder = Path(tempfile.gettempdir())
    free_gib = shutil.disk_usage(folder).free / (1 << 30)
    ok = free_gib >= SPACE_GIB
    fix = "" if ok else f"free at least {SPACE_GIB:g} GiB, or set TMPDIR to a larger disk"
    return Check("room for temporary files", ok, f"{free_gib:.1f} GiB free in {folder}", fix)


def _memory() -> Check:
    psutil = importlib.import_module("psutil")
    free_gib = psutil.virtual_memory().available / (1 << 30)
    ok = free_gib >= MEMORY_GIB
    fix = "" if ok else f"close other programs: a reading needs up to {MEMORY_GIB:g} GiB"
    return Check("memory", ok, f"{free_gib:.1f} GiB available, {psutil.cpu_count() or 1} cores", fix)
