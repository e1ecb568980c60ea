"""What a reader corrected and answered on a slide, as drawn objects: for QuPath, and to learn from.

Nothing is drawn that the reader did not say. An accepted or relabelled finding of the machine has the machine's outline
and the reader's class. A rejected one says only what it is not, which no drawing can: it is there to be seen, and left
out of learning. A field of an audit that was read in full is where absence of inflammatory cells counts, unless a
necrotic fiber reaches into it: macrophages inside one are none of those that a reader marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from histo.audit import CELL_MARKS, Answer, Verdict
from histo.findings import NECROTIC_CLASSES, CellClass, FiberClass
from histo.records import CELL_NAMES, FIBER_NAMES
from histo.records.drawn_file import DrawnObject
from histo.review.audits import kept_answer
from histo.review.entries import Act, Entry, verdicts
from histo.review.found import Found
from histo.review.targets import CELL_CLASSES, FIBER_CLASSES, Target, TargetKind

IGNORED, UNSURE, ALL_CELLS = "Ignore", "Unsure", "Annotated cells"
"""Names that annotations understand: left out, nothing to be learned, and every inflammatory cell was drawn."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What a reader said of a fiber of the machine, and where: a correction outweighs an audit."""

    class_name: str
    title: str


def drawn_objects(entries: Sequence[Entry], slide_sha256: str, found: Found) -> tuple[DrawnObject, ...]:
    """What a reader said of a slide.

    Args:
        entries: All that he did about the biopsy, by number.
        slide_sha256: Of the slide.
        found: The machine's findings whose rows are meant; what he said of another reading's rows is left out, but for
            what he drew himself.
    """
    mine = [entry for entry in entries if entry.slide == slide_sha256]
    corrected = verdicts([entry for entry in mine if entry.findings == found.digest or _of_a_drawing(entry)])
    given = {
        entry.target or "": entry for entry in mine if entry.act is Act.AUDIT_ANSWER and entry.findings == found.digest
    }
    answers = {target: kept_answer(entry, 0) for target, entry in given.items()}
    fibers = _fibers_of(answers) | _corrected_fibers(corrected, found)
    return (
        *_outlined(fibers, found),
        *_cells(corrected, found),
        *_drawings(corrected, mine),
        *_fields(given, answers, fibers, found),
    )


def _of_a_drawing(entry: Entry) -> bool:
    return entry.act in (Act.DRAW, Act.UNDO) or (entry.target or "").startswith("drawn-")


def _fibers_of(answers: Mapping[str, Answer]) -> dict[int, _Said]:
    """What an audit says of outlined fibers: those asked about, and those in which a field's mark lies."""
    said: dict[int, _Said] = {}
    for target, answer in answers.items():
        for mark in answer.marks:
            if mark.fiber >= 0 and mark.kind.value in FIBER_CLASSES:
                said[mark.fiber] = _Said(FIBER_NAMES[FIBER_CLASSES[mark.kind.value]], f"Marked in {target}")
    for target, answer in answers.items():
        if target.startswith("audit-fiber-"):
            name = {Verdict.NOT_A_FIBER: IGNORED, Verdict.CANNOT_TELL: UNSURE}.get(answer.verdict)
            name = FIBER_NAMES[FIBER_CLASSES[answer.verdict.value]] if name is None else name
            said[int(target.rsplit("-", 1)[1])] = _Said(name, f"Audit: {answer.verdict.value.replace('_', ' ')}")
    return said


def _corrected_fibers(corrected: Mapping[str, Entry], found: Found) -> dict[int, _Said]:
    said = {}
    for text, entry in corrected.items():
        target = Target.parse(text)
        if target.kind is TargetKind.FIBER and found.has(target):
            kind = found.class_of(target)
            assert isinstance(kind, FiberClass)
            said[target.number] = _Said(*_correction(entry, FIBER_NAMES[kind], FIBER_CLASSES, FIBER_NAMES))
    return said


def _correction(
    entry: Entry, machine: str, kinds: Mapping[str, FiberClass] | Mapping[str, CellClass],
    names: Mapping[FiberClass, str] | Mapping[CellClass, str],
) -> tuple[str, str]:  # fmt: skip
    if entry.act is Act.REJECT:
        return IGNORED, f"Rejected: {machine}"
    if entry.act is Act.ACCEPT:
        return machine, "Accepted"
    return names[kinds[str((entry.payload or {})["finding_class"])]], f"Relabelled: {machine}"  # type: ignore[index]


def _outlined(said: Mapping[int, _Said], found: Found) -> Iterator[DrawnObject]:
    for row in sorted(said):
        if row < len(found.findings.fibers):
            outline = shapely.Polygon(found.findings.fibers.outline(row).astype(np.float64))
            yield DrawnObject(f"fiber-{row}", said[row].class_name, f"{said[row].title} (fiber {row})", outline)


def _cells(corrected: Mapping[str, Entry], found: Found) -> Iterator[DrawnObject]:
    for text, entry in corrected.items():
        target = Target.parse(text)
        if target.kind is TargetKind.CELL and found.has(target):
            kind = found.class_of(target)
            assert isinstance(kind, CellClass)
            name, title = _correction(entry, CELL_NAMES[kind], CELL_CLASSES, CELL_NAMES)
            point = shapely.Point(found.findings.cells.center_um[target.number].astype(np.float64))
            yield DrawnObject(text, name, f"{title} (cell {target.number})", point)


def _drawings(corrected: Mapping[str, Entry], entries: Sequence[Entry]) -> Iterator[DrawnObject]:
    """What the reader drew himself, in the class that he gave it last; what he took away again is gone."""
    shapes = {f"drawn-{entry.seq}": entry.payload or {} for entry in entries if entry.act is Act.DRAW}
    for target, entry in corrected.items():
        if target in shapes and entry.act is not Act.REJECT:
            drawn = shapes[target]
            last = str((entry.payload or {}).get("finding_class", drawn["finding_class"]))
            if "outline_um" in drawn:
                shape: shapely.Geometry = shapely.Polygon(np.reshape(drawn["outline_um"], (-1, 2)))
                yield DrawnObject(target, FIBER_NAMES[FIBER_CLASSES[last]], "Drawn", shape)
            else:
                yield DrawnObject(target, CELL_NAMES[CELL_CLASSES[last]], "Drawn", shapely.Point(drawn["point_um"]))


def _fields(
    given: Mapping[str, Entry], answers: Mapping[str, Answer], said: Mapping[int, _Said], found: Found
) -> Iterator[DrawnObject]:
    """Cells that were marked in fields of an audit, and the fields in which every cell was."""
    necrotic = _necrotic(said, found)
    for target, answer in answers.items():
        if not target.startswith("audit-field-") or answer.verdict is not Verdict.READ:
            continue
        for number, mark in enumerate(answer.marks):
            if mark.kind in CELL_MARKS:
                name = CELL_NAMES[CELL_CLASSES[mark.kind.value]]
                yield DrawnObject(f"{target}-{number}", name, "Marked in an audit", shapely.Point(mark.x_um, mark.y_um))
        payload = given[target].payload or {}
        (x_um, y_um), side_um = payload["place_um"], payload["side_um"]
        field = shapely.box(x_um, y_um, x_um + side_um, y_um + side_um)
        marked = any(mark.kind not in CELL_MARKS for mark in answer.marks)
        if not marked and not len(necrotic.query(field, predicate="intersects")):
            yield DrawnObject(target, ALL_CELLS, "Field of an audit", field)


def _necrotic(said: Mapping[int, _Said], found: Found) -> shapely.STRtree:
    """Outlines that are necrotic to the reader, or to the machine where he did not say."""
    fibers = found.findings.fibers
    names = {FIBER_NAMES[kind] for kind in NECROTIC_CLASSES}
    rows = [
        row
        for row in range(len(fibers))
        if (said[row].class_name in names if row in said else fibers.fiber_class[row] in NECROTIC_CLASSES)
    ]
    return shapely.STRtree([shapely.Polygon(fibers.outline(row).astype(np.float64)) for row in rows])
