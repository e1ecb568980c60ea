"""How many necrotic fibers may a detector call where there are none?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from histo.evidence.fiber_results import Estimate, FalseCallFloor
from histo.evidence.intervals import count_percentile
from histo.evidence.measures import Measures
from histo.evidence.repeats import repeats

FLOOR_PERCENTILE = 0.95
"""A count that false calls alone exceed in at most 5% of negative sections is called above the floor."""

MOST_VARIATION = 3.0
"""Beyond it nearly all false calls come from a few sections, and a 95th percentile no longer tells of them."""

MEASURED, HALF_MEASURED, ASSUMED = "measured on phantoms", "measured on phantoms, its variation assumed", "assumed"
"""Where rate and variation may come from."""


@dataclass(frozen=True, slots=True)
class FalseCalls:
    """How often a detector calls healthy fibers necrotic, as it was measured on healthy phantom sections.

    Of estimates the upper ends are reckoned with: what is known badly must not make a grade easier.

    Attributes:
        per_1000: Of 1,000 healthy fibers, over all sections.
        variation: How much that differs from section to section: standard deviation over mean of the sections' own
            rates, chance taken off. A stain that misleads a detector misleads it on the whole section. None where
            nobody has measured it.
    """

    per_1000: Estimate | float
    variation: Estimate | float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ValueError: If the rate is no share of 1,000, or the variation is negative or beyond `MOST_VARIATION`.
        """
        if not 0 <= self.most_per_1000 <= 1000:
            raise ValueError(f"false calls per 1,000 fibers must lie between 0 and 1000, not {self.most_per_1000}")
        if self.most_variation is not None and not 0 <= self.most_variation <= MOST_VARIATION:
            raise ValueError(
                f"the variation of false calls must lie between 0 and {MOST_VARIATION:g}, and is {self.most_variation}"
            )

    @property
    def most_per_1000(self) -> float:
        """The rate that is reckoned with."""
        return _upper(self.per_1000)

    @property
    def most_variation(self) -> float | None:
        """The variation that is reckoned with."""
        return None if self.variation is None else _upper(self.variation)


def _upper(measured: Estimate | float) -> float:
    return measured.high if isinstance(measured, Estimate) else float(measured)


def false_call_floor(
    necrotic: int, fibers: Sequence[int], measured: FalseCalls | None, measures: Measures
) -> FalseCallFloor | None:
    """The count that the detector's own false calls may give on this many healthy fibers.

    Sections differ: with a rate for each, drawn from a gamma distribution, false calls are negative binomial
    (Greenwood and Yule 1920, doi 10.2307/2341080), and their 95th percentile lies far above that of a Poisson variable.
    Levels of one block may show the same fibers, and a detector that is wrong of one will be wrong of it again: then
    false calls come as many times over as there are levels, and their percentile is that of one level so many times.
    They may show other fibers, too: then it is that of one large section. The larger holds for both.

    Args:
        necrotic: Necrotic fibers found.
        fibers: Fibers of each slide.
        measured: How often healthy fibers are called necrotic; None if nobody has measured it.
        measures: Hold the rate and the variation that are assumed where none was measured.
    """
    if sum(fibers) == 0:
        return None
    known = measured or FalseCalls(measures.assumed_false_necrotic_per_1000)
    told = known.most_variation
    variation = measures.assumed_false_necrotic_variation if told is None else told
    expected, seen = known.most_per_1000 * sum(fibers) / 1000, repeats(fibers)
    repeated, once = (count_percentile(mean, variation, FLOOR_PERCENTILE) for mean in (expected / seen, expected))
    # What is left after the point is no fiber, but for the rounding of a float.
    floor = max(int(seen * repeated + 1e-9), once)
    return FalseCallFloor(
        false_necrotic_per_1000=known.most_per_1000,
        source=ASSUMED if measured is None else HALF_MEASURED if told is None else MEASURED,
        expected_fibers=expected,
        floor_fibers=floor,
        exceeded=necrotic > floor,
        variation=variation,
    )
