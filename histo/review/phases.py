"""Who may see what, and when: the machine's opinion is sealed until the reader has recorded his own, or needs none."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from histo.review.entries import Act, Entry


class Phase(StrEnum):
    """How far a reader is with a case."""

    SEALED = "sealed"
    """Nothing of the machine's findings or opinion has left the server."""
    RECORDED = "recorded"
    """His own reading is recorded; still nothing of the machine's is shown."""
    REVEALED = "revealed"
    OPENED = "opened"
    """He looked at the machine's opinion without recording his own first."""


def phase_of(entries: Sequence[Entry]) -> Phase:
    """From a reader's entries about a case."""
    acts = {entry.act for entry in entries}
    if Act.REVEAL in acts:
        return Phase.REVEALED
    if Act.OPEN in acts:
        return Phase.OPENED
    return Phase.RECORDED if Act.SECOND_READ in acts else Phase.SEALED


def sees_machine(entries: Sequence[Entry]) -> bool:
    """Whether the machine's findings and opinion may be sent to this reader."""
    return phase_of(entries) in (Phase.REVEALED, Phase.OPENED)


def last(entries: Sequence[Entry], act: Act) -> Entry | None:
    """The last entry of a kind."""
    return next((entry for entry in reversed(entries) if entry.act is act), None)


def is_blind(entries: Sequence[Entry]) -> bool:
    """Whether the second read was recorded before anything of the machine was seen."""
    read, opened = last(entries, Act.SECOND_READ), last(entries, Act.OPEN)
    return read is not None and (opened is None or read.seq < opened.seq)
