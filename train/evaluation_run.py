"""Everything that `evaluate` measures, and what it writes: figures, page and card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from histo.cohort import Split
from histo.network import Bundle, Card, Engine, Metric
from histo.records.atomic import write_atomically
from train.evaluate import Evaluation, evaluate_fields
from train.evaluation_file import report
from train.evaluation_page import evaluation_page
from train.gallery import worst_mistakes
from train.healthy import false_calls_on_healthy
from train.real_fields import evaluate_real
from train.real_section import count_on_real_section
from train.sections import evaluate_sections
from train.seeds import take_seeds

SLIDES_PREFIX = "slides."
"""Of figures in a card that were measured on fields cut from slides."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of a bundle.

    Attributes:
        evaluation: On fields; None if none were read.
        phantoms: On phantom sections: false calls on healthy ones, and ordinary ones of all patterns.
        real: On the real muscle fields.
    """

    evaluation: Evaluation | None
    phantoms: Mapping[str, Metric]
    real: Mapping[str, Metric]

    def by_title(self) -> dict[str, Mapping[str, Metric]]:
        """The figures under a heading each; what was not measured is left out."""
        fields = self.evaluation
        kind = "phantom fields" if fields is not None and fields.seeds else "fields cut from slides"
        titled: dict[str, Mapping[str, Metric]] = {f"On {len(fields.paths)} {kind}": fields.metrics} if fields else {}
        titled |= {"On phantom sections": self.phantoms, "On real muscle fields": self.real}
        return {title: metrics for title, metrics in titled.items() if metrics}


def measure(
    bundle: Bundle,
    engine: Engine,
    fields: Path | None,
    simulated: bool = False,
    healthy: int = 0,
    sections: int = 0,
    real: Path | None = None,
) -> Measured:
    """Measure a bundle on whatever is given.

    Args:
        bundle: The weights and their card.
        engine: Runs its network.
        fields: Folder of test fields.
        simulated: Whether fields that were cut from slides show phantoms.
        healthy: Number of normal phantom sections for false calls; seeds of the test split.
        sections: Number of phantom sections of all patterns; the seeds after those.
        real: The real data, holding `muscle`.
    """
    points = bundle.card.operating_points
    on_fields = evaluate_fields(engine, points, fields, simulated) if fields else None
    phantoms: dict[str, Metric] = {}
    if healthy:
        phantoms |= false_calls_on_healthy(engine, points, take_seeds(Split.TEST, healthy))
    if sections:
        phantoms |= evaluate_sections(engine, points, take_seeds(Split.TEST, sections, first=healthy))
    on_real = {**evaluate_real(engine, points, real), **count_on_real_section(bundle, engine, real)} if real else {}
    return Measured(on_fields, phantoms, on_real)


def write_evaluation(measured: Measured, bundle: Bundle, out: Path) -> tuple[Path, ...]:
    """Write the figures as JSON and, where fields were read, a page with pictures beside them.

    Args:
        measured: What to write.
        bundle: Whose figures they are.
        out: The JSON file; the page has the same name with the ending `.html`.

    Returns:
        What was written.

    Raises:
        OutputError: If a file cannot be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    text = report(measured.evaluation, measured.phantoms, measured.real, bundle.sha256)
    written = [write_atomically(out, text.encode())]
    if measured.evaluation is not None:
        elsewhere = {"On phantom sections": measured.phantoms, "On real muscle fields": measured.real}
        page = evaluation_page(measured.evaluation, bundle, worst_mistakes(measured.evaluation), elsewhere)
        written.append(write_atomically(out.with_suffix(".html"), page.encode()))
    return tuple(written)


def card_with(measured: Measured, card: Card) -> Card:
    """The card with these figures; those of phantoms and of real slides are never mixed.

    Figures on fields cut from slides begin with `slides.`, and stand with the phantoms' if they are simulated. What was
    not measured now keeps the figures that it had.
    """
    on_phantoms, on_real = dict(measured.phantoms), dict(measured.real)
    fields = measured.evaluation
    if fields is not None and fields.seeds:
        on_phantoms = {**fields.metrics, **on_phantoms}
    elif fields is not None:
        named = {SLIDES_PREFIX + name: metric for name, metric in fields.metrics.items()}
        (on_phantoms if fields.simulated else on_real).update(named)
    return replace(card, phantom_metrics=on_phantoms or card.phantom_metrics, real_metrics=on_real or card.real_metrics)
