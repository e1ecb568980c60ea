"""What each group of the simulator's features is good for: trainings without it, judged on real pixels alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from histo.cohort import Split
from histo.model import Model
from histo.network import load_bundle, make_engine, save_bundle
from histo.phantom import make_field
from histo.phantom.ablation import Group
from histo.records.atomic import write_atomically
from train.calibrate import choose_points
from train.export import export_bundle
from train.fit import FINAL, fit
from train.real_fields import read_real_fields, real_figures
from train.real_section import read_real_section, section_figures
from train.render import phantom_fingerprint, render_fields
from train.seeds import take_seeds

NOTHING = "nothing"
"""Name of the training with everything, which the others are compared with."""

FIGURES: Mapping[str, str] = {
    "fibers_01.fiber_f1": "fibers_01, fiber F1",
    "fibers_04.fiber_f1": "fibers_04, fiber F1",
    "fibers_01.fiber_f1_border_included": "fibers_01, F1, border included",
    "fibers_04.fiber_f1_border_included": "fibers_04, F1, border included",
    "fibers_01.called_necrotic": "fibers_01, called necrotic",
    "fibers_04.called_necrotic": "fibers_04, called necrotic",
    "muscle_section.necrotic_per_1000_fibers": "muscle_section, necrotic per 1,000",
    "muscle_section.inflammatory_cells_per_mm2": "muscle_section, inflammatory cells per mm²",
}
"""The figures of the table, by their names in an evaluation, in its order."""

_FIELD_WPX = 512
_VALIDATION_FIELDS = 24


def left_out_of(name: str) -> Group | None:
    """The group that a training goes without."""
    return None if name == NOTHING else Group(name)


def measure_without(
    name: str, recipe: Path, fields: int, steps: int, real: Path, folder: Path, processes: int
) -> dict[str, float]:
    """Train on phantoms without one group of features, and measure on real pixels; what is done already is kept.

    Fields of one seed differ only by the group. All trainings see the same crops' seeds, begin with the same weights
    and choose their thresholds on validation fields without the group: what a laboratory would do that had never
    thought of it.

    Args:
        name: Of a group, or `NOTHING`.
        recipe: Of `python -m train fit`; trained by one process.
        fields: How many to train on.
        steps: How many.
        real: Folder of real data.
        folder: Where fields, training, bundle and figures go.
        processes: Fields are drawn in this many.

    Returns:
        The figures of `FIGURES`.
    """
    figures = folder / "figures.json"
    if not figures.exists():
        group = left_out_of(name)
        fingerprint = phantom_fingerprint(_FIELD_WPX, group)
        renderer = partial(make_field, left_out=group)
        for split, count in ((Split.TRAIN, fields), (Split.VALIDATION, _VALIDATION_FIELDS)):
            seeds = take_seeds(split, count)
            render_fields(folder / "fields" / split, seeds, _FIELD_WPX, renderer, fingerprint, processes)
        training = folder / "training"
        if not (training / FINAL).exists():
            _train(recipe, folder / "fields", training, steps)
        bundle = folder / "bundle"
        export_bundle(training / FINAL, recipe, bundle, f"without {name}", "1")
        measured = _measure(bundle, folder / "fields" / Split.VALIDATION, real)
        write_atomically(figures, json.dumps(measured, indent=1).encode())
    stored: dict[str, float] = json.loads(figures.read_text())
    return stored


def table(measured: Mapping[str, Mapping[str, float]]) -> str:
    """A Markdown table: a row for each figure, a column for each training; the one with everything first."""
    columns = [name for name in (NOTHING, *Group) if name in measured]
    rows = [["left out", *columns], ["---"] * (len(columns) + 1)]
    rows += [[text, *(_shown(measured[name][figure]) for name in columns)] for figure, text in FIGURES.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _train(recipe: Path, fields: Path, training: Path, steps: int) -> None:
    arguments: Sequence[str] = [
        *("--config", str(recipe)),
        *("--data.fields", str(fields)),
        *("--data.validation_fields", str(_VALIDATION_FIELDS)),
        *("--trainer.devices", "1"),
        *("--trainer.strategy", "auto"),
        *("--trainer.max_steps", str(steps)),
        *("--trainer.val_check_interval", str(steps)),
        *("--trainer.default_root_dir", str(training)),
    ]
    last = training / "last.ckpt"
    fit([*arguments, *(("--ckpt_path", str(last)) if last.exists() else ())])


def _measure(folder: Path, validation: Path, real: Path) -> dict[str, float]:
    loaded = load_bundle(folder)
    engine = make_engine(loaded)
    points = choose_points(engine, loaded.card.operating_points, validation).points
    save_bundle(folder, loaded.weights, replace(loaded.card, operating_points=points))
    model = Model(load_bundle(folder), engine)
    metrics = {
        **real_figures(read_real_fields(engine, points, real)),
        **section_figures(read_real_section(model, real)),
    }
    return {name: metrics[name].value for name in FIGURES}


def _shown(value: float) -> str:
    return f"{value:.3f}" if 0 < value < 1 else f"{value:.0f}"
