"""The criteria as data: which items each subtype asks for, with a source for every line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from histo.clinical.context import Exclusion
from histo.errors import UsageError
from histo.evidence.settings_file import load_toml, read_numbers

SHIPPED = Path(str(files("histo.clinical"))) / "enmc.toml"


class Item(StrEnum):
    """What can be asked of the facts, each answered with yes, no, or unknown."""

    CK_RAISED = "ck_raised"
    PROXIMAL_WEAKNESS = "proximal_weakness"
    ANTI_SRP = "anti_srp"
    ANTI_HMGCR = "anti_hmgcr"
    OTHER_MYOSITIS_ANTIBODIES = "other_myositis_antibodies"
    NECROTIZING_PATTERN = "necrotizing_pattern"
    STATIN_EXPOSURE = "statin_exposure"
    EARLIER_TREATMENT = "earlier_treatment"
    CHILD = "child"
    BOTH_ANTIBODIES = "both_antibodies"


@dataclass(frozen=True, slots=True)
class ClinicalMeasures:
    """Numbers of the rules.

    Attributes:
        ck_raised_without_limit_u_per_l: From this creatine kinase on it is raised whatever the laboratory.
        child_below_years: Age below which a patient is a child.
    """

    ck_raised_without_limit_u_per_l: float
    child_below_years: float


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a subtype asks for.

    Attributes:
        item: What is asked.
        wanted: The answer that meets it.
        text: In words.
        source: DOI, or (C).
    """

    item: Item
    wanted: bool
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Subtype:
    """One subtype; see `histo.clinical.context.SubtypeStanding`."""

    name: str
    biopsy: str
    criteria: tuple[Criterion, ...]
    to_exclude: tuple[Exclusion, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ConditionalNote:
    """A remark that applies when an item has an answer."""

    item: Item
    wanted: bool
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class ClinicalRules:
    """A file of rules.

    Attributes:
        name: The file's own name and version.
        wording: Where its wording comes from.
        measures: Its numbers.
        subtypes: In order.
        notes: In order.
        sha256: Of the file.
    """

    name: str
    wording: str
    measures: ClinicalMeasures
    subtypes: tuple[Subtype, ...]
    notes: tuple[ConditionalNote, ...]
    sha256: str


@cache
def shipped_rules() -> ClinicalRules:
    """The rules that come with histo."""
    return load_rules(SHIPPED)


def load_rules(path: Path) -> ClinicalRules:
    """Read a file of rules, strictly.

    Raises:
        UsageError: On anything unknown, missing, or without a source.
    """
    content = load_toml(path)
    tables = content.tables
    _check_keys("the file", tables, {"name", "wording", "measures", "subtype", "note"}, path)
    measures, _ = read_numbers(ClinicalMeasures, "measures", tables, path)
    return ClinicalRules(
        name=_text("name", tables["name"], path),
        wording=_text("wording", tables["wording"], path),
        measures=measures,
        subtypes=tuple(_subtype(entry, path) for entry in tables["subtype"]),
        notes=tuple(_note(entry, path) for entry in tables["note"]),
        sha256=content.sha256,
    )


def _subtype(entry: Mapping[str, Any], path: Path) -> Subtype:
    _check_keys("a subtype", entry, {"name", "source", "biopsy", "criteria", "to_exclude"}, path)
    name = _text("a subtype's name", entry["name"], path)
    criteria = []
    for one in entry["criteria"]:
        _check_keys(f"a criterion of {name}", one, {"item", "wanted", "text", "source"}, path)
        item, wanted = _asked(name, one["item"], one["wanted"], path)
        criteria.append(Criterion(item, wanted, _text(name, one["text"], path), _text(name, one["source"], path)))
    if not criteria:
        raise UsageError(path, f"{name} has no criteria", "give it some")
    excluded = []
    for one in entry["to_exclude"]:
        _check_keys(f"an exclusion of {name}", one, {"text", "source"}, path)
        excluded.append(Exclusion(_text(name, one["text"], path), _text(name, one["source"], path)))
    source, biopsy = _text(name, entry["source"], path), _text(name, entry["biopsy"], path)
    return Subtype(name, biopsy, tuple(criteria), tuple(excluded), source)


def _note(entry: Mapping[str, Any], path: Path) -> ConditionalNote:
    _check_keys("a note", entry, {"item", "is", "text", "source"}, path)
    item, wanted = _asked("a note", entry["item"], entry["is"], path)
    return ConditionalNote(item, wanted, _text("a note", entry["text"], path), _text("a note", entry["source"], path))


def _asked(owner: str, item: object, wanted: object, path: Path) -> tuple[Item, bool]:
    if item not in set(Item):
        raise UsageError(path, f"{owner} asks for {item!r}", f"use one of {', '.join(Item)}")
    if not isinstance(wanted, bool):
        raise UsageError(path, f"{owner}: {item} is compared with {wanted!r}", "write true or false")
    return Item(str(item)), wanted


def _text(owner: str, value: object, path: Path) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UsageError(path, f"{owner}: {value!r} is no text", "give words, and a DOI or (C) as source")
    return value


def _check_keys(owner: str, entry: Mapping[str, Any], keys: set[str], path: Path) -> None:
    if set(entry) != keys:
        odd = ", ".join(sorted(set(entry) ^ keys))
        raise UsageError(path, f"{owner} lacks or has besides: {odd}", f"give it {', '.join(sorted(keys))}")
