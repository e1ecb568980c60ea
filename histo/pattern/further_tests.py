"""Which further stains would separate two patterns, and which blood tests bear on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from histo.errors import UsageError
from histo.evidence.settings_file import load_toml
from histo.pattern.labels import PatternLabel
from histo.pattern.reading import StainAdvice

SHIPPED = Path(str(files("histo.pattern"))) / "further_tests.toml"


@dataclass(frozen=True, slots=True)
class FurtherTests:
    """What is known of further tests.

    Attributes:
        name: The file's own name and version; it stands in every reading.
        sha256: Of the file.
        stains: (name, what each pattern would show, source), in the order of offering.
        serology: Blood tests.
    """

    name: str
    sha256: str
    stains: tuple[tuple[str, Mapping[PatternLabel, str], str], ...]
    serology: tuple[str, ...]

    def separating(self, first: PatternLabel, second: PatternLabel) -> tuple[StainAdvice, ...]:
        """Stains that would look different in the two patterns; none if nothing is known to separate them."""
        return tuple(
            StainAdvice(stain=name, expected=((first, expects[first]), (second, expects[second])), source=source)
            for name, expects, source in self.stains
            if first in expects and second in expects and expects[first] != expects[second]
        )


@cache
def shipped_tests() -> FurtherTests:
    """The tests that come with histo."""
    return load_tests(SHIPPED)


def load_tests(path: Path) -> FurtherTests:
    """Read a file of further tests.

    Raises:
        UsageError: On anything unknown or missing.
    """
    content = load_toml(path)
    tables = content.tables
    if set(tables) != {"name", "serology", "stain"}:
        raise UsageError(path, "is not a file of further tests", "give it a name, serology and [[stain]] tables")
    stains = []
    for entry in tables["stain"]:
        if set(entry) != {"name", "source", "expects"}:
            raise UsageError(path, f"a stain has {', '.join(entry)}", "give each stain name, source and expects")
        try:
            expects = {PatternLabel(label): str(text) for label, text in entry["expects"].items()}
        except ValueError as error:
            raise UsageError(path, f"{entry['name']}: {error}", f"use some of {', '.join(PatternLabel)}") from None
        stains.append((str(entry["name"]), expects, str(entry["source"])))
    serology = tuple(str(test) for test in tables["serology"])
    return FurtherTests(name=str(tables["name"]), sha256=content.sha256, stains=tuple(stains), serology=serology)
