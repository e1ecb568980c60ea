"""Do fibers of a kind lie closer together than chance among the fibers present gives?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from histo.evidence.measures import Measures
from histo.evidence.place_results import SpreadTest
from histo.evidence.ripley import RipleySample, sample_ripley, summarize_ripley
from histo.evidence.section import Section

PROBED_FIBERS = 2000
"""Of more fibers than this a random sample asks for its nearest neighbor (among all): the mean is as sharp, and a
section with 12,000 necrotic fibers takes 1 s instead of 3."""


@dataclass(frozen=True, eq=False)
class SpreadSample:
    """What one slide contributes; slides add up.

    Attributes:
        fibers: Fibers of the kind.
        weight: Fibers of the kind if there are two or more, else 0: what the means count with.
        nearest_mean_um: Mean distance to the nearest other one.
        random_mean_um: (P,) float64, the same under each random labelling.
        group_fibers: (G,) int64, sizes of the groups of adjoining ones.
        in_large_groups: (N,) bool over the section's fibers, those of the kind that lie in large groups.
        ripley: Pairs by distance.
    """

    fibers: int
    weight: int
    nearest_mean_um: float
    random_mean_um: NDArray[np.float64]
    group_fibers: NDArray[np.int64]
    in_large_groups: NDArray[np.bool_]
    ripley: RipleySample


def sample_spread(
    section: Section,
    chosen: NDArray[np.bool_],
    among: NDArray[np.bool_],
    preserved_um: float,
    measures: Measures,
    purpose: str,
) -> SpreadSample:
    """Nearest-neighbor distances of the chosen fibers, found and under random labelling.

    The null hypothesis labels as many fibers at random **among those present** that could be of the kind, so that the
    outline of the tissue, holes and the packing of fibers do not count as clustering (Diggle 2003, "Statistical
    analysis of spatial point patterns").

    Args:
        section: The slide.
        chosen: (N,) bool, the fibers of the kind.
        among: (N,) bool, the fibers that could be of the kind, and are labelled at random.
        preserved_um: Diameter of the biopsy's well-preserved fibers, 0 if unknown: the scale of grouping.
        measures: How groups are linked, and how often labels are shuffled.
        purpose: Keeps the random numbers of different tests apart.
    """
    count = int(np.count_nonzero(chosen))
    draws_um = np.zeros(measures.permutations)
    link_um = preserved_um * measures.group_link_diameters
    group = _groups(section.center_um[chosen], section.radius_um[chosen], measures.group_gap_um, link_um)
    sizes = np.bincount(group).astype(np.int64)
    large = np.zeros(len(section), np.bool_)
    large[chosen] = sizes[group] >= measures.large_group_fibers
    ripley = sample_ripley(section, chosen, among, preserved_um, measures, purpose)
    if count < 2:
        return SpreadSample(count, 0, 0.0, draws_um, sizes, large, ripley)
    random = section.random(measures.seed, purpose)
    nearest_um = _nearest_mean_um(section.center_um[chosen], random)
    present = np.flatnonzero(among)
    for draw in range(measures.permutations):
        labelled = random.choice(present, count, replace=False)
        draws_um[draw] = _nearest_mean_um(section.center_um[labelled], random)
    return SpreadSample(count, count, nearest_um, draws_um, sizes, large, ripley)


def summarize_spread(samples: Sequence[SpreadSample], preserved_um: float, measures: Measures) -> SpreadTest | None:
    """The tests over all slides together; each slide is labelled at random within itself.

    Random labellings of several slides are paired by rank, not at random: so what is far from chance on one is set
    beside what is as far from it on the others, as it would be on levels that show the same fibers again. Simulated
    with three such levels of 576 fibers, 35 of them necrotic at random, labellings paired at random called 16% of 300
    biopsies clustered by the nearest neighbor, and Ripley's L called 45% odd, where 5% is meant; paired by rank, it was
    7 and 4 of 120.
    """
    fibers, weight = sum(sample.fibers for sample in samples), sum(sample.weight for sample in samples)
    if fibers == 0:
        return None
    groups = np.concatenate([sample.group_fibers for sample in samples])
    in_large = int(groups[groups >= measures.large_group_fibers].sum())
    found = random_mean = index = low = high = p_clustered = None
    if weight:
        found = sum(sample.weight * sample.nearest_mean_um for sample in samples) / weight
        draws_um = np.sum([sample.weight * np.sort(sample.random_mean_um) for sample in samples], axis=0) / weight
        random_mean = float(np.mean(draws_um))
        p_clustered = float((1 + np.count_nonzero(draws_um <= found)) / (1 + len(draws_um)))
        if random_mean > 0:
            index = found / random_mean
            low, high = (float(value) / random_mean for value in np.percentile(draws_um, [2.5, 97.5]))
    return SpreadTest(
        fibers=fibers,
        nearest_mean_um=found,
        random_mean_um=random_mean,
        nearest_index=index,
        random_low=low,
        random_high=high,
        p_clustered=p_clustered,
        largest_group_fibers=int(groups.max()),
        in_large_groups_percent=100 * in_large / fibers,
        ripley=summarize_ripley([sample.ripley for sample in samples], preserved_um, fibers, measures),
    )


def linked(points_um: NDArray[np.float64], pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) group number of each point, from (K, 2) pairs of points that belong together."""
    graph = coo_matrix((np.ones(len(pairs), np.bool_), (pairs[:, 0], pairs[:, 1])), shape=(len(points_um),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _nearest_mean_um(points_um: NDArray[np.float64], random: np.random.Generator) -> float:
    probes_um = points_um
    if len(points_um) > PROBED_FIBERS:
        probes_um = points_um[random.choice(len(points_um), PROBED_FIBERS, replace=False)]
    tree = cKDTree(points_um, balanced_tree=False, compact_nodes=False)
    return float(np.mean(tree.query(probes_um, k=2)[0][:, 1]))


def _groups(
    center_um: NDArray[np.float64], radius_um: NDArray[np.float64], gap_um: float, link_um: float
) -> NDArray[np.int64]:
    """(N,) group number of each fiber; those that adjoin share one."""
    if not len(center_um):
        return np.zeros(0, np.int64)
    reach_um = max(2 * float(radius_um.max()) + gap_um, link_um)
    pairs = cKDTree(center_um).query_pairs(reach_um, output_type="ndarray")
    apart_um = np.linalg.norm(center_um[pairs[:, 0]] - center_um[pairs[:, 1]], axis=1)
    adjoin = (apart_um <= link_um) | (apart_um - radius_um[pairs].sum(axis=1) <= gap_um)
    return linked(center_um, pairs[adjoin])
