"""Which findings to look at first: those that decided, then other disease, the most certain of each class first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from histo.findings import INFLAMMATORY_CLASSES, FiberAttribute, FiberClass
from histo.report import SHOWN_CLASSES
from histo.review.found import Found
from histo.review.targets import Target, TargetKind

MOST_LISTED = 3000
"""A strip of more would be looked at by nobody; how many are left out is told."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One finding of the strip.

    Attributes:
        target: What it is.
        finding_class: What the machine called it.
        probability: Of that class.
        center_um: Where it lies.
        because: Names of the graded findings that rest on it and decided; empty for others.
    """

    target: Target
    finding_class: str
    probability: float
    center_um: tuple[float, float]
    because: tuple[str, ...]


def ranked(found: Found, slide: str, document: Mapping[str, Any]) -> tuple[tuple[Ranked, ...], int]:
    """The findings of one slide in the order of their weight, and how many are left out.

    Fibers first: what decisive reasons rest on, by the number of such reasons; then diseased fibers, candidates for
    invasion, and fibers full of macrophages that are not called necrotic. Then inflammatory cells. Within these by
    class in the report's order, and the most probable first.

    Args:
        found: The slide's findings.
        slide: Its name in the reading.
        document: A reading.json.
    """
    because = _decisive(slide, document)
    fibers = found.findings.fibers
    invaded = fibers.attributes[:, FiberAttribute.INVASION_CANDIDATE]
    rows = np.flatnonzero(
        (fibers.fiber_class != FiberClass.INTACT) | invaded | _phagocytosed(slide, document, len(fibers))
    )
    targets = [Target(TargetKind.FIBER, int(row)) for row in rows]
    if found.cells_assessed:
        cells = np.flatnonzero(np.isin(found.findings.cells.cell_class, INFLAMMATORY_CLASSES))
        targets += [Target(TargetKind.CELL, int(row)) for row in cells]
    known = {str(target) for target in targets}
    targets += [
        target for text in because if text not in known if found.has(target := Target.parse(text))
    ]  # e.g. small fibers that are intact
    ordered = sorted((_ranked(found, target, because.get(str(target), ())) for target in targets), key=_weight)
    return tuple(ordered[:MOST_LISTED]), max(0, len(ordered) - MOST_LISTED)


def _phagocytosed(slide: str, document: Mapping[str, Any], fibers: int) -> NDArray[np.bool_]:
    """(N,) bool; readings of earlier versions do not tell them."""
    found = np.zeros(fibers, np.bool_)
    for weighed in document["evidence"]["slides"]:
        if weighed["name"] == slide:
            found[list(weighed["ids"].get("uncalled_phagocytosis", ()))] = True
    return found


def _decisive(slide: str, document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    because: dict[str, tuple[str, ...]] = {}
    for reason in document["pattern"]["reasons"]:
        if not reason["decisive"]:
            continue
        for place in reason["places"]:
            if place["slide"] == slide:
                for kind, rows in (("fiber", place["fiber_ids"]), ("cell", place["cell_ids"])):
                    for row in rows:
                        key = f"{kind}-{row}"
                        because[key] = (*because.get(key, ()), reason["finding"])
    return because


def _ranked(found: Found, target: Target, because: tuple[str, ...]) -> Ranked:
    kind = found.class_of(target)
    of = found.findings.fibers if target.kind is TargetKind.FIBER else found.findings.cells
    probability = float(of.class_probability[target.number, kind])
    return Ranked(target, kind.name.lower(), round(probability, 3), found.center_um(target), because)


_CLASS_ORDER = {kind.name.lower(): place for place, kind in enumerate(SHOWN_CLASSES)}


def _weight(one: Ranked) -> tuple[object, ...]:
    is_cell = one.target.kind is TargetKind.CELL
    place = _CLASS_ORDER.get(one.finding_class, len(_CLASS_ORDER))
    return (is_cell, -len(one.because), place, -one.probability, one.target.number)
