"""How sure a number is, in plain sentences: what may be hidden, what fascicles and slides say of it."""

from __future__ import annotations

from histo.evidence import AcrossSlides, Estimate, Evidence, FalseCallFloor, FascicleBootstrap, NecrosisBound
from histo.pattern.conventions import Conventions


def with_interval(estimate: Estimate | None, digits: int = 1) -> str:
    """`4.2 (95% interval 3.1-5.6)`, or that it is not known."""
    if estimate is None:
        return "not assessed"
    low, value, high = (f"{number:.{digits}f}" for number in (estimate.low, estimate.value, estimate.high))
    return f"{value} (95% interval {low}-{high})"


def percent(estimate: Estimate, digits: int = 0) -> str:
    """`12% (95% interval 10-14)`."""
    low, value, high = (f"{number:.{digits}f}" for number in (estimate.low, estimate.value, estimate.high))
    return f"{value}% (95% interval {low}-{high})"


def bound_sentence(numbers: Evidence) -> str:
    """The necrosis that may be there though little or none was found; nothing where nobody knows what is missed."""
    bound = numbers.necrosis_bound
    if bound is None:
        return ""
    return (
        f"With 95% confidence at most {bound.at_most_per_1000_fibers:.3g} of 1,000 fibers are necrotic in the muscle "
        f"that these {numbers.fibers.fibers:,} stand for{_by_kind(bound)}. This assumes the simulator's sensitivity: "
        f"that no more is missed here than on phantoms ({bound.source}: at least {100 * bound.recall:.0f}% of necrotic "
        "fibers found), and that fibers are independent."
    )


def _by_kind(bound: NecrosisBound) -> str:
    """Kinds are missed unequally often, so that one figure for all holds for one mix of them only."""
    told = [f"{one.at_most_per_1000_fibers:.3g} {_KINDS.get(one.kind, one.kind)}" for one in bound.kinds]
    return f", if its kinds are mixed as on phantoms; of single kinds at most {', '.join(told)}" if told else ""


_KINDS = {"necrotic_pale": "pale", "necrotic_hyaline": "hyaline", "myophagocytosis": "with myophagocytosis"}


def fascicle_sentence(bootstrap: FascicleBootstrap | None, estimate: Estimate | None, unit: str) -> str:
    """The interval by resampling of fascicles; nothing where they are too few."""
    if bootstrap is None or estimate is None:
        return ""
    return (
        f"Drawing whole fascicles again and again ({bootstrap.fascicles:,} of them) gives "
        f"{estimate.low:.1f}-{estimate.high:.1f} {unit}."
    )


def level_sentence(figure: AcrossSlides | None, unit: str, conventions: Conventions) -> str:
    """How slides differ, and what they give together; nothing with fewer than two."""
    if figure is None:
        return ""
    sentence = (
        f"Its {figure.slides} slides have {figure.low:.1f} to {figure.high:.1f} {unit}; with slides, and not fibers or "
        f"cells, as what was sampled, that is {with_interval(figure.pooled)}."
    )
    if figure.p_alike is None:
        return sentence
    if figure.p_alike > conventions.spread.max_p:
        return f"{sentence} Chance alone could make them differ as much (p = {figure.p_alike:.3f})."
    return f"{sentence} They differ by more than chance (p = {figure.p_alike:.3f}, I2 {figure.i2_percent:.0f}%)."


def false_call_rate(floor: FalseCallFloor) -> str:
    """The rate that a floor of false calls was reckoned with, how much it differs between sections, and who says so."""
    rate, differs = floor.false_necrotic_per_1000, ""
    if floor.variation > 0:
        differs = f", standard deviation {rate * floor.variation:.2g} between sections"
    return f"{rate:.3g} per 1,000 healthy fibers{differs} ({floor.source})"
