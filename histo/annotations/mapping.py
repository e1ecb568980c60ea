"""Which class name of a laboratory means what: a TOML file, read strictly."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

from histo.errors import MappingError, UnknownClasses
from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass

OWN_NAMES = Path(str(files("histo.annotations"))) / "own_names.toml"
"""The mapping of our own export, and of labs that draw with our names."""

UNCLASSIFIED = "unclassified"
"""The name under which the mapping speaks of objects without any class."""

MAX_MAPPING_BYTES = 1 << 20
GUIDE = "docs/annotation-guide.md"


class RegionMeaning(StrEnum):
    """What a region means that is no finding itself."""

    ANNOTATED = "annotated"
    """Everything that the mapping names was drawn in it."""
    ANNOTATED_FIBERS = "annotated fibers"
    ANNOTATED_CELLS = "annotated cells"
    ANNOTATED_COMPARTMENTS = "annotated compartments"
    UNSURE = "unsure"
    """Nothing is to be learned from it."""
    IGNORE = "ignore"
    """Left out, as if it had not been drawn."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one class name means.

    Attributes:
        kind: A fiber, a nucleus, a compartment, or a region.
        attributes: Of a fiber; empty for all else.
    """

    kind: FiberClass | CellClass | Compartment | RegionMeaning
    attributes: frozenset[FiberAttribute] = frozenset()


@dataclass(frozen=True, eq=False)
class ClassMapping:
    """What a laboratory's class names mean.

    Attributes:
        meanings: By name; `unclassified` stands for objects without a class.
        source: Where the mapping comes from, for messages.
    """

    meanings: Mapping[str, Meaning]
    source: str

    def __post_init__(self) -> None:
        """Refuse two names that differ only in case or spaces."""
        seen: dict[str, str] = {}
        for name in self.meanings:
            other = seen.setdefault(_folded(name), name)
            if other != name:
                raise MappingError(self.source, f"{other!r} and {name!r} are the same name", "keep one of them")

    def meaning(self, name: str) -> Meaning | None:
        """What a name means, whatever its case and spaces; None if the mapping does not say."""
        return self._by_folded().get(_folded(name or UNCLASSIFIED))

    def _by_folded(self) -> dict[str, Meaning]:
        return {_folded(name): meaning for name, meaning in self.meanings.items()}

    def meanings_of(self, counts: Mapping[str, int], path: Path) -> dict[str, Meaning]:
        """The meaning of every name of a file.

        Args:
            counts: Drawn objects by class name; the empty name is that of objects without a class.
            path: The file, for the message.

        Raises:
            UnknownClasses: If the mapping lacks any of them; names all, with their counts.
        """
        known = self._by_folded()
        unknown = {name: count for name, count in counts.items() if _folded(name or UNCLASSIFIED) not in known}
        if unknown:
            listed = ", ".join(f"{name or UNCLASSIFIED!r} ({count})" for name, count in by_frequency(unknown.items()))
            first = next(name or UNCLASSIFIED for name, _ in by_frequency(unknown.items()))
            raise UnknownClasses(
                path,
                f"{self.source} does not say what these classes mean: {listed}",
                f'add a line for each under [classes], such as {toml_key(first)} = "intact"; '
                f"`histo annotations names` writes a file to start from",
            )
        return {name: known[_folded(name or UNCLASSIFIED)] for name in counts}

    def speaks_of(self, kind: type[FiberClass] | type[CellClass] | type[Compartment]) -> bool:
        """Whether any name means something of this kind."""
        return any(isinstance(meaning.kind, kind) for meaning in self.meanings.values())


def load_mapping(path: Path | None) -> ClassMapping:
    """Read a mapping, or take that of our own names.

    Args:
        path: A TOML file with a table `[classes]`; None for the names that histo itself exports (`Intact fiber`,
            `Necrotic fiber: pale`, ...) and those of regions (`Annotated region`, `Unsure`, ...).

    Returns:
        The mapping.

    Raises:
        MappingError: If the file cannot be read, is no TOML, or says something that is not understood.
    """
    if path is None:
        return _read(OWN_NAMES, "the mapping of histo's own names")
    return _read(path, str(path))


def _read(path: Path, source: str) -> ClassMapping:
    try:
        if path.stat().st_size > MAX_MAPPING_BYTES:
            raise MappingError(source, "is too large for a mapping", "name the TOML file with the class names")
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise MappingError(source, f"cannot be read ({error.strerror or error})", "check the path") from None
    except UnicodeDecodeError:
        raise MappingError(source, "is not UTF-8 text", "save it as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(source, f"is not valid TOML: {error}", "correct it there") from None
    classes = tables.pop("classes", None)
    if tables:
        raise MappingError(source, f"has an unknown table or key {next(iter(tables))!r}", "put all names in [classes]")
    if not isinstance(classes, dict) or not classes:
        raise MappingError(source, "has no names in [classes]", f"see the example in {GUIDE}")
    return ClassMapping({name: _meaning(name, value, source) for name, value in classes.items()}, source)


def _meaning(name: str, value: Any, source: str) -> Meaning:  # noqa: ANN401
    attributes: frozenset[FiberAttribute] = frozenset()
    if isinstance(value, dict):
        if set(value) - {"class", "attributes"} or "class" not in value:
            raise MappingError(
                source, f"{name!r} is not understood", 'write { class = "intact", attributes = ["internal nucleus"] }'
            )
        attributes = _attributes(name, value.get("attributes", []), source)
        value = value["class"]
    kind = _KINDS.get(_folded(value).replace("_", " ")) if isinstance(value, str) else None
    if kind is None:
        raise MappingError(source, f"{name!r} means {value!r}, which is not known", f"use one of {', '.join(_KINDS)}")
    if attributes and not isinstance(kind, FiberClass):
        raise MappingError(source, f"{name!r} has attributes but is no fiber", "give attributes to fibers only")
    return Meaning(kind, attributes)


def _attributes(name: str, given: Any, source: str) -> frozenset[FiberAttribute]:  # noqa: ANN401
    words = {word_of(attribute): attribute for attribute in FiberAttribute}
    if not isinstance(given, list):
        raise MappingError(source, f"the attributes of {name!r} are no list", 'write attributes = ["internal nucleus"]')
    for value in given:
        if not isinstance(value, str) or _folded(value).replace("_", " ") not in words:
            raise MappingError(
                source, f"{name!r} has the attribute {value!r}, which is not known", f"use one of {', '.join(words)}"
            )
    return frozenset(words[_folded(value).replace("_", " ")] for value in given)


def word_of(kind: FiberClass | CellClass | Compartment | FiberAttribute | RegionMeaning) -> str:
    """How a mapping file writes a kind: the glossary's name, with spaces."""
    return kind.value if isinstance(kind, RegionMeaning) else kind.name.lower().replace("_", " ")


_KINDS: dict[str, FiberClass | CellClass | Compartment | RegionMeaning] = {
    word_of(kind): kind
    for kinds in (FiberClass, CellClass, Compartment, RegionMeaning)
    for kind in kinds
    # A fiber is drawn as one of its classes; `fiber` would leave open which.
    if kind is not Compartment.FIBER
}


def by_frequency(counts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Names with counts, the most frequent first, then by name."""
    return sorted(counts, key=lambda item: (-item[1], item[0]))


def toml_key(name: str) -> str:
    """A name as a quoted key of TOML."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
