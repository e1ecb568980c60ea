"""Everything that `evaluate` measures, and what it writes: figures, page and card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from histo.cohort import Split
from histo.errors import UsageError
from histo.model import Model
from histo.network import Bundle, Card, Engine, Metric
from histo.pattern.distribution_file import load_distribution
from histo.records.atomic import write_atomically
from train.evaluate import Evaluation, evaluate_fields
from train.evaluation_file import report
from train.evaluation_page import evaluation_page
from train.familiarity import SlideVerdict, familiarity_figures, read_familiar, read_unfamiliar
from train.floors import Standing, standings
from train.gallery import worst_mistakes
from train.healthy import false_cells_on_healthy, false_necroses_on_normal
from train.infiltrated import false_calls_amid_infiltrate
from train.real_evaluation import RealEvaluation, evaluate_real
from train.real_pictures import draw_real_reading
from train.sections import evaluate_sections
from train.seeds import take_seeds
from train.study.normal_sections import NormalSection, read_normal_sections
from train.study.sampling import facts_of

SLIDES_PREFIX = "slides."
"""Of figures in a card that were measured on fields cut from slides."""

FIRST_WHOLE = 300_000
"""Of the test split's seeds: other normal sections than any study's."""


@dataclass(frozen=True)
class PhantomCounts:
    """How many phantoms to measure on; each kind takes the seeds of the test split after those before it.

    Attributes:
        healthy: Views of normal sections, for false inflammatory cells.
        sections: Sections of all patterns.
        infiltrated: Views of healthy fibers amid infiltrate.
        unfamiliar: Slides of each family that is no H&E muscle at its scale.
        familiar: Sections of all patterns, for false alarms about a slide's appearance.
    """

    healthy: int = 0
    sections: int = 0
    infiltrated: int = 0
    unfamiliar: int = 0
    familiar: int = 0


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of a bundle.

    Attributes:
        evaluation: On fields; None if none were read.
        phantoms: On phantom sections: false calls on healthy and infiltrated ones, and ordinary ones of all patterns.
        real: On real pixels; None if none were read.
        appearances: What came of each unfamiliar and each ordinary slide.
    """

    evaluation: Evaluation | None
    phantoms: Mapping[str, Metric]
    real: RealEvaluation | None = None
    appearances: tuple[SlideVerdict, ...] = ()

    @property
    def real_metrics(self) -> Mapping[str, Metric]:
        """The figures on real pixels."""
        return {} if self.real is None else self.real.metrics

    @property
    def standings(self) -> tuple[Standing, ...]:
        """How the figures stand to the floors."""
        return standings({**self.phantoms, **self.real_metrics})

    def elsewhere(self) -> dict[str, Mapping[str, Metric]]:
        """The figures that were not measured on fields, under a heading each; what was not measured is left out."""
        titled = {"On phantom sections": self.phantoms, "On real pixels": self.real_metrics}
        return {title: metrics for title, metrics in titled.items() if metrics}

    def by_title(self) -> dict[str, Mapping[str, Metric]]:
        """All figures under a heading each."""
        fields = self.evaluation
        if fields is None:
            return self.elsewhere()
        kind = "phantom fields" if fields.seeds else "fields cut from slides"
        return {f"On {len(fields.paths)} {kind}": fields.metrics, **self.elsewhere()}


def measure(
    bundle: Bundle,
    engine: Engine,
    fields: Path | None,
    simulated: bool = False,
    counts: PhantomCounts = PhantomCounts(),
    real: Path | None = None,
    normal: Sequence[NormalSection] = (),
) -> Measured:
    """Measure a bundle on whatever is given.

    Args:
        bundle: The weights and their card.
        engine: Runs its network.
        fields: Folder of test fields.
        simulated: Whether fields that were cut from slides show phantoms.
        counts: Of phantoms to be drawn and read.
        real: The real data, holding `muscle`, and what is no muscle.
        normal: Normal phantom sections as the bundle read them whole, at least two if any.
    """
    points = bundle.card.operating_points
    on_fields = evaluate_fields(engine, points, fields, simulated) if fields else None
    phantoms: dict[str, Metric] = {}
    seeds = _seeds(counts)
    if normal:
        phantoms |= false_necroses_on_normal(normal)
    if counts.healthy:
        phantoms |= false_cells_on_healthy(engine, points, seeds["healthy"])
    if counts.sections:
        phantoms |= evaluate_sections(engine, points, seeds["sections"])
    if counts.infiltrated:
        phantoms |= false_calls_amid_infiltrate(engine, points, seeds["infiltrated"])
    measured_so_far = replace(bundle.card, phantom_metrics={**bundle.card.phantom_metrics, **phantoms})
    model = Model(replace(bundle, card=measured_so_far), engine, load_distribution(bundle.folder))
    unfamiliar = read_unfamiliar(model, seeds["unfamiliar"]) if counts.unfamiliar else ()
    familiar = read_familiar(model, seeds["familiar"]) if counts.familiar else ()
    phantoms |= familiarity_figures(unfamiliar, familiar)
    on_real = None if real is None else evaluate_real(model, real)
    return Measured(on_fields, phantoms, on_real, (*unfamiliar, *familiar))


def read_normal(bundle: Bundle, count: int, folder: Path, processes: int) -> tuple[NormalSection, ...]:
    """Draw and read normal sections of the test split whole; broken off and called again, it goes on.

    Args:
        bundle: That reads.
        count: How many sections.
        folder: Gets a file for each.
        processes: How many to work in; 0 is this one.

    Raises:
        UsageError: If a single one is asked for, which cannot show how sections differ.
    """
    if count < 2:
        raise UsageError("evaluate", f"cannot tell from {count} normal section how sections differ", "read 2 or more")
    unmeasured = replace(bundle.card, phantom_metrics={})  # what is called does not depend on what was measured of it
    seeds = take_seeds(Split.TEST, count, FIRST_WHOLE)
    return read_normal_sections(folder, seeds, bundle.folder, processes, facts_of(unmeasured))


def _seeds(counts: PhantomCounts) -> dict[str, range]:
    """Seeds of the test split for each kind, none used twice."""
    found, first = {}, 0
    for kind, count in asdict(counts).items():
        found[kind] = take_seeds(Split.TEST, count, first) if count else range(0)
        first += count
    return found


def write_evaluation(measured: Measured, bundle: Bundle, out: Path) -> tuple[Path, ...]:
    """Write the figures as JSON, a picture of each real field and, where fields were read, a page with pictures.

    Args:
        measured: What to write.
        bundle: Whose figures they are.
        out: The JSON file; the page has the same name with the ending `.html`, the picture of a real field the ending
            `-NAME.png`.

    Returns:
        What was written.

    Raises:
        OutputError: If a file cannot be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    text = report(
        measured.evaluation,
        measured.phantoms,
        measured.real,
        measured.standings,
        bundle.sha256,
        measured.appearances,
    )
    written = [write_atomically(out, text.encode())]
    for reading in measured.real.fields if measured.real else ():
        picture = out.with_name(f"{out.stem}-{reading.field.name}.png")
        written.append(write_atomically(picture, draw_real_reading(reading)))
    if measured.evaluation is not None:
        pictures = worst_mistakes(measured.evaluation)
        page = evaluation_page(
            measured.evaluation, bundle, pictures, measured.elsewhere(), measured.real, measured.standings
        )
        written.append(write_atomically(out.with_suffix(".html"), page.encode()))
    return tuple(written)


def card_with(measured: Measured, card: Card) -> Card:
    """The card with these figures; those of phantoms and of real slides are never mixed.

    Figures on fields cut from slides begin with `slides.`, and stand with the phantoms' if they are simulated. What was
    not measured now keeps the figures that it had.
    """
    on_phantoms, on_real = dict(measured.phantoms), dict(measured.real_metrics)
    fields = measured.evaluation
    if fields is not None and fields.seeds:
        on_phantoms = {**fields.metrics, **on_phantoms}
    elif fields is not None:
        named = {SLIDES_PREFIX + name: metric for name, metric in fields.metrics.items()}
        (on_phantoms if fields.simulated else on_real).update(named)
    return replace(
        card,
        phantom_metrics={**card.phantom_metrics, **on_phantoms},
        real_metrics={**card.real_metrics, **on_real},
    )
