"""Whether a slide is one that the network can be expected to read, and the reasons in words where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from histo.appearance import Appearance
from histo.pattern.conventions import FamiliarityBands
from histo.pattern.distribution import Departure, Distribution, GroupDistance, measure_distances

_NOTABLE = 2.0
"""Standard deviations from which a number is named on its own."""


class Verdict(StrEnum):
    """What is made of a slide's appearance."""

    FAMILIAR = "familiar"
    DOUBTFUL = "doubtful"
    """Read, with a caveat."""
    STRANGE = "strange"
    """No pattern is read from it."""


@dataclass(frozen=True, slots=True)
class Familiarity:
    """How a slide looks beside what the network was trained on.

    Attributes:
        slide: Its name.
        verdict: The worse of the two below.
        by_distance: Of the group of numbers that is farthest out; None where the bundle tells no distribution.
        by_nuclei: Of the nuclei's size, which tells a wrong scale; None where nothing is dark enough for a nucleus.
        distances: In colors, in texture and, where the bundle's distribution is of its weights, in what the network
            answers; the farthest first.
        nucleus_um: Typical diameter of its nuclei, told from the pixels alone.
        nucleus_ratio: The same over the conventions' diameter.
        distribution_sha256: Of the bundle's `distribution.json`; None where there is none.
    """

    slide: str
    verdict: Verdict
    by_distance: Verdict | None
    by_nuclei: Verdict | None
    distances: tuple[GroupDistance, ...]
    nucleus_um: float | None
    nucleus_ratio: float | None
    distribution_sha256: str | None


def judge_appearance(
    slide: str,
    appearance: Appearance,
    distribution: Distribution | None,
    weights_sha256: str,
    bands: FamiliarityBands,
) -> Familiarity:
    """Judge one slide.

    Args:
        slide: Its name.
        appearance: How it looks.
        distribution: What is familiar; None where the bundle does not tell.
        weights_sha256: Of the network that read it.
        bands: From where on a slide is doubtful, and strange.
    """
    by_distance: Verdict | None = None
    distances: tuple[GroupDistance, ...] = ()
    if distribution is not None:
        found = measure_distances(appearance, distribution, weights_sha256)
        distances = tuple(sorted(found, key=lambda each: -each.distance))
        by_distance = _verdict(distances[0].distance, bands.doubtful_from_distance, bands.strange_from_distance)
    ratio = None if appearance.nucleus_um is None else appearance.nucleus_um / bands.nucleus_um
    by_nuclei = None
    if ratio is not None:
        away = max(ratio, 1 / ratio)
        by_nuclei = _verdict(away, bands.doubtful_from_nucleus_ratio, bands.strange_from_nucleus_ratio)
    worse = max((by_distance, by_nuclei), key=lambda each: -1 if each is None else list(Verdict).index(each))
    return Familiarity(
        slide=slide,
        verdict=worse or Verdict.FAMILIAR,
        by_distance=by_distance,
        by_nuclei=by_nuclei,
        distances=distances,
        nucleus_um=appearance.nucleus_um,
        nucleus_ratio=ratio,
        distribution_sha256=None if distribution is None else distribution.sha256,
    )


def _verdict(value: float, doubtful_from: float, strange_from: float) -> Verdict:
    if value >= strange_from:
        return Verdict.STRANGE
    return Verdict.DOUBTFUL if value >= doubtful_from else Verdict.FAMILIAR


def tell_distance(judged: Familiarity) -> str:
    """In what a slide is most unlike training fields, and how."""
    away = judged.distances[0]
    named = [each for each in away.farthest if abs(each.deviations) >= _NOTABLE]
    why = "; ".join(_departure(each) for each in named) or "no number alone, but all of them together"
    return (
        f"{_GROUP_TEXTS[away.group].format(judged.slide)} unlike those of the muscle that the network was trained on "
        f"({away.distance:.2f} times the distance that 95 of 100 training fields stay within): {why}."
    )


def tell_nuclei(judged: Familiarity) -> str:
    """How large the nuclei are beside what they should be."""
    if judged.nucleus_um is None or judged.nucleus_ratio is None:
        raise ValueError(f"no nucleus was measured on {judged.slide}")
    wide = judged.nucleus_ratio >= 1
    times = judged.nucleus_ratio if wide else 1 / judged.nucleus_ratio
    return (
        f"The nuclei of {judged.slide} are {times:.1f} times as {'wide' if wide else 'narrow'} as nuclei of muscle "
        f"({judged.nucleus_um:.1f} um): the scale may be wrong by a factor of about two"
        f"{', or the slide is out of focus' if wide else ''}."
    )


_GROUP_TEXTS = {
    "colors": "The colors of {} are",
    "texture": "The contrasts of {} are",
    "answers": "The network's answers on {} are",
}

_TEXTS = {
    "colors.stained": "the share of tissue that holds dye",
    "colors.density": "the density of the stain",
    "colors.red_middle": "the share of red light in what most of the tissue absorbs",
    "colors.blue_middle": "the share of blue light in what most of the tissue absorbs",
    "colors.red_high": "the share of red light in what nuclei absorb",
    "colors.blue_low": "the share of blue light in what the bluest tissue absorbs",
    "colors.blue_high": "the share of blue light in what the brownest tissue absorbs",
    "texture.contrast": "the contrast of structures of 2 to 4 um",
    "texture.finest": "the contrast below 0.5 um over that of 1 um",
    "texture.fine": "the contrast at 1 um over that at 2 um",
    "texture.coarse": "the contrast at 2 um over that at 4 um",
    "answers.fiber": "the network's share of muscle fiber",
    "answers.fiber_doubt": "the network's doubt about what is fiber",
    "answers.class_doubt": "the network's doubt about the kinds of fibers",
    "answers.compartment_doubt": "the network's doubt about the compartments",
    "answers.depth": "how deep inside fibers the network places their pixels",
    "answers.rim": "the network's share of borders between fibers",
    "answers.nuclei_per_mm2": "the nuclei per mm2 that the network sees",
    "answers.nucleus_um2": "the size of what the network marks as a nucleus",
}


def _departure(each: Departure) -> str:
    how = "high" if each.deviations > 0 else "low"
    return f"{_TEXTS[each.name]} is {how} ({each.value:.3g}; familiar are {each.low:.3g} to {each.high:.3g})"
