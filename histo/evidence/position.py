"""Do fibers of a kind prefer the fascicle edge?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.evidence.fascicles import FascicleGeometry
from histo.evidence.intervals import share
from histo.evidence.measures import Measures
from histo.evidence.place_results import EdgePosition
from histo.evidence.repeats import repeats
from histo.evidence.section import Section


@dataclass(frozen=True, eq=False)
class PositionSample:
    """What one slide contributes; slides add up.

    Attributes:
        fibers: Fibers of the kind that lie in a fascicle.
        at_edge: Those at the edge.
        all_at_edge: Fibers at the edge of any fascicle that could be of the kind.
        expected: Those that random labelling within fascicles puts there on average.
        random: (P,) int64, those that each random labelling puts there.
    """

    fibers: int
    at_edge: int
    all_at_edge: int
    expected: float
    random: NDArray[np.int64]


def sample_position(
    section: Section,
    geometry: FascicleGeometry,
    chosen: NDArray[np.bool_],
    among: NDArray[np.bool_],
    measures: Measures,
    purpose: str,
) -> PositionSample | None:
    """How many of the chosen fibers lie at the edge, and how many would at random.

    Labels are shuffled within each fascicle, which is what the question is about: a fascicle that is hit as a whole
    says nothing on edges. Shuffling draws from a hypergeometric law, so that is drawn from at once.

    Args:
        section: The slide.
        geometry: Its fascicles.
        chosen: (N,) bool, the fibers of the kind.
        among: (N,) bool, the fibers that could be of the kind, which are labelled at random: small fibers are told
            among measured ones only, and where necrosis lines the edge few of those are left there.
        measures: How often labels are shuffled.
        purpose: Keeps the random numbers of different tests apart.

    Returns:
        None where no perimysium was found: then the position is not assessed.
    """
    if not geometry.known:
        return None
    counted = among & (geometry.fascicle > 0)
    rim = counted & geometry.at_edge
    kind = chosen & counted
    size = int(geometry.fascicle.max(initial=0)) + 1
    in_fascicle = np.bincount(geometry.fascicle[counted], minlength=size)
    at_edge = np.bincount(geometry.fascicle[rim], minlength=size)
    of_kind = np.bincount(geometry.fascicle[kind], minlength=size)
    hit = of_kind > 0
    in_fascicle, at_edge, of_kind = in_fascicle[hit], at_edge[hit], of_kind[hit]
    random = section.random(measures.seed, purpose).hypergeometric(
        at_edge, in_fascicle - at_edge, of_kind, size=(measures.permutations, len(of_kind))
    )
    return PositionSample(
        fibers=int(of_kind.sum()),
        at_edge=int(np.count_nonzero(kind & rim)),
        all_at_edge=int(np.count_nonzero(rim)),
        expected=float(np.sum(of_kind * at_edge / in_fascicle)) if len(of_kind) else 0.0,
        random=random.sum(axis=1).astype(np.int64),
    )


def summarize_position(samples: Sequence[PositionSample | None]) -> EdgePosition | None:
    """The position over all slides that show perimysium.

    Random labellings are paired by rank: levels may show the same fibers again (`histo.evidence.spread`).
    """
    shown = [sample for sample in samples if sample is not None]
    fibers = sum(sample.fibers for sample in shown)
    if fibers == 0:
        return None
    at_edge = sum(sample.at_edge for sample in shown)
    all_at_edge = sum(sample.all_at_edge for sample in shown)
    expected = sum(sorted(sample.expected for sample in shown))
    index = low = high = None
    if expected > 0:
        index = at_edge / expected
        random = np.sum([np.sort(sample.random) for sample in shown], axis=0) / expected
        low, high = (float(value) for value in np.percentile(random, [2.5, 97.5]))
    return EdgePosition(
        fibers=fibers,
        at_edge_fibers=at_edge,
        expected_at_edge_fibers=expected,
        percent_of_edge=100 * at_edge / all_at_edge if all_at_edge else None,
        share_of_edge=share(at_edge, all_at_edge, 100, repeats([sample.all_at_edge for sample in shown])),
        edge_index=index,
        random_low=low,
        random_high=high,
    )
