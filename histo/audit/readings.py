"""From answers to numbers: what each read item adds to a count beyond what the machine said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from histo.audit.answers import CELL_MARKS, NECROTIC_VERDICTS, Answer, MarkKind, Verdict
from histo.audit.design import Design, DrawnStratum
from histo.audit.interval import Sampled
from histo.audit.rules import AuditRules
from histo.audit.strata import Call, ItemKind
from histo.evidence.corrected_count import Finding


@dataclass(frozen=True, slots=True)
class Read:
    """One stratum for one finding.

    Attributes:
        stratum: Which.
        called: What the machine says of all of its units together.
        surplus: What each read unit has beyond what the machine says of it; below 0 where it says too much. None where
            the reader could not tell.
        least: The lowest surplus that a unit can have.
        most: The highest.
        seen: What the read units have, not the machine's word for it.
    """

    stratum: DrawnStratum
    called: int
    surplus: tuple[int | None, ...]
    least: int
    most: int
    seen: int

    def sampled(self, cannot_tell: int | None) -> Sampled:
        """The stratum, with what the reader could not tell at this value; left out for None."""
        told = [cannot_tell if value is None else value for value in self.surplus]
        return Sampled.of(self.stratum.population, [one for one in told if one is not None], self.least, self.most)


def read_strata(design: Design, answers: Mapping[int, Answer], finding: Finding) -> tuple[Read, ...]:
    """The strata that bear on a finding, each with what was read of it.

    Args:
        design: What was to be read.
        answers: By item, checked.
        finding: Necrotic fibers, myophagocytosis, or infiltrate.
    """
    told: list[list[tuple[int, int | None]]] = [[] for _ in design.strata]
    for item in design.items:
        answer = answers.get(item.number)
        if answer is not None:
            told[item.stratum].append((item.cells, _count(answer, finding)))
    return tuple(
        _read(stratum, finding, read, design.rules)
        for stratum, read in zip(design.strata, told, strict=True)
        if not (finding is Finding.INFILTRATE and stratum.kind is ItemKind.FIBER)
    )


def is_called(stratum: DrawnStratum, finding: Finding) -> bool:
    """Whether the machine says that its units, fibers, are of a finding."""
    if finding is Finding.NECROTIC:
        return stratum.call in (Call.NECROTIC, Call.MYOPHAGOCYTOSIS)
    return finding is Finding.MYOPHAGOCYTOSIS and stratum.call is Call.MYOPHAGOCYTOSIS


def _read(stratum: DrawnStratum, finding: Finding, read: Sequence[tuple[int, int | None]], rules: AuditRules) -> Read:
    if stratum.kind is ItemKind.FIBER:
        # Yes or no: what the machine says is the same of the whole stratum, and adds nothing to the drawing.
        surplus, called, least, most = [count for _, count in read], 0, 0, 1
    elif finding is Finding.INFILTRATE:
        surplus = [None if count is None else count - cells for cells, count in read]
        called, least, most = stratum.cells, -stratum.most_cells, rules.most_unseen_cells
    else:
        surplus, called, least, most = [count for _, count in read], 0, 0, rules.most_unseen_fibers
    known = [one for one in surplus if one is not None]
    return Read(
        stratum=stratum,
        called=called,
        surplus=tuple(surplus),
        least=least,
        most=max([most, *known]) if stratum.kind is ItemKind.FIELD else most,
        seen=sum(count for _, count in read if count is not None),
    )


def _count(answer: Answer, finding: Finding) -> int | None:
    """How many of a finding the item has; None where the reader could not tell."""
    if answer.verdict is Verdict.CANNOT_TELL:
        return None
    if answer.verdict is not Verdict.READ:
        kinds = NECROTIC_VERDICTS if finding is Finding.NECROTIC else (Verdict.MYOPHAGOCYTOSIS,)
        return int(answer.verdict in kinds)
    if finding is Finding.INFILTRATE:
        return sum(mark.kind in CELL_MARKS for mark in answer.marks)
    wanted = [MarkKind.MYOPHAGOCYTOSIS]
    if finding is Finding.NECROTIC:
        wanted += [MarkKind.NECROTIC_PALE, MarkKind.NECROTIC_HYALINE]
    return sum(mark.kind in wanted and mark.fiber < 0 for mark in answer.marks)
