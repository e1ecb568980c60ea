"""Whether slides and biopsy are fit for a pattern, on the axes of the limits that decide it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from histo.evidence import Estimate, Evidence
from histo.pattern.conventions import Conventions
from histo.pattern.gauges import Band, Gauge, source_of
from histo.pattern.reading import Suitability

TOO = "no pattern"
"""The name of the band in which no pattern is named."""


def fitness_gauges(
    numbers: Evidence, suitability: Sequence[Suitability], conventions: Conventions
) -> tuple[Gauge, ...]:
    """What refusals are decided by; a measure that could not be taken is left out.

    Args:
        numbers: Of the biopsy.
        suitability: Of each slide.
        conventions: What it was held against.
    """
    return (*_of_biopsy(numbers, conventions), *(gauge for one in suitability for gauge in _of_slide(one, conventions)))


def _of_biopsy(numbers: Evidence, conventions: Conventions) -> Iterator[Gauge]:
    limits, tissue = conventions.adequacy, numbers.composition

    def at_least(key: str, text: str, unit: str, value: float | None, warn: str | None = None,
                 interval: Estimate | None = None) -> Iterator[Gauge]:  # fmt: skip
        if value is not None:
            least = float(getattr(limits, key))
            doubtful = () if warn is None else (Band("with a caveat", float(getattr(limits, warn))),)
            bands = (Band(TOO, least), *doubtful, Band("enough"))
            low, high = (None, None) if interval is None else (interval.low, interval.high)
            yield Gauge(key, text, unit, value, low, high, bands, source_of(conventions, f"adequacy.{key}"))

    yield from at_least("min_mm2", "Tissue that could be assessed", "mm2", numbers.coverage.assessable_mm2)
    yield from at_least("min_fibers", "Muscle fibers", "fibers", float(numbers.fibers.fibers))
    transverse = numbers.fibers.transverse_percent
    share = None if transverse is None else transverse.value
    yield from at_least("min_transverse_percent", "Cut transversely", "% of fibers", share, interval=transverse)
    yield from at_least(
        "min_fiber_percent", "Muscle fiber", "% of the tissue", tissue.fiber_percent, "few_fiber_percent"
    )
    yield from at_least(
        "min_outlined_percent", "Muscle outlined as fibers", "%", tissue.outlined_percent, "few_outlined_percent"
    )
    if numbers.sizes is not None:
        sizes, median = numbers.sizes, numbers.sizes.min_feret_median
        low, high = (None, None) if median is None else (median.low, median.high)
        bands = (Band(TOO, limits.min_median_um), Band("of a muscle", limits.max_median_um, holds_end=True), Band(TOO))
        yield Gauge(
            "min_median_um", "Median fiber diameter", "um", sizes.min_feret_median_um,
            low, high, bands,
            source_of(conventions, "adequacy.min_median_um", "adequacy.max_median_um"),
        )  # fmt: skip


def _of_slide(slide: Suitability, conventions: Conventions) -> Iterator[Gauge]:
    limits, bands = conventions.adequacy, conventions.familiarity

    def at_most(key: str, text: str, unit: str, value: float | None) -> Iterator[Gauge]:
        if value is not None:
            fit = (Band("fit", float(getattr(limits, key)), holds_end=True), Band(TOO))
            yield Gauge(
                key, text, unit, value, None, None, fit, source_of(conventions, f"adequacy.{key}"), slide=slide.slide
            )

    yield from at_most("max_um_per_px", "Finest pixel", "um", slide.finest_um_per_px)
    yield from at_most("max_artefact_percent", "Artefact", "% of the tissue", slide.artefact_percent)
    yield from at_most("max_unreadable_percent", "Unreadable", "% of the tissue", slide.unreadable_percent)
    judged = slide.familiarity
    if judged is None:
        return
    if judged.distances:
        away = (
            Band("familiar", bands.doubtful_from_distance),
            Band("with a caveat", bands.strange_from_distance),
            Band(TOO),
        )
        yield Gauge(
            "strange_from_distance", "Unlike what the network learned from", "times the familiar distance",
            judged.distances[0].distance, None, None, away,
            source_of(conventions, "familiarity.doubtful_from_distance", "familiarity.strange_from_distance"),
            slide=slide.slide,
        )  # fmt: skip
    if judged.nucleus_um is not None:
        doubt, strange = bands.doubtful_from_nucleus_ratio, bands.strange_from_nucleus_ratio
        usual = bands.nucleus_um
        yield Gauge(
            "strange_from_nucleus_ratio", "Typical nucleus", "um across", judged.nucleus_um, None, None,
            (Band(TOO, usual / strange), Band("with a caveat", usual / doubt), Band("of muscle", usual * doubt),
             Band("with a caveat", usual * strange), Band(TOO)),
            source_of(conventions, "familiarity.nucleus_um", "familiarity.strange_from_nucleus_ratio"),
            slide=slide.slide,
        )  # fmt: skip
