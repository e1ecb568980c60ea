"""All findings of all readers: labels are compared by kappa, counts by their differences."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from scipy.stats import t

from histo.agreement.counts import agreement_of
from histo.agreement.labels import agree_on_labels
from histo.agreement.ratings import MACHINE, Rating
from histo.agreement.results import AgreementReport, CountAgreement, PairCounts
from histo.evidence import Estimate
from histo.evidence.intervals import TAIL

NOT_TOLD = frozenset({"", "not_assessed", "cannot_tell"})
"""Values that are no opinion: they are left out, and how many is told."""


def compare_readers(
    ratings: Sequence[Rating], orders: Mapping[str, Sequence[str]] | None = None, *, seed: int = 0
) -> AgreementReport:
    """Compare everything that was said.

    A finding whose values are all numbers is counted; any other is named.

    Args:
        ratings: Of all readers and findings.
        orders: For findings whose labels have an order, the labels from least to most.
        seed: Of the resampling.
    """
    by_finding: dict[str, list[Rating]] = defaultdict(list)
    left_out: list[str] = []
    for rating in ratings:
        by_finding[rating.finding].append(rating)
    labels, counts = [], []
    for finding in sorted(by_finding):
        told = [rating for rating in by_finding[finding] if rating.value not in NOT_TOLD]
        untold = len(by_finding[finding]) - len(told)
        if untold:
            left_out.append(f"{finding}: {untold} of {len(by_finding[finding])} were not assessed or could not be told")
        if len({rating.reader for rating in told}) < 2:
            left_out.append(f"{finding}: only one reader spoke of it")
        elif all(_is_number(rating.value) for rating in told):
            counts.append(_agree_on_counts(finding, told))
        else:
            labels.append(agree_on_labels(finding, told, (orders or {}).get(finding), seed=seed))
    return AgreementReport(
        readers=tuple(sorted({rating.reader for rating in ratings}, key=lambda name: (name == MACHINE, name))),
        biopsies=len({rating.biopsy for rating in ratings}),
        ratings=len(ratings),
        labels=tuple(labels),
        counts=tuple(counts),
        left_out=tuple(left_out),
    )


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _agree_on_counts(finding: str, ratings: Sequence[Rating]) -> CountAgreement:
    counted: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
    for rating in ratings:
        counted[rating.reader][rating.biopsy, rating.item] = float(rating.value)
    readers = sorted(counted, key=lambda name: (name == MACHINE, name))
    pairs = []
    for first, second in combinations(readers, 2):
        both = sorted(counted[first].keys() & counted[second].keys())
        if both:
            pairs.append(_pair(first, second, [(counted[first][key], counted[second][key]) for key in both]))
    return CountAgreement(finding, tuple(pairs))


def _pair(first: str, second: str, counts: list[tuple[float, float]]) -> PairCounts:
    table = np.array(counts, np.float64)
    found, n = agreement_of(table[:, 0], table[:, 1]), len(counts)
    if found.low is None or found.high is None:
        return PairCounts(first, second, n, found.bias, None, None, None, None, tuple(counts))
    spread = float((table[:, 1] - table[:, 0]).std(ddof=1))
    far = -float(t.ppf(TAIL, n - 1)) * spread / n**0.5
    # Bland and Altman's own standard error of a limit, the square root of 3 times that of the mean.
    of_limit = far * 3**0.5

    def around(value: float, error: float) -> Estimate:
        return Estimate(value, value - error, value + error)

    return PairCounts(
        first=first,
        second=second,
        units=n,
        mean_difference=found.bias,
        bias=around(found.bias, far),
        low=around(found.low, of_limit),
        high=around(found.high, of_limit),
        icc=found.icc,
        counts=tuple(counts),
    )
