"""The command `pattern`: a bundle's differential, fitted on labelled biopsies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def pattern(
    biopsies: Annotated[
        list[Path],
        typer.Option(help="A folder of readings, or a table of features (.parquet); can be given again for readings."),
    ],
    bundle: Annotated[Path, typer.Option(help="That the biopsies were read with; gets pattern.json.")],
    population: Annotated[str, typer.Option(help="Whose biopsies these are; `simulator` for phantoms.")],
    labels: Annotated[
        Path | None, typer.Option(help="CSV: biopsy,label and perhaps patient. A table may hold its own labels.")
    ] = None,
    coverage: Annotated[float, typer.Option(min=50, max=99, help="Of each pattern's biopsies by the sets, in %.")] = 90,
    seed: Annotated[int, typer.Option(help="Of the folds.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Write the file here instead of into the bundle.")] = None,
) -> None:
    """Fit the differential, its temperature and its conformal sets on labelled biopsies, and measure it on them."""
    from dataclasses import replace

    from histo.network import load_bundle
    from histo.pattern import CALIBRATION_FILE, calibration_to_json
    from histo.records import write_atomically
    from train.pattern_figures import measure, table
    from train.pattern_fit import fit_calibration
    from train.pattern_input import gather

    given = gather(biopsies, labels, load_bundle(bundle).card.weights_sha256)
    fitted, crossed = fit_calibration(given.biopsies, f"{population}, {len(given.biopsies)} biopsies", population,
                                      coverage, seed)  # fmt: skip
    fitted = replace(fitted, figures=measure(crossed, given.biopsies.patients, coverage, seed))
    for line in given.left_out:
        typer.echo(line)
    for label, count in zip(fitted.model.labels, fitted.biopsies, strict=True):
        typer.echo(f"{label:42s} {count} biopsies")
    typer.echo(table(fitted.figures))
    file = bundle / CALIBRATION_FILE if out is None else out
    write_atomically(file, calibration_to_json(fitted).encode())
    typer.echo(f"{file}: written, {fitted.note}")
