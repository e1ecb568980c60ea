"""When no pattern is named, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from histo.evidence import Evidence
from histo.pattern.conventions import Conventions
from histo.pattern.familiarity import Familiarity, Verdict, tell_distance, tell_nuclei
from histo.pattern.reading import Refusal, Suitability


def find_refusals(
    numbers: Evidence, suitability: Sequence[Suitability], conventions: Conventions
) -> tuple[Refusal, ...]:
    """Every reason against naming a pattern; none if a pattern may be named.

    The slides come first, for a slide of the wrong stain makes all numbers meaningless. One unfit slide among several
    refuses the biopsy: its findings are in the pooled numbers.
    """
    return (*_of_slides(suitability, conventions), *_of_biopsy(numbers, conventions))


def _of_slides(suitability: Sequence[Suitability], conventions: Conventions) -> Iterator[Refusal]:
    limits = conventions.adequacy
    for slide in suitability:
        if not slide.stain_ok:
            yield Refusal(
                code="wrong_stain",
                sentence=f"{slide.slide} does not look like H&E but like this: {slide.stain_guess}.",
                remedy="read an H&E section, or leave this slide out",
                slide=slide.slide,
            )
        if slide.finest_um_per_px > limits.max_um_per_px:
            yield Refusal(
                code="scale_too_coarse",
                sentence=f"The finest level of {slide.slide} has {slide.finest_um_per_px:g} um per pixel; above "
                f"{limits.max_um_per_px:g} inflammatory cells cannot be told.",
                remedy="scan the slide at x20 or finer",
                slide=slide.slide,
            )
        if slide.artefact_percent is not None and slide.artefact_percent > limits.max_artefact_percent:
            yield Refusal(
                code="too_many_artefacts",
                sentence=f"{slide.artefact_percent:.0f}% of the tissue of {slide.slide} is artefact; at most "
                f"{limits.max_artefact_percent:g}% may be.",
                remedy="cut or scan another section",
                slide=slide.slide,
            )
        if slide.unreadable_percent is not None and slide.unreadable_percent > limits.max_unreadable_percent:
            yield Refusal(
                code="unreadable_tissue",
                sentence=f"{slide.unreadable_percent:.0f}% of the tissue of {slide.slide} cannot be read from the "
                f"file; at most {limits.max_unreadable_percent:g}% may be missing.",
                remedy="copy the file again, or scan again",
                slide=slide.slide,
            )

        if slide.familiarity is not None:
            yield from _of_appearance(slide.familiarity)
        if slide.recovery is not None and slide.recovery.refuse:
            yield Refusal(
                code="implants_not_seen",
                sentence=f"{slide.slide} shows the model too little. {' '.join(slide.recovery.sentences)}",
                remedy="look at recovery.png; stain or scan the slide anew, or read it by eye",
                slide=slide.slide,
            )


def _of_appearance(judged: Familiarity) -> Iterator[Refusal]:
    if judged.by_nuclei is Verdict.STRANGE:
        yield Refusal(
            code="implausible_nuclei",
            sentence=tell_nuclei(judged),
            remedy="check the scale of the slide and its focus",
            slide=judged.slide,
        )
    if judged.by_distance is Verdict.STRANGE:
        yield Refusal(
            code="out_of_distribution",
            sentence=tell_distance(judged),
            remedy="check that this is H&E, skeletal muscle, in focus and at its true scale",
            slide=judged.slide,
        )


def _of_biopsy(numbers: Evidence, conventions: Conventions) -> Iterator[Refusal]:
    limits = conventions.adequacy
    assessable_mm2, fibers = numbers.coverage.assessable_mm2, numbers.fibers.fibers
    if assessable_mm2 < limits.min_mm2:
        yield Refusal(
            code="too_little_tissue",
            sentence=f"{assessable_mm2:.2f} mm2 of tissue can be assessed; a pattern needs {limits.min_mm2:g} mm2.",
            remedy="read further sections or levels of the biopsy together",
        )
    if fibers < limits.min_fibers:
        yield Refusal(
            code="too_few_fibers",
            sentence=f"{fibers} muscle fibers were found; a pattern needs {limits.min_fibers}.",
            remedy="check that this is transversely cut muscle, and read further sections together",
        )
    transverse = numbers.fibers.transverse_percent
    if transverse is not None and transverse.value < limits.min_transverse_percent:
        yield Refusal(
            code="not_transverse",
            sentence=f"{transverse.value:.0f}% of the fibers were cut transversely; a pattern needs "
            f"{limits.min_transverse_percent:g}%.",
            remedy="read a transverse section",
        )
    fiber_percent = numbers.composition.fiber_percent
    if fiber_percent is not None and fiber_percent < limits.min_fiber_percent:
        yield Refusal(
            code="little_muscle",
            sentence=f"Muscle fibers make {fiber_percent:.0f}% of the tissue; a pattern needs "
            f"{limits.min_fiber_percent:g}%.",
            remedy="check that this is skeletal muscle, and read another part of the biopsy",
        )
    outlined_percent = numbers.composition.outlined_percent
    if outlined_percent is not None and outlined_percent < limits.min_outlined_percent:
        yield Refusal(
            code="few_outlines",
            sentence=f"Fibers could be outlined on {outlined_percent:.0f}% of what reads as muscle; a pattern "
            f"needs {limits.min_outlined_percent:g}%.",
            remedy="look at the overview: the muscle may be destroyed, out of focus, or unlike what was trained on",
        )
    if numbers.sizes is not None:
        median_um = numbers.sizes.min_feret_median_um
        if not limits.min_median_um <= median_um <= limits.max_median_um:
            yield Refusal(
                code="implausible_fibers",
                sentence=f"The median fiber diameter is {median_um:.0f} um, which no muscle has "
                f"({limits.min_median_um:g}-{limits.max_median_um:g} um).",
                remedy="check the scale of the slide",
            )
        size_cv = numbers.sizes.min_feret_cv
        if size_cv is not None and size_cv > limits.max_size_cv:
            yield Refusal(
                code="implausible_variation",
                sentence=f"The fiber diameters vary by {100 * size_cv:.0f}% of their mean, which no muscle's do (at "
                f"most {100 * limits.max_size_cv:g}%).",
                remedy="check that this is transversely cut skeletal muscle",
            )
