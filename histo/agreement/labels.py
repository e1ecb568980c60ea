"""Agreement on findings that are named: kappa with intervals, tables, and the list of what readers differ about."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from histo.agreement.kappa import Floats, cohen_kappa, fleiss_kappa, fleiss_terms, observed_agreement
from histo.agreement.ratings import MACHINE, Rating
from histo.agreement.results import Discordance, GroupAgreement, LabelAgreement, PairAgreement
from histo.evidence import Estimate
from histo.evidence.bootstrap import Drawn, draw_units
from histo.evidence.intervals import share

LEAST_BIOPSIES = 10
"""(C) Fibers of one biopsy are alike, so whole biopsies are resampled; with fewer than these, items are."""

ONE_KIND = "all said one and the same of everything, so that chance explains it"
TOO_FEW = "fewer than two units"


@dataclass(frozen=True, eq=False)
class _Units:
    """All units of one finding: (U, R) int64 category of each by reader, -1 for none, and what they are.

    `weights` is (U, R) too: how many things a unit stands for in what this reader was shown; 0 of those who saw none of
    it, and of the machine, which sees all.
    """

    keys: tuple[tuple[str, str], ...]
    readers: tuple[str, ...]
    codes: NDArray[np.int64]
    weights: Floats
    group: NDArray[np.int64]
    clustered: bool

    def stand_for(self, columns: Sequence[int]) -> Floats:
        """(U,) how many things each unit stands for among these readers: of two audits, one is a part of the other."""
        most: Floats = self.weights[:, columns].max(axis=1)
        return most


def agree_on_labels(
    finding: str, ratings: Sequence[Rating], order: Sequence[str] | None = None, *, seed: int = 0
) -> LabelAgreement:
    """Compare what readers called one finding.

    Args:
        finding: Its name.
        ratings: Of this finding; of two by one reader of one unit the later stands.
        order: The categories from least to most, where they have an order. Labels beside them undo it.
        seed: Of the resampling.

    Returns:
        Intervals resample biopsies, or items where there are fewer than ten biopsies; then they say nothing of other
        biopsies.
    """
    said = {rating.value for rating in ratings}
    ordered = order is not None and said <= set(order)
    categories = tuple(one for one in order or () if one in said) if ordered else tuple(sorted(said))
    units = _units(ratings, categories)
    rng_seed = [seed, zlib.crc32(finding.encode())]
    people = tuple(reader for reader in units.readers if reader != MACHINE)
    pairs = [
        _pair(units, first, second, len(categories), ordered, np.random.default_rng(rng_seed))
        for first, second in combinations(range(len(units.readers)), 2)
    ]
    return LabelAgreement(
        finding=finding,
        categories=categories,
        ordered=ordered,
        weighted=bool((units.weights > 1).any()),
        resampled="biopsies" if units.clustered else "items",
        pairs=tuple(pair for pair in pairs if pair is not None),
        people=_group(units, people, len(categories), np.random.default_rng(rng_seed)),
        everyone=(
            _group(units, units.readers, len(categories), np.random.default_rng(rng_seed))
            if len(people) > 1 and MACHINE in units.readers
            else None
        ),
        discordances=_discordances(finding, units, categories),
    )


def _units(ratings: Sequence[Rating], categories: Sequence[str]) -> _Units:
    keys = tuple(sorted({(rating.biopsy, rating.item) for rating in ratings}))
    readers = tuple(sorted({rating.reader for rating in ratings}, key=lambda name: (name == MACHINE, name)))
    place, column, code = ({one: at for at, one in enumerate(names)} for names in (keys, readers, categories))
    codes, weights = np.full((len(keys), len(readers)), -1, np.int64), np.zeros((len(keys), len(readers)))
    for rating in ratings:
        at = place[rating.biopsy, rating.item], column[rating.reader]
        codes[at] = code[rating.value]
        weights[at] = 0.0 if rating.reader == MACHINE else rating.weight
    names, group = np.unique([biopsy for biopsy, _ in keys], return_inverse=True)
    clustered = len(names) >= LEAST_BIOPSIES
    return _Units(keys, readers, codes, weights, group if clustered else np.arange(len(keys)), clustered)


def _pair(
    units: _Units, first: int, second: int, kinds: int, ordered: bool, rng: np.random.Generator
) -> PairAgreement | None:
    rows = np.flatnonzero((units.codes[:, first] >= 0) & (units.codes[:, second] >= 0))
    if not len(rows):
        return None
    a, b = units.codes[rows, first], units.codes[rows, second]
    single = np.zeros((len(rows), kinds, kinds))
    single[np.arange(len(rows)), a, b] = units.stand_for([first, second])[rows]
    table = single.sum(axis=0)
    drawn, sums = _resample(single.reshape(len(rows), -1), units.group[rows], rng)
    kappa, agree = float(cohen_kappa(table, ordered=ordered)), float(observed_agreement(table))
    tables = None if drawn is None else sums.reshape(-1, kinds, kinds)
    # Where all agree, every draw does too: then the exact bound of a share stands for what resampling cannot see.
    all_agree = share(len(rows), len(rows), 1) if np.array_equal(a, b) else None
    least = None if all_agree is None else all_agree.low
    return PairAgreement(
        first=units.readers[first],
        second=units.readers[second],
        units=len(rows),
        biopsies=len({units.keys[row][0] for row in rows}),
        agree_percent=None if tables is None or drawn is None else _scaled(
            _interval(drawn, observed_agreement(tables), agree, least), 100),
        kappa=None if tables is None or drawn is None or np.isnan(kappa) else _interval(
            drawn, cohen_kappa(tables, ordered=ordered), kappa,
            None if least is None else 1 - (1 - least) / _chance_disagreement(table)),
        no_kappa=TOO_FEW if drawn is None else ONE_KIND if np.isnan(kappa) else None,
        table=tuple(tuple(float(value) for value in row) for row in table),
    )  # fmt: skip


def _group(units: _Units, who: Sequence[str], kinds: int, rng: np.random.Generator) -> GroupAgreement | None:
    if len(who) < 2:
        return None
    columns = [units.readers.index(reader) for reader in who]
    counts = (units.codes[:, columns, None] == np.arange(kinds)).sum(axis=1).astype(np.float64)
    rows = np.flatnonzero(counts.sum(axis=1) >= 2)
    if len(rows) < 2:
        return GroupAgreement(tuple(who), len(rows), None, TOO_FEW)
    terms = fleiss_terms(counts[rows], units.stand_for(columns)[rows])
    kappa = float(fleiss_kappa(terms.sum(axis=0)))
    drawn, sums = _resample(terms, units.group[rows], rng)
    if np.isnan(kappa) or drawn is None:
        return GroupAgreement(tuple(who), len(rows), None, ONE_KIND if np.isnan(kappa) else TOO_FEW)
    least = None
    if np.all(counts[rows].max(axis=1) == counts[rows].sum(axis=1)):
        shares = terms.sum(axis=0)[2:] / terms[:, 2:].sum()
        bound = share(len(rows), len(rows), 1)
        least = None if bound is None else 1 - (1 - bound.low) / (1 - float((shares**2).sum()))
    return GroupAgreement(tuple(who), len(rows), _interval(drawn, fleiss_kappa(sums), kappa, least), None)


def _resample(terms: Floats, group: NDArray[np.int64], rng: np.random.Generator) -> tuple[Drawn | None, Floats]:
    """(DRAWS, T) sums of (U, T) terms over groups that are drawn with replacement; None with fewer than two groups."""
    names, place = np.unique(group, return_inverse=True)
    by_group = np.zeros((len(names), terms.shape[1]))
    np.add.at(by_group, place, terms)
    drawn = draw_units(np.ones(len(names)), 2, rng)
    return drawn, np.zeros((0, terms.shape[1])) if drawn is None else drawn.times @ by_group


def _interval(drawn: Drawn, values: Floats, value: float, least: float | None) -> Estimate:
    """Draws in which nothing can be said are left out; `least` is the low end where everybody agrees."""
    told = values[np.isfinite(values)]
    found = drawn.interval(told if len(told) else np.array([value]), value)
    return found if least is None else Estimate(value, max(min(found.low, least), -1.0), found.high)


def _chance_disagreement(table: Floats) -> float:
    first, second = table.sum(axis=1) / table.sum(), table.sum(axis=0) / table.sum()
    return max(1 - float(first @ second), 1e-12)


def _scaled(found: Estimate, by: float) -> Estimate:
    return Estimate(found.value * by, found.low * by, found.high * by)


def _discordances(finding: str, units: _Units, categories: Sequence[str]) -> tuple[Discordance, ...]:
    found = []
    weights = units.stand_for(range(len(units.readers)))
    for (biopsy, item), codes, weight in zip(units.keys, units.codes, weights, strict=True):
        said = tuple(
            (reader, categories[code]) for reader, code in zip(units.readers, codes.tolist(), strict=True) if code >= 0
        )
        if len({label for _, label in said}) > 1:
            found.append(Discordance(finding, biopsy, item, said, float(weight)))
    return tuple(found)
