"""How well a bundle tells slides that are no H&E muscle at its scale from those that are: with the reasons it gives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import track

from histo.biopsy import read_biopsy
from histo.evidence.intervals import share
from histo.geometry import WORKING_MPP
from histo.model import Model
from histo.network import Metric
from histo.pattern.familiarity import Verdict
from histo.records import BiopsyReading
from histo.slide import MemorySlide
from train.real_fields import REAL_FIELDS
from train.sections import ordinary_sections
from train.unfamiliar import Family, unfamiliar_slide

UNFAMILIAR, FAMILIAR = "unfamiliar.", "familiar."


@dataclass(frozen=True)
class SlideVerdict:
    """What came of one slide.

    Attributes:
        group: The family, or what the slide is.
        slide: Its name.
        label: The pattern, or `not_assessable`.
        refused: Codes of the reasons why no pattern was named.
        verdict: What its appearance was judged to be; None where there was no tissue to judge.
        distances: By group of numbers, over what 95 of 100 training fields stay within.
        nucleus_um: Typical diameter of its nuclei; None as above.
    """

    group: str
    slide: str
    label: str
    refused: tuple[str, ...]
    verdict: str | None
    distances: Mapping[str, float]
    nucleus_um: float | None

    @property
    def strange(self) -> bool:
        """Whether its appearance alone was reason to refuse."""
        return self.verdict == Verdict.STRANGE

    @property
    def doubtful(self) -> bool:
        """Whether its appearance was reason for a caveat, or to refuse."""
        return self.strange or self.verdict == Verdict.DOUBTFUL

    @property
    def caught(self) -> bool:
        """Whether it was refused for any reason, or read with a caveat about its appearance."""
        return bool(self.refused) or self.doubtful


def verdict_of(group: str, reading: BiopsyReading) -> SlideVerdict:
    """What came of a biopsy of one slide."""
    pattern = reading.pattern
    judged = pattern.familiarity[0] if pattern.familiarity else None
    refusals = (pattern.refusal, *pattern.further_refusals)
    return SlideVerdict(
        group=group,
        slide=reading.name,
        label=pattern.label.value,
        refused=tuple(refusal.code for refusal in refusals if refusal is not None),
        verdict=None if judged is None else judged.verdict.value,
        distances={} if judged is None else {each.group: each.distance for each in judged.distances},
        nucleus_um=None if judged is None else judged.nucleus_um,
    )


def read_unfamiliar(model: Model, seeds: Sequence[int]) -> tuple[SlideVerdict, ...]:
    """Read one slide of every family for every seed; from the test split."""
    made = [(family, seed) for family in Family for seed in seeds]
    return tuple(
        verdict_of(family.value, read_biopsy(unfamiliar_slide(family, seed), model=model))
        for family, seed in track(made, description="Reading unfamiliar slides")
    )


def read_familiar(model: Model, seeds: Sequence[int]) -> tuple[SlideVerdict, ...]:
    """Read the middle (0.26 mm2) of one phantom biopsy a seed, the patterns taking turns; from the test split."""

    def slides() -> Iterator[MemorySlide]:
        for seed, field in zip(seeds, ordinary_sections(seeds), strict=True):
            yield MemorySlide(field.rgb, WORKING_MPP, f"ordinary-{seed}")

    reading = track(slides(), description="Reading ordinary sections", total=len(seeds))
    return tuple(verdict_of("ordinary", read_biopsy(slide, model=model)) for slide in reading)


def read_real_muscle(model: Model, folder: Path, section: BiopsyReading) -> tuple[SlideVerdict, ...]:
    """The two real fields, each read as a slide, and the real section that was read already.

    Args:
        model: The bundle and its engine.
        folder: The real data, holding `muscle`.
        section: `muscle_section.tif`, read.
    """
    muscle = folder / "muscle"
    facts = json.loads((muscle / "labels.json").read_text(encoding="utf-8"))
    fields = [read_biopsy(muscle / f"{name}.tif", mpp=facts[name]["mpp"], model=model) for name in REAL_FIELDS]
    return tuple(verdict_of("real muscle", reading) for reading in (*fields, section))


def real_muscle_figures(muscle: Sequence[SlideVerdict]) -> dict[str, Metric]:
    """How many of the images were refused for their appearance, and how many flagged or refused; `n` images.

    Returns:
        `real_muscle.strange`, `real_muscle.doubtful`, and by image `NAME.distance.GROUP` and `NAME.nucleus_um`.
    """
    count = len(muscle)
    figures = {
        "real_muscle.strange": Metric(float(sum(each.strange for each in muscle)), None, None, count),
        "real_muscle.doubtful": Metric(float(sum(each.doubtful for each in muscle)), None, None, count),
    }
    for each in muscle:
        numbers = {f"distance.{group}": distance for group, distance in each.distances.items()}
        if each.nucleus_um is not None:
            numbers["nucleus_um"] = each.nucleus_um
        figures |= {f"{each.slide}.{name}": Metric(value, None, None, 1) for name, value in numbers.items()}
    return figures


def familiarity_figures(unfamiliar: Sequence[SlideVerdict], familiar: Sequence[SlideVerdict]) -> dict[str, Metric]:
    """Shares with exact intervals.

    Returns:
        `unfamiliar.caught` (refused for any reason, or flagged for its appearance) and, by family,
        `unfamiliar.FAMILY.caught`, `.strange` (refused for its appearance) and `.doubtful` (that, or flagged for it);
        `familiar.strange` and `familiar.doubtful`, false alarms. `n` slides.
    """
    figures: dict[str, Metric] = {}
    if unfamiliar:
        figures[UNFAMILIAR + "caught"] = _share([each.caught for each in unfamiliar])
    for group in dict.fromkeys(each.group for each in unfamiliar):
        own = [each for each in unfamiliar if each.group == group]
        name = UNFAMILIAR + group.replace(" ", "_")
        figures[f"{name}.caught"] = _share([each.caught for each in own])
        figures[f"{name}.strange"] = _share([each.strange for each in own])
        figures[f"{name}.doubtful"] = _share([each.doubtful for each in own])
    if familiar:
        figures[FAMILIAR + "strange"] = _share([each.strange for each in familiar])
        figures[FAMILIAR + "doubtful"] = _share([each.doubtful for each in familiar])
    return figures


def _share(answers: Sequence[bool]) -> Metric:
    estimate = share(sum(answers), len(answers), 1.0)
    if estimate is None:
        raise ValueError("a share needs at least one slide")
    return Metric(estimate.value, estimate.low, estimate.high, len(answers))
