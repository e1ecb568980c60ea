"""What of an infiltrate is graded: all but what missed necrotic fibers may have left outside."""

from __future__ import annotations

import math
from dataclasses import dataclass

from histo.evidence import Estimate, Infiltrate
from histo.pattern.conventions import Conventions


@dataclass(frozen=True, slots=True)
class GradedInfiltrate:
    """What of the inflammatory cells is graded: all but what missed necrotic fibers may have left outside.

    A reader misses some fibers that macrophages eat; then these lie about like an infiltrate. The more of them lie
    inside the dying fibers that were found, the more may be left over of those that were not.

    Attributes:
        spared_cells: Macrophage-like cells that are not graded.
        macrophage_like_per_mm2: Density of those that are graded; None without tissue.
        total_per_mm2: Of both; None without tissue.
        clusters: Less those of mostly macrophages, as many as the spared cells can make up: a fiber that macrophages
            have replaced looks like one.
    """

    spared_cells: int
    macrophage_like_per_mm2: Estimate | None
    total_per_mm2: Estimate | None
    clusters: int


def graded_infiltrate(found: Infiltrate, conventions: Conventions) -> GradedInfiltrate:
    """Set macrophage-like cells outside dying fibers against those inside.

    Args:
        found: The infiltrate.
        conventions: How many of those inside may have been left outside.
    """
    missed = math.floor(found.inside_necrotic_cells * conventions.infiltrate.missed_phagocytes_percent / 100)
    spared, macrophages = min(missed, found.macrophage_like.cells), found.macrophage_like
    return GradedInfiltrate(
        spared_cells=spared,
        macrophage_like_per_mm2=_less(macrophages.per_mm2, spared, macrophages.cells),
        total_per_mm2=_less(found.total.per_mm2, spared, found.total.cells),
        clusters=found.clusters_count
        - min(found.macrophage_clusters_count, spared // conventions.measures.cluster_cells),
    )


def _less(density: Estimate | None, spared: int, cells: int) -> Estimate | None:
    if density is None or not spared:
        return density
    left = (cells - spared) / cells
    return Estimate(left * density.value, left * density.low, left * density.high)
