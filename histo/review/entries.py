"""What readers did, one entry for each act, and what stands after all of them. Nothing is ever altered or removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Act(StrEnum):
    """What a reader can do."""

    ACCEPT = "accept"
    REJECT = "reject"
    RELABEL = "relabel"
    DRAW = "draw"
    UNDO = "undo"
    """Takes back a correction, or an undo."""
    OPEN = "open"
    """Looked at the machine's opinion without a second read: from then on the reader is not blind."""
    SECOND_READ = "second_read"
    REVEAL = "reveal"
    FINAL = "final"
    AUDIT_DRAW = "audit_draw"
    """Had an audit drawn; the payload is its design."""
    AUDIT_ANSWER = "audit_answer"
    """Answered one item of an audit; a later answer stands for an earlier."""


CORRECTIONS = (Act.ACCEPT, Act.REJECT, Act.RELABEL, Act.DRAW)


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that is not written yet.

    Attributes:
        act: What was done.
        biopsy: Digest of the biopsy's slides.
        slide: sha256 of the slide file; None for an act about the biopsy.
        findings: Digest of the tables whose rows are meant; None where none is.
        target: What it is about, as text; None for an act about the biopsy.
        undoes: The entry that an undo takes back.
        payload: The rest, as JSON values.
    """

    act: Act
    biopsy: str
    slide: str | None = None
    findings: str | None = None
    target: str | None = None
    undoes: int | None = None
    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Entry(Draft):
    """An entry as it is stored.

    Attributes:
        seq: Its number, ever growing.
        author: The reader.
        at: UTC, ISO 8601, to the millisecond.
    """

    seq: int = 0
    author: str = ""
    at: str = ""


def standing(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries that are not taken back, undos left out.

    Args:
        entries: Of one reader, by number.
    """
    undone: set[int] = set()
    kept: list[Entry] = []
    for entry in reversed(entries):
        if entry.seq in undone:
            continue
        if entry.act is Act.UNDO:
            if entry.undoes is not None:
                undone.add(entry.undoes)
        else:
            kept.append(entry)
    return tuple(reversed(kept))


def verdicts(entries: Sequence[Entry]) -> dict[str, Entry]:
    """By target, the last correction that stands; of a drawn finding, that is its drawing or what came after."""
    found: dict[str, Entry] = {}
    for entry in standing(entries):
        if entry.act in CORRECTIONS:
            found[target_of(entry)] = entry
    drawings = {f"drawn-{entry.seq}" for entry in standing(entries) if entry.act is Act.DRAW}
    return {target: entry for target, entry in found.items() if not target.startswith("drawn-") or target in drawings}


def target_of(entry: Entry) -> str:
    """What a correction is about; a drawing is about what it drew."""
    return f"drawn-{entry.seq}" if entry.act is Act.DRAW else entry.target or ""


def to_undo(entries: Sequence[Entry]) -> Entry | None:
    """The last correction that stands: what an undo would take back."""
    corrections = [entry for entry in standing(entries) if entry.act in CORRECTIONS]
    return corrections[-1] if corrections else None


def to_redo(entries: Sequence[Entry]) -> Entry | None:
    """The last undo, as long as nothing was corrected after it: what a redo would take back."""
    undone = {entry.undoes for entry in entries if entry.act is Act.UNDO}
    by_number = {entry.seq: entry for entry in entries}
    for entry in reversed(entries):
        if entry.act in CORRECTIONS and entry.seq not in undone:
            return None
        if entry.act is Act.UNDO and entry.seq not in undone:
            taken = by_number.get(entry.undoes or 0)
            if taken is not None and taken.act in CORRECTIONS:
                return entry
    return None


def newest(entries: Sequence[Entry], target: str) -> int:
    """The number of the last entry that touched a target; 0 for none. Undos touch what they take back."""
    by_number = {entry.seq: entry for entry in entries}
    touched = 0
    for entry in entries:
        touching = entry
        while touching.act is Act.UNDO and touching.undoes in by_number:
            touching = by_number[touching.undoes]
        if target_of(touching) == target:
            touched = entry.seq
    return touched
