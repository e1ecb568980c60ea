"""How much necrosis may there be where little or none was found?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scipy.special import betaincinv

from histo.evidence.fiber_results import Estimate, KindBound, NecrosisBound
from histo.evidence.repeats import repeats
from histo.findings import FiberClass

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Recall:
    """What share of necrotic fibers a detector finds, from 0 to 1, as it was measured on phantoms.

    Attributes:
        necrotic: Of all kinds, called any kind of necrotic; None where nobody has measured it.
        kinds: Of each kind, called just this kind. Kinds that nobody has measured are left out.
    """

    necrotic: Estimate | float | None = None
    kinds: Mapping[FiberClass, Estimate | float] = field(default_factory=dict)


def necrosis_bound(
    found: Mapping[FiberClass, int], fibers: Sequence[int], area_mm2: float, measured: Recall
) -> NecrosisBound | None:
    """The one-sided 95% bound: Clopper-Pearson's (1934, doi 10.1093/biomet/26.4.404) over the detector's recall.

    Where none of n fibers was found necrotic, the share that the detector would have shown is at most about 3 / n, and
    the share that there is at most 3 / n over the recall.

    Args:
        found: Fibers called necrotic, by kind, however many of them may be false calls: false ones only raise the
            bound.
        fibers: Fibers of each slide.
        area_mm2: Assessable tissue.
        measured: What share the detector finds. Of an estimate the lower end is taken.

    Returns:
        None without fibers, or where nobody has measured the recall.

    Raises:
        ValueError: If a recall is not between 0 and 1.
    """
    total = sum(fibers)
    if total == 0 or measured.necrotic is None:
        return None
    recall = _low(measured.necrotic)
    there = _at_most(sum(found.values()), fibers, recall)

    def per_mm2(share: float) -> float | None:
        return share * total / area_mm2 if area_mm2 > 0 else None

    def of_kind(kind: FiberClass) -> KindBound:
        own = _low(measured.kinds[kind])
        share = _at_most(found[kind], fibers, own)
        return KindBound(kind.name.lower(), found[kind], 1000 * share, per_mm2(share), own)

    return NecrosisBound(
        at_most_per_1000_fibers=1000 * there,
        at_most_per_mm2=per_mm2(there),
        recall=recall,
        source="measured on phantoms",
        kinds=tuple(of_kind(kind) for kind in found if kind in measured.kinds),
    )


def _at_most(found: int, fibers: Sequence[int], recall: float) -> float:
    """The largest share at which so few would still be found in 5% of sections."""
    seen, total = repeats(fibers), sum(fibers)
    shown = 1.0 if found == total else float(betaincinv(found / seen + 1, (total - found) / seen, CONFIDENCE))
    # A detector that finds nothing bounds nothing: then all fibers may be necrotic.
    return 1.0 if shown >= recall else shown / recall


def _low(measured: Estimate | float) -> float:
    recall = measured.low if isinstance(measured, Estimate) else float(measured)
    if not 0 <= recall <= 1:
        raise ValueError(f"the recall of necrotic fibers must lie between 0 and 1, not {recall}")
    return recall
