"""The commands `error-model` and `study`: what a bundle's readings are worth on a cohort of phantoms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def error_model(
    bundle: Annotated[Path, typer.Option(help="What to measure; the file is written beside its weights.")],
    sections: Annotated[int, typer.Option(min=1, help="Phantom sections of held-out seeds, of all diseases.")] = 150,
    section_mm2: Annotated[float, typer.Option(min=0.5, help="Area of each section.")] = 1.0,
    processes: Annotated[int, typer.Option(min=0, help="Read in this many processes; 0 is this one.")] = 2,
    out: Annotated[Path | None, typer.Option(help="The file; left out: error_model.json in the bundle.")] = None,
) -> None:
    """Measure a bundle's mistakes by kind of fiber, cell and place; broken off and called again, it goes on."""
    from train.study.measure_errors import measure_errors
    from train.study.shift import headline

    path, model = measure_errors(bundle, sections, section_mm2, processes, out)
    for name, rate in headline(model).items():
        interval = "" if rate.low is None else f" [{rate.low:.3g}, {rate.high:.3g}]"
        typer.echo(f"{name:36s} {rate.value:.3g}{interval}")
    typer.echo(f"{path}: {len(model.sections)} phantom sections; this measures the simulator")
