"""How far phantoms are from real tissue: a distance for each measure, and how well a classifier tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wasserstein_distance
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score

from train.realism_measures import Measures

INSIDE_PERCENT = (2.5, 97.5)
"""Between these percentiles of the phantom fields' medians a real image counts as inside."""

TREES = 150
_MOST_FOLDS = 5
_MOST_TELLING = 15
_FEWEST_FOR_SPREAD = 10


@dataclass(frozen=True)
class Distance:
    """Real and phantom tissue in one measure.

    Attributes:
        name: Of the measure, beginning with its group.
        real_medians: By image, for those of which it could be measured.
        real_median: Their median.
        phantom_low: 5th percentile of the phantom fields' medians.
        phantom_median: Their median.
        phantom_high: Their 95th percentile.
        percentile: Percent of the phantom fields' medians below `real_median`; a tie counts half.
        images_inside: Real images whose median lies between `INSIDE_PERCENT` of the phantom fields'.
        wasserstein: Between the pooled values, each image and each field weighing the same, in standard deviations of
            the real ones; None if those are fewer than 10, or do not vary.
    """

    name: str
    real_medians: dict[str, float]
    real_median: float
    phantom_low: float
    phantom_median: float
    phantom_high: float
    percentile: float
    images_inside: int
    wasserstein: float | None


@dataclass(frozen=True)
class Apart:
    """How well a random forest tells phantom crops from real ones that it has not seen the like of.

    Attributes:
        auc: Mean over the folds; 0.5 cannot tell.
        fold_auc: By what was held out of the real ones.
        group_auc: The same by the features of one group alone.
        telling: The features that most decided, with their shares of the decrease in impurity; correlated ones share.
    """

    auc: float
    fold_auc: dict[str, float]
    group_auc: dict[str, float]
    telling: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """What was found.

    Attributes:
        real: Names of the real images.
        phantoms: Number of phantom fields.
        crops: Number of real and of phantom crops.
        distances: By measure; those where fewest real images lie inside the phantoms' range first.
        by_image: Real images held out one by one, though two are of one source; None with fewer than two.
        by_source: All images of a source held out together; None with fewer than two sources.
    """

    real: tuple[str, ...]
    phantoms: int
    crops: tuple[int, int]
    distances: tuple[Distance, ...]
    by_image: Apart | None
    by_source: Apart | None


def compare(real: Sequence[Measures], phantoms: Sequence[Measures], seed: int = 0, trees: int = TREES) -> Comparison:
    """Set real images beside phantom fields.

    Args:
        real: At least one.
        phantoms: At least one.
        seed: Of the folds and of the forest.
        trees: Of the forest.
    """
    shared = {name for each in real for name in each.values} & {name for each in phantoms for name in each.values}
    measured = [distance(name, real, phantoms) for name in sorted(shared)]
    known = [found for found in measured if found is not None]
    known.sort(key=lambda found: (found.images_inside / len(found.real_medians), -abs(found.percentile - 50)))
    return Comparison(
        tuple(each.name for each in real),
        len(phantoms),
        (sum(len(each.features) for each in real), sum(len(each.features) for each in phantoms)),
        tuple(known),
        _told_apart(real, phantoms, [each.name for each in real], seed, trees),
        _told_apart(real, phantoms, [each.source for each in real], seed, trees),
    )


def distance(name: str, real: Sequence[Measures], phantoms: Sequence[Measures]) -> Distance | None:
    """One measure of `compare`; None if it could not be measured on both kinds."""
    there = [each for each in real if len(each.values.get(name, ()))]
    fields = [each for each in phantoms if len(each.values.get(name, ()))]
    if not there or not fields:
        return None
    medians = {each.name: float(np.median(each.values[name])) for each in there}
    of_fields = np.array([np.median(each.values[name]) for each in fields])
    low, high = np.percentile(of_fields, INSIDE_PERCENT)
    typical = float(np.median(list(medians.values())))
    values, weights = _pooled(name, there)
    spread = float(np.sqrt(np.average((values - np.average(values, weights=weights)) ** 2, weights=weights)))
    away = wasserstein_distance(values, (pooled := _pooled(name, fields))[0], weights, pooled[1])
    return Distance(
        name,
        medians,
        typical,
        phantom_low=float(np.percentile(of_fields, 5)),
        phantom_median=float(np.median(of_fields)),
        phantom_high=float(np.percentile(of_fields, 95)),
        percentile=100 * float((of_fields < typical).mean() + (of_fields == typical).mean() / 2),
        images_inside=sum(bool(low <= value <= high) for value in medians.values()),
        wasserstein=float(away) / spread if len(values) >= _FEWEST_FOR_SPREAD and spread > 1e-9 else None,
    )


def tell_apart(
    features: NDArray[np.float64],
    names: Sequence[str],
    is_real: NDArray[np.bool_],
    group: Sequence[str],
    weight: NDArray[np.float64],
    seed: int,
    trees: int = TREES,
) -> Apart | None:
    """Cross-validate a forest, every group of crops wholly on one side.

    Args:
        features: (N, F); NaN is filled with the training crops' median.
        names: (F,) of the features, `group: feature`.
        is_real: (N,).
        group: (N,) what may not be divided: a real image or source, or a phantom field.
        weight: (N,) of each crop, in training and in the AUC.
        seed: Of the folds and of the forest.
        trees: Of the forest.

    Returns:
        None if the real or the phantom crops are of fewer than two groups.
    """
    groups = np.asarray(group)
    kinds = [np.unique(groups[is_real]), np.unique(groups[~is_real])]
    count = min(_MOST_FOLDS, *map(len, kinds))
    if count < 2:
        return None
    rng = np.random.default_rng(seed)
    dealt = [rng.permutation(kind) for kind in kinds]
    folds = [np.isin(groups, np.concatenate([kind[turn::count] for kind in dealt])) for turn in range(count)]
    held = [", ".join(map(str, dealt[0][turn::count])) for turn in range(count)]
    everything = [_one_fold(features, is_real, weight, test, seed, trees) for test in folds]
    headings = [name.partition(":")[0] for name in names]
    of_groups = {}
    for heading in dict.fromkeys(headings):
        columns = features[:, [heading == other for other in headings]]
        scores = [_one_fold(columns, is_real, weight, test, seed, trees)[0] for test in folds]
        of_groups[heading] = float(np.mean(scores))
    decided = np.mean([importances for _, importances in everything], axis=0)
    telling = {names[place]: float(decided[place]) for place in np.argsort(-decided)[:_MOST_TELLING]}
    aucs = [auc for auc, _ in everything]
    return Apart(float(np.mean(aucs)), dict(zip(held, aucs, strict=True)), of_groups, telling)


def _one_fold(
    features: NDArray[np.float64],
    is_real: NDArray[np.bool_],
    weight: NDArray[np.float64],
    test: NDArray[np.bool_],
    seed: int,
    trees: int,
) -> tuple[float, NDArray[np.float64]]:
    """AUC on what was held out, and what decided."""
    fill = SimpleImputer(strategy="median", keep_empty_features=True).fit(features[~test])
    forest = RandomForestClassifier(trees, min_samples_leaf=2, random_state=seed)
    forest.fit(fill.transform(features[~test]), is_real[~test], weight[~test])
    score = forest.predict_proba(fill.transform(features[test]))[:, 1]
    return float(roc_auc_score(is_real[test], score, sample_weight=weight[test])), forest.feature_importances_


def _told_apart(
    real: Sequence[Measures], phantoms: Sequence[Measures], real_groups: Sequence[str], seed: int, trees: int
) -> Apart | None:
    everyone = [*real, *phantoms]
    of_each = [*real_groups, *(each.source for each in phantoms)]
    names = list(everyone[0].features[0])
    rows = [(each, group, crop) for each, group in zip(everyone, of_each, strict=True) for crop in each.features]
    weight = [1 / len(each.features) / (len(real) if each.real else len(phantoms)) for each, _, _ in rows]
    return tell_apart(
        np.array([[crop[name] for name in names] for _, _, crop in rows], np.float64),
        names,
        np.array([each.real for each, _, _ in rows]),
        [f"{'real' if each.real else 'phantom'} {group}" for each, group, _ in rows],
        np.array(weight) * len(rows),
        seed,
        trees,
    )


def _pooled(name: str, several: Sequence[Measures]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """All values, and weights by which every specimen counts the same."""
    arrays = [each.values[name] for each in several]
    return np.concatenate(arrays), np.concatenate([np.full(len(array), 1 / len(array)) for array in arrays])
