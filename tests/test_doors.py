"""Each foreign library that can break much, or endanger much, is imported by one module: its door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

DOORS = {
    "openslide": {"histo/slide/openslide_source.py"},
    "openvino": {"histo/network/openvino_engine.py"},
    "pydicom": {"histo/slide/intake.py", "histo/exports/dicom/source.py"},
    "defusedxml": {"histo/annotations/xml_door.py"},
    "jinja2": {"histo/report/page.py", "histo/report/agreement_page.py", "train/evaluation_page.py"},
    "albumentations": {"train/augment.py"},
    "pytorch_lightning": {"train/lightning.py"},
    "ray": {"histo/cohort/engines/ray_cluster.py"},
    "torchvision": {"train/torchvision_door.py", "train/pretrained.py"},  # the second calls the first before
}
"""Modules that may import a library. Two rooms draw pages, each its own."""

ROOMS = {
    "typer": ("histo/cli/", "train/"),
    "matplotlib": ("histo/report/", "train/"),
    "reportlab": ("histo/report/pdf/",),
    "pyarrow": ("histo/records/", "train/"),
    "safetensors": ("histo/network/", "train/"),
    "torch": ("histo/network/", "histo/doctor.py", "train/"),
    "torchmetrics": ("train/",),
    "sklearn": ("train/",),
    "highdicom": ("histo/exports/dicom/",),
    "fastapi": ("histo/review/",),
    "starlette": ("histo/review/",),
    "uvicorn": ("histo/review/serve.py",),
    "sqlite3": ("histo/review/store.py",),
}
"""Rooms that may import a library."""


def imported(path: Path) -> Iterator[str]:
    """Top-level names of what a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (name.value.split(".")[0] for name in node.args if isinstance(name, ast.Constant))


def importers(library: str) -> set[str]:
    files = [path for room in ("histo", "train") for path in (ROOT / room).rglob("*.py")]
    return {path.relative_to(ROOT).as_posix() for path in files if library in set(imported(path))}


@pytest.mark.parametrize("library", DOORS)
def test_a_library_with_a_door_comes_in_there_and_nowhere_else(library: str) -> None:
    found = importers(library)
    assert found, "nobody imports it: the door is gone"
    assert found <= DOORS[library]


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_of_a_room_stays_in_it(library: str) -> None:
    assert [path for path in importers(library) if not path.startswith(ROOMS[library])] == []


def test_pythons_own_parsers_of_xml_are_not_used() -> None:
    """They expand entities without end. But for OME tags, by an expat that refuses them, only types are imported."""
    for path in importers("xml") - {"histo/slide/flat_tags.py"}:
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("xml"):
                assert {alias.name for alias in node.names} <= {"Element", "ParseError"}, path
            assert not (isinstance(node, ast.Import) and node.names[0].name.startswith("xml")), path
