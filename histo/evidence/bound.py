"""How much necrosis may there be where little or none was found?"""

from __future__ import annotations

from scipy.special import betaincinv

from histo.evidence.fiber_results import Estimate, NecrosisBound

CONFIDENCE = 0.95


def necrosis_bound(
    found: int, fibers: int, area_mm2: float, measured_recall: Estimate | float | None
) -> NecrosisBound | None:
    """The one-sided 95% bound: Clopper-Pearson's (1934, doi 10.1093/biomet/26.4.404) over the detector's recall.

    Where none of n fibers was found necrotic, the share that the detector would have shown is at most about 3 / n, and
    the share that there is at most 3 / n over the recall.

    Args:
        found: Fibers called necrotic, however many of them may be false calls: false ones only raise the bound.
        fibers: Fibers in all.
        area_mm2: Assessable tissue.
        measured_recall: Share of necrotic fibers that the detector finds. Of an estimate its lower end is taken.

    Returns:
        None without fibers, or where nobody has measured the recall.

    Raises:
        ValueError: If the recall is not between 0 and 1.
    """
    if fibers == 0 or measured_recall is None:
        return None
    recall = measured_recall.low if isinstance(measured_recall, Estimate) else float(measured_recall)
    if not 0 <= recall <= 1:
        raise ValueError(f"the recall of necrotic fibers must lie between 0 and 1, not {recall}")
    seen = 1.0 if found == fibers else float(betaincinv(found + 1, fibers - found, CONFIDENCE))
    # A detector that finds nothing bounds nothing: then all fibers may be necrotic.
    there = 1.0 if seen >= recall else seen / recall
    return NecrosisBound(
        at_most_per_1000_fibers=1000 * there,
        at_most_per_mm2=there * fibers / area_mm2 if area_mm2 > 0 else None,
        recall=recall,
        source="measured on phantoms",
    )
