"""What is told of the agreement between readers: plain frozen numbers."""

from __future__ import annotations

from dataclasses import dataclass

from histo.evidence import Estimate


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two readers on one finding.

    Attributes:
        first: A reader.
        second: Another.
        units: Biopsies or items that both labelled.
        biopsies: Biopsies that these come from.
        agree_percent: Share of equal labels, weighted, with its interval; None with fewer than two units.
        kappa: Cohen's, with its interval; None where `no_kappa` says why.
        no_kappa: Why there is no kappa; None where there is one.
        table: By category of the first, then of the second, in the order of the finding's categories: weighted units.
    """

    first: str
    second: str
    units: int
    biopsies: int
    agree_percent: Estimate | None
    kappa: Estimate | None
    no_kappa: str | None
    table: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class GroupAgreement:
    """Several readers together on one finding.

    Attributes:
        readers: Who.
        units: Biopsies or items that at least two of them labelled.
        kappa: Fleiss's, with its interval; None where `no_kappa` says why.
        no_kappa: Why there is no kappa; None where there is one.
    """

    readers: tuple[str, ...]
    units: int
    kappa: Estimate | None
    no_kappa: str | None


@dataclass(frozen=True, slots=True)
class Discordance:
    """One thing of which readers said different things.

    Attributes:
        finding: What was looked for.
        biopsy: Of what.
        item: Which within it; empty for the biopsy as a whole.
        said: By reader, what each said.
        weight: How many it stands for.
    """

    finding: str
    biopsy: str
    item: str
    said: tuple[tuple[str, str], ...]
    weight: float


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """Agreement on a finding that is named.

    Attributes:
        finding: Which.
        categories: In the order of the tables.
        ordered: Whether they have an order, so that a disagreement counts by its steps (in Cohen's kappa alone).
        weighted: Whether units stand for different numbers of things, as an audit draws them.
        resampled: What was drawn for the intervals: `biopsies`, or `items` where there are too few biopsies.
        pairs: Each two readers with a unit in common; the machine last.
        people: All readers but the machine together; None with fewer than two.
        everyone: The machine with them; None without it, or with fewer than two people.
        discordances: Where not all said the same.
    """

    finding: str
    categories: tuple[str, ...]
    ordered: bool
    weighted: bool
    resampled: str
    pairs: tuple[PairAgreement, ...]
    people: GroupAgreement | None
    everyone: GroupAgreement | None
    discordances: tuple[Discordance, ...]


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Two readers' counts of one finding, by Bland and Altman (1986, doi 10.1016/S0140-6736(86)90837-8).

    Attributes:
        first: A reader.
        second: Another.
        units: What both counted.
        mean_difference: Mean of second - first.
        bias: The same with its interval; None with fewer than two units.
        low: Lower limit of agreement with its interval; None with fewer than two units.
        high: Upper limit.
        icc: Intraclass correlation; None where it is not defined.
        counts: (first, second) of each unit.
    """

    first: str
    second: str
    units: int
    mean_difference: float
    bias: Estimate | None
    low: Estimate | None
    high: Estimate | None
    icc: float | None
    counts: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class CountAgreement:
    """Agreement on a finding that is counted.

    Attributes:
        finding: Which.
        pairs: Each two readers with a unit in common; the machine last.
    """

    finding: str
    pairs: tuple[PairCounts, ...]


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """Everything that was compared.

    Attributes:
        readers: By name, the machine last.
        biopsies: How many.
        ratings: How many labels and counts.
        labels: Findings that are named.
        counts: Findings that are counted.
        left_out: What could not be compared, one sentence each.
    """

    readers: tuple[str, ...]
    biopsies: int
    ratings: int
    labels: tuple[LabelAgreement, ...]
    counts: tuple[CountAgreement, ...]
    left_out: tuple[str, ...]
