"""The count that a pathologist can sign: from a design and the answers to it, with intervals that trust no detector."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from histo.audit.answers import Answer, check_answers
from histo.audit.design import Design
from histo.audit.interval import DRAWS, Sampled, Total, estimate, total
from histo.audit.readings import Read, is_called, read_strata
from histo.audit.strata import Call, ItemKind
from histo.evidence.corrected_count import Finding
from histo.evidence.intervals import TAIL

ONE_SIDED = 0.05


@dataclass(frozen=True, slots=True)
class MissLimit:
    """The honest limit on what the machine may have missed among the fibers that it outlined and called healthy.

    Attributes:
        read: Such fibers that were read and told.
        missed: Of these, truly necrotic.
        population: Such fibers in all.
        at_most_percent: One-sided 95% bound on the share missed; what could not be told counts as missed. Where none of
            n was missed and all had the same chance to be drawn, it is about 300 / n (the rule of three, Hanley and
            Lippman-Hand 1983, doi 10.1001/jama.1983.03330370053031).
    """

    read: int
    missed: int
    population: int
    at_most_percent: float


@dataclass(frozen=True, slots=True)
class VerifiedCount:
    """One finding, as a reader has verified it.

    Attributes:
        finding: `necrotic`, `myophagocytosis` or `infiltrate`.
        machine: What the machine counts.
        not_counted: Why there is no count; None where there is one.
        count: The verified count with its 95% interval.
        per_mm2: The same over assessable tissue; None without any.
        confirmed: Of the machine's calls, those that are true. None for infiltrate.
        missed: Fibers that it outlined and called something else. None for infiltrate.
        without_outline: Fibers that it did not outline. None for infiltrate.
        drawn: Items of the design that bear on it.
        read: Of these, answered.
        cannot_tell: Of these, those of which the reader could not tell. The interval holds whatever they are; the
            estimate takes them to be like the others of their stratum.
        unread: Names of the strata of which nothing was told; the interval holds whatever is in them.
    """

    finding: Finding
    machine: int | None
    not_counted: str | None
    count: Total | None = None
    per_mm2: Total | None = None
    confirmed: Total | None = None
    missed: Total | None = None
    without_outline: Total | None = None
    drawn: int = 0
    read: int = 0
    cannot_tell: int = 0
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What an audit gives so far.

    Attributes:
        counts: One entry a `Finding`, in their order.
        miss_limit: Of necrotic fibers; None where there are no fibers called healthy.
        drawn: Items of the design.
        read: Items answered.
    """

    counts: tuple[VerifiedCount, ...]
    miss_limit: MissLimit | None
    drawn: int
    read: int


def verify(design: Design, answers: Sequence[Answer], *, seed: int = 0, draws: int = DRAWS) -> AuditResult:
    """The verified counts, from however many answers there are.

    The stratified difference estimator (Cochran 1977, ch. 7): the machine's count and, expanded, the mean of what a
    reader finds beyond it. That is prediction-powered inference (Angelopoulos 2023, doi 10.1126/science.adi6000) for a
    total over a finite population; among fibers, where the machine says the same of a whole stratum, it is the
    stratified mean.

    Args:
        design: What was to be read.
        answers: In the order in which they were given; a later one to the same item stands for an earlier.
        seed: Of the urns behind the intervals.
        draws: Of each.

    Raises:
        ValueError: If an answer does not fit its item.
    """
    by_item = check_answers(design, answers)
    return AuditResult(
        counts=tuple(_verified(design, by_item, finding, seed, draws) for finding in Finding),
        miss_limit=_miss_limit(design, by_item, seed, draws),
        drawn=len(design.items),
        read=len(by_item),
    )


def machine_count(design: Design, finding: Finding) -> int:
    """What the machine counts."""
    if finding is Finding.INFILTRATE:
        return sum(stratum.cells for stratum in design.strata)
    return sum(stratum.population for stratum in design.strata if is_called(stratum, finding))


def _verified(design: Design, answers: Mapping[int, Answer], finding: Finding, seed: int, draws: int) -> VerifiedCount:
    if finding is Finding.INFILTRATE and not design.cells_assessed:
        return VerifiedCount(finding, None, "the scale is too coarse to tell what kind a nucleus is")
    strata = read_strata(design, answers, finding)

    def of(which: Callable[[Read], bool]) -> Total:
        return total_of([one for one in strata if which(one)], seed=seed, draws=draws)

    def is_fiber(one: Read) -> bool:
        return one.stratum.kind is ItemKind.FIBER

    count, area_mm2 = of(lambda one: True), design.assessable_mm2
    fibers = finding is not Finding.INFILTRATE
    per_mm2 = None
    if area_mm2 > 0:
        value = None if count.value is None else count.value / area_mm2
        per_mm2 = Total(value, count.low / area_mm2, count.high / area_mm2)
    return VerifiedCount(
        finding=finding,
        machine=machine_count(design, finding),
        not_counted=None,
        count=count,
        per_mm2=per_mm2,
        confirmed=of(lambda one: is_fiber(one) and is_called(one.stratum, finding)) if fibers else None,
        missed=of(lambda one: is_fiber(one) and not is_called(one.stratum, finding)) if fibers else None,
        without_outline=of(lambda one: not is_fiber(one)) if fibers else None,
        drawn=sum(one.stratum.drawn for one in strata),
        read=sum(len(one.surplus) for one in strata),
        cannot_tell=sum(value is None for one in strata for value in one.surplus),
        unread=tuple(one.stratum.name for one in strata if all(value is None for value in one.surplus)),
    )


def total_of(strata: Sequence[Read], *, tail: float = TAIL, seed: int = 0, draws: int = DRAWS) -> Total:
    """The total over strata, holding whatever the reader could not tell.

    Its low end takes what could not be told at the lowest, its high end at the highest; neither lies below what was
    truly seen.
    """
    called, seen = sum(one.called for one in strata), sum(one.seen for one in strata)
    value = estimate([one.sampled(None) for one in strata])

    def ends(filled: list[Sampled]) -> Total:
        return total(filled, tail=tail, seed=seed, draws=draws)

    lowest = ends([one.sampled(one.least) for one in strata])
    doubt = any(value is None for one in strata for value in one.surplus)
    highest = ends([one.sampled(one.most) for one in strata]) if doubt else lowest
    return Total(
        value=None if value is None else max(called + value, seen),
        low=max(called + lowest.low, seen),
        high=max(called + highest.high, seen),
    )


def _miss_limit(design: Design, answers: Mapping[int, Answer], seed: int, draws: int) -> MissLimit | None:
    strata = [one for one in read_strata(design, answers, Finding.NECROTIC) if one.stratum.call is Call.HEALTHY]
    if not strata:
        return None
    population = sum(one.stratum.population for one in strata)
    return MissLimit(
        read=sum(value is not None for one in strata for value in one.surplus),
        missed=sum(one.seen for one in strata),
        population=population,
        at_most_percent=100 * total_of(strata, tail=ONE_SIDED, seed=seed, draws=draws).high / population,
    )
