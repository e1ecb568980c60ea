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


def study(
    bundle: Annotated[Path, typer.Option(help="Whose readings are studied; its error_model.json must be there.")],
    errors: Annotated[Path | None, typer.Option(help="Another error model of this bundle.")] = None,
    sampled: Annotated[int, typer.Option(min=1, help="Biopsies sampled from scene to evidence, without pixels.")] = 600,
    rendered: Annotated[int, typer.Option(min=0, help="Biopsies drawn whole and read end to end.")] = 60,
    worst: Annotated[int, typer.Option(min=0, help="Biopsies sampled in each scenario of the worst case.")] = 100,
    normal: Annotated[int, typer.Option(min=0, help="Healthy sections drawn and read: is necrosis graded?")] = 100,
    prevalence: Annotated[
        Path | None, typer.Option(help="TOML: shares of diseases, for predictive values; left out: a service's mix.")
    ] = None,
    processes: Annotated[int, typer.Option(min=0, help="Work in this many processes; 0 is this one.")] = 2,
    out: Annotated[Path, typer.Option(help="Gets study.json, study.html and the tables.")] = Path("runs/study"),
) -> None:
    """Study a bundle's readings on a cohort of phantoms; broken off and called again, it goes on."""
    from train.study.predictions import predictor
    from train.study.prevalence import SERVICE_MIX, read_prevalence
    from train.study.study_page import headlines, write_study
    from train.study.study_run import run_study

    mix = read_prevalence(prevalence or SERVICE_MIX)
    ask = predictor(bundle)
    found = run_study(bundle, errors, sampled, rendered, worst, normal, mix, processes, out, ask)
    for line in headlines(found):
        typer.echo(line)
    typer.echo(f"{', '.join(map(str, write_study(found, out)))}: written; this measures the simulator")


def sample_biopsies(
    bundle: Annotated[Path, typer.Option(help="Through whose mistakes; its error_model.json must be there.")],
    errors: Annotated[Path | None, typer.Option(help="Another error model of this bundle.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Biopsies; the diseases take turns.")] = 1500,
    processes: Annotated[int, typer.Option(min=0, help="Work in this many processes; 0 is this one.")] = 2,
    out: Annotated[Path, typer.Option(help="The table; its parts are kept in a folder beside it.")] = Path(
        "runs/biopsies.parquet"
    ),
) -> None:
    """Sample labelled phantom biopsies for `pattern`, of other seeds than the study's; it goes on where it stopped."""
    from train.study.fit_table import write_fit_table

    labelled = write_fit_table(bundle, errors, count, processes, out)
    typer.echo(f"{out}: {count} phantom biopsies, {labelled} of them with a pattern to learn; fit with")
    typer.echo(f"python -m train pattern --biopsies {out} --bundle {bundle} --population simulator")
