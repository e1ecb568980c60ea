"""card.json: the card's form on disk, read strictly and written the same way every time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from histo.errors import BundleError
from histo.findings import FiberClass
from histo.network.card import SCHEMA, Card, Metric, Training
from histo.network.operating import ADDED, OperatingPoints

_REMEDY = "use a bundle that this version of histo wrote, or export it again"

_ADDED = ("encoder", "training_slides", "training_patients", "salt")
"""Entries that cards of earlier versions do not have; their defaults are what held then."""

Value = TypeVar("Value")


def card_to_json(card: Card) -> str:
    """The text of card.json: entries sorted by name, the same for equal cards."""
    content = {"schema": SCHEMA, **asdict(card)}
    content["metrics"] = {"phantom": content.pop("phantom_metrics"), "real": content.pop("real_metrics")}
    return json.dumps(content, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"


def card_from_json(text: str, path: Path) -> Card:
    """Read a card strictly: every entry there, none unknown, every value of its type and in its range.

    Args:
        text: Content of card.json.
        path: Where it was read, for messages.

    Returns:
        The card.

    Raises:
        BundleError: Naming the file, the entry and the remedy.
    """
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(path, f"is not valid JSON ({error})", _REMEDY) from error
    card = _Entries(path, "", content)
    schema = card.take("schema", _integer)
    if schema != SCHEMA:
        raise BundleError(path, f"has schema {schema}, this version reads {SCHEMA}", _REMEDY)
    training = _Entries(path, "training.", card.take("training", _mapping))
    metrics = _Entries(path, "metrics.", card.take("metrics", _mapping))
    points = _Entries(path, "operating_points.", card.take("operating_points", _mapping))
    readers: dict[str, Callable[[Any], Any]] = {
        "channels": _several(_integer),
        **dict.fromkeys(("limits", "training_slides", "training_patients"), _several(_text)),
        "tile_core_wpx": _integer,
        "halo_wpx": _integer,
        "stride": _integer,
        "mpp": _number,
        **dict.fromkeys(("fiber_classes", "fiber_attributes", "cell_classes", "compartments"), _several(_text)),
    }
    plain = {
        entry.name: card.take(entry.name, readers.get(entry.name, _text))
        for entry in fields(Card)
        if entry.name not in ("training", "phantom_metrics", "real_metrics", "operating_points")
        and not (entry.name in _ADDED and entry.name not in card.left)
    }
    parts = {
        "training": Training(
            data=training.take("data", _text),
            data_sha256=training.take("data_sha256", _text),
            recipe=training.take("recipe", _text),
            seeds=training.take("seeds", _several(_integer)),
        ),
        "phantom_metrics": _metrics(path, "metrics.phantom.", metrics.take("phantom", _mapping)),
        "real_metrics": _metrics(path, "metrics.real.", metrics.take("real", _mapping)),
        "operating_points": _made(path, "operating_points", OperatingPoints, _thresholds(points)),
    }
    for entries in (card, training, metrics, points):
        entries.finish()
    return _made(path, "", Card, {**plain, **parts})


class _Entries:
    """The entries of one JSON object; what is not taken is unknown."""

    def __init__(self, path: Path, prefix: str, content: object) -> None:
        if not isinstance(content, dict):
            raise BundleError(path, "must hold a JSON object", _REMEDY)
        self.path, self.prefix, self.left = path, prefix, dict(content)

    def take(self, entry: str, read: Callable[[Any], Value]) -> Value:
        if entry not in self.left:
            raise BundleError(self.path, f"has no entry {self.prefix}{entry}", _REMEDY)
        try:
            return read(self.left.pop(entry))
        except TypeError as error:
            raise BundleError(self.path, f"{self.prefix}{entry} {error}", _REMEDY) from error

    def finish(self) -> None:
        if self.left:
            raise BundleError(self.path, f"has an unknown entry {self.prefix}{min(self.left)}", _REMEDY)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"must be text, not {value!r:.60}")
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"must be a whole number, not {value!r:.60}")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"must be a number, not {value!r:.60}")
    return float(value)


def _number_or_none(value: object) -> float | None:
    return None if value is None else _number(value)


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"must be an object, not {value!r:.60}")
    return value


def _several(read: Callable[[Any], Value]) -> Callable[[Any], tuple[Value, ...]]:
    def read_all(value: object) -> tuple[Value, ...]:
        if not isinstance(value, list):
            raise TypeError(f"must be a list, not {value!r:.60}")
        return tuple(read(item) for item in value)

    return read_all


def _thresholds(points: _Entries) -> dict[str, Any]:
    reads: dict[str, Callable[[Any], Any]] = {
        "attributes": _several(_number),
        "cells": _several(_number),
        "necrotic_look": _several(_number),
        "merge_boundary": _by_class,
    }
    return {
        entry.name: points.take(entry.name, reads.get(entry.name, _number))
        for entry in fields(OperatingPoints)
        if entry.name in points.left or entry.name not in ADDED
    }


def _by_class(value: object) -> tuple[float, ...]:
    """One number for each fiber class; cards of earlier versions hold one for all of them."""
    return _several(_number)(value) if isinstance(value, list) else (_number(value),) * len(FiberClass)


def _metrics(path: Path, prefix: str, content: Mapping[str, Any]) -> dict[str, Metric]:
    found = {}
    for name, value in content.items():
        entries = _Entries(path, f"{prefix}{name}.", value)
        parts = {
            "value": entries.take("value", _number),
            "low": entries.take("low", _number_or_none),
            "high": entries.take("high", _number_or_none),
            "n": entries.take("n", _integer),
        }
        entries.finish()
        found[name] = _made(path, f"{prefix}{name}", Metric, parts)
    return found


def _made(path: Path, entry: str, kind: Callable[..., Value], parts: Mapping[str, Any]) -> Value:
    try:
        return kind(**parts)
    except ValueError as error:
        raise BundleError(path, f"{entry}: {error}" if entry else str(error), _REMEDY) from error
