"""Ripley's L under random labelling: are there more pairs of fibers of a kind within some distance than by chance?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from histo.evidence.envelope import global_envelope
from histo.evidence.measures import Measures
from histo.evidence.place_results import RipleyTest
from histo.evidence.section import Section

RADII = 20
"""Distances at which pairs are counted, evenly up to the reach."""

LABELLED_FIBERS = 1000
"""Of more fibers of a kind than this a random part is asked about, and as many of those present are labelled at random:
the test stays exact, and 1,000 fibers still make some thousand pairs."""


@dataclass(frozen=True, eq=False)
class RipleySample:
    """What one slide contributes; slides add up.

    Attributes:
        pairs: (1 + P, R) int64, pairs of labelled fibers within each distance: found, then of each random labelling.
        expected: (R,) float64, pairs that random labelling gives on average, reckoned from all fibers present.
    """

    pairs: NDArray[np.int64]
    expected: NDArray[np.float64]


def radii_of(preserved_um: float, measures: Measures) -> NDArray[np.float64]:
    """(R,) distances, um, at which pairs are counted; all 0 where no diameter is known."""
    return preserved_um * measures.ripley_reach_diameters * np.arange(1, RADII + 1) / RADII


def sample_ripley(
    section: Section,
    chosen: NDArray[np.bool_],
    among: NDArray[np.bool_],
    preserved_um: float,
    measures: Measures,
    purpose: str,
) -> RipleySample:
    """Count pairs of the chosen fibers by distance, found and under random labelling of the fibers present.

    Both are counted within one outline of tissue and one packing, so that no correction for edges is needed. Pairs
    whose centers lie closer than fibers can are left out of both: they are pieces of one fiber, which a detector may
    leave of a necrotic one, and on a phantom slide they made 26 times as many pairs within 32 um as at random.

    Args:
        section: The slide.
        chosen: (N,) bool, the fibers of the kind.
        among: (N,) bool, the fibers that could be of the kind, and are labelled at random.
        preserved_um: Diameter of the biopsy's well-preserved fibers: the unit of distance.
        measures: How far, and how many random labellings.
        purpose: Keeps the random numbers of different tests apart.
    """
    radii_um = radii_of(preserved_um, measures)
    labelled = np.flatnonzero(chosen)
    pairs = np.zeros((1 + measures.permutations, RADII), np.int64)
    if len(labelled) < 2 or preserved_um <= 0:
        return RipleySample(pairs, np.zeros(RADII))
    random = section.random(measures.seed, f"{purpose}, pairs")
    count = min(len(labelled), LABELLED_FIBERS)
    if count < len(labelled):
        labelled = random.choice(labelled, count, replace=False)
    least_um, present_um = preserved_um * measures.piece_diameters, section.center_um[among]
    pairs[0] = _pairs_within(section.center_um[labelled], radii_um, least_um)
    for draw in range(1, 1 + measures.permutations):
        drawn = random.choice(len(present_um), count, replace=False)
        pairs[draw] = _pairs_within(present_um[drawn], radii_um, least_um)
    near = _near_one(present_um, radii_um, least_um, random)
    return RipleySample(pairs, near * count * (count - 1) / (len(present_um) - 1) / 2)


def summarize_ripley(
    samples: Sequence[RipleySample], preserved_um: float, fibers: int, measures: Measures
) -> RipleyTest | None:
    """The test over all slides together; each slide is labelled at random within itself.

    Random labellings of several slides go together: levels may show the same fibers again (`histo.evidence.spread`).

    Args:
        samples: One a slide.
        preserved_um: As the samples were taken with.
        fibers: Of the kind, on all slides.
        measures: How many fibers are too few.

    Returns:
        None with too few fibers of the kind, or where no fiber has a neighbor within reach.
    """
    expected = np.sum([sample.expected for sample in samples], axis=0) if samples else np.zeros(RADII)
    if fibers < measures.spatial_min_fibers or not expected.any():
        return None
    pairs = _over_slides(samples)
    envelope = global_envelope(pairs)
    radii_um = radii_of(preserved_um, measures)

    def l_um(counted: NDArray[np.float64]) -> tuple[float, ...]:
        ratio = np.divide(counted, expected, out=np.ones(RADII), where=expected > 0)
        return tuple(float(value) for value in radii_um * np.sqrt(ratio))

    found_um, high_um = l_um(pairs[0]), l_um(envelope.high)
    above_um = np.subtract(found_um, high_um)
    # The question is clustering: a curve that leaves the envelope on both sides is told by where it lies above.
    strongest = int(np.argmax(above_um)) if above_um.max() > 0 else envelope.strongest
    return RipleyTest(
        radii_um=tuple(float(radius) for radius in radii_um),
        l_um=found_um,
        low_um=l_um(envelope.low),
        high_um=high_um,
        p=envelope.p,
        strongest_um=float(radii_um[strongest]),
        strongest_ratio=float(pairs[0, strongest] / expected[strongest]) if expected[strongest] > 0 else 1.0,
    )


def _over_slides(samples: Sequence[RipleySample]) -> NDArray[np.float64]:
    """(1 + P, R) pairs of all slides: found, and of random labellings that go together on all of them.

    At each distance the labellings are paired by rank, and then put in the order of those of the slide with most pairs
    (the Schaake shuffle: Clark 2004, doi 10.1175/1525-7541(2004)005<0243:TSSAMF>2.0.CO;2). So curves keep their shape,
    and for levels that show the same fibers again they are those of one level, so many times.
    """
    found = np.sum([sample.pairs[0] for sample in samples], axis=0)
    ascending = np.sum([np.sort(sample.pairs[1:], axis=0) for sample in samples], axis=0)
    leading = max(samples, key=lambda sample: float(sample.expected[-1])).pairs[1:]
    rank = np.argsort(np.argsort(leading, axis=0, kind="stable"), axis=0, kind="stable")
    return np.concatenate([found[None], np.take_along_axis(ascending, rank, axis=0)]).astype(np.float64)


def _pairs_within(points_um: NDArray[np.float64], radii_um: NDArray[np.float64], least_um: float) -> NDArray[np.int64]:
    near = cKDTree(points_um, balanced_tree=False, compact_nodes=False).query_pairs(
        float(radii_um[-1]), output_type="ndarray"
    )
    apart_um = np.hypot(*(points_um[near[:, 0]] - points_um[near[:, 1]]).T)
    return np.searchsorted(np.sort(apart_um[apart_um > least_um]), radii_um, side="right").astype(np.int64)


def _near_one(
    center_um: NDArray[np.float64], radii_um: NDArray[np.float64], least_um: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """Mean number of other fibers within each distance of a fiber, asked of some."""
    probed = random.choice(len(center_um), min(len(center_um), LABELLED_FIBERS), replace=False)
    tree, probes = cKDTree(center_um), cKDTree(center_um[probed])
    near, pieces = np.split(probes.count_neighbors(tree, np.append(radii_um, least_um)), [len(radii_um)])
    return np.asarray(np.maximum(near - pieces, 0) / len(probed), np.float64)
