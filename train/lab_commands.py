"""Commands that bring a laboratory's slides in: `prepare`, and `simulate-lab` for one that does not exist."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def prepare(
    manifest: Annotated[Path, typer.Option(help="CSV file with a row for each slide; see docs/file-formats.md.")],
    mapping: Annotated[
        Path | None, typer.Option(help="TOML file that says what the class names mean; left out: histo's own names.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Gets the fields of each split.")] = Path("runs/lab"),
    seed: Annotated[int, typer.Option(help="Of the splits that the manifest leaves open.")] = 1,
    shares: Annotated[
        tuple[float, float, float], typer.Option(help="Of the patients, for training, validation and test.")
    ] = (0.65, 0.15, 0.20),
    training_patients: Annotated[
        int | None, typer.Option(help="Use only so many of the training patients: for a learning curve.")
    ] = None,
    largest: Annotated[int, typer.Option(help="Width and height of the largest fields, in px of 0.5 um.")] = 1024,
) -> None:
    """Cut the annotated regions of slides into fields for training, validation and test; safe to repeat."""
    from histo.annotations import load_mapping
    from histo.cohort import Split, load_manifest
    from histo.errors import UsageError
    from train.prepare import Cutting
    from train.prepare import prepare as cut
    from train.slide_fields import FieldSizes
    from train.splits import Shares

    try:
        cutting = Cutting(FieldSizes(largest_wpx=largest), Shares(*shares), seed, training_patients)
    except ValueError as error:
        raise UsageError("prepare", str(error), "change --shares or --largest") from None
    done = cut(load_manifest(manifest), load_mapping(mapping), out, cutting, typer.echo)
    lacking = {
        Split.TRAIN: "nothing can be learned",
        Split.VALIDATION: "nothing can be calibrated on",
        Split.TEST: "nothing can be evaluated on",
    }
    for split in Split:
        if not done.patients[split]:
            typer.echo(f"{split}: 0 patients, so {lacking[split]}; 3 patients are enough for one in each split")
            continue
        origins = [origin for origin in done.fields if origin.split is split]
        cover = sum(origin.cover for origin in origins)
        more = f", {len(origins) - cover} more around rare findings" if len(origins) > cover else ""
        typer.echo(f"{split}: {done.patients[split]} patients, {cover} fields{more}")
    if done.without_annotation:
        typer.echo(f"{done.without_annotation} slides have no annotation and give no fields")
    typer.echo(f"{out}: {done.cut} fields cut, {len(done.fields) - done.cut} were there")


def measure_errors(
    bundle: Annotated[Path, typer.Option(help="What to measure.")] = Path("runs/lab-bundle"),
    fields: Annotated[Path, typer.Option(help="Test fields, of patients it was not trained on.")] = Path(
        "runs/lab/test"
    ),
    out: Annotated[
        Path | None, typer.Option(help="Where to write; left out, detector-errors.json in the bundle's folder.")
    ] = None,
    simulated: Annotated[bool, typer.Option(help="The slides are phantoms; then no reading is corrected.")] = False,
) -> None:
    """Count by patient what a bundle misses and invents, so that readings can give corrected counts beside the raw."""
    from histo.evidence.corrected_count import Finding
    from histo.evidence.correction import MIN_PATIENTS
    from histo.network import ERRORS_FILE, load_bundle, make_engine
    from histo.records import errors_document, json_bytes, write_atomically
    from train.measure_errors import measure_errors as measure

    loaded = load_bundle(bundle)
    card = loaded.card
    errors = measure(loaded, make_engine(loaded), fields, simulated)
    document = errors_document(errors, card.weights_sha256, card.operating_points.sha256)
    written = write_atomically(bundle / ERRORS_FILE if out is None else out, json_bytes(document))
    for finding in Finding:
        seen = [one for one in errors.by_patient[finding] if one.mm2 > 0]
        true, found = sum(one.found + one.missed for one in seen), sum(one.found for one in seen)
        false, mm2 = sum(one.false_calls for one in seen), sum(one.mm2 for one in seen)
        having = sum(one.found + one.missed > 0 for one in seen)
        enough = "" if having >= MIN_PATIENTS else f"; too few to correct by: {MIN_PATIENTS} with findings are needed"
        typer.echo(
            f"{finding.value}: {found} of {true} found in {having} patients, {false} false calls in {mm2:.3g} mm2 of "
            f"{len(seen)} patients{enough}"
        )
    if errors.simulated:
        typer.echo("simulated: readings will say so, and correct nothing")
    typer.echo(f"{written}: written")


def simulate_lab(
    out: Annotated[Path, typer.Option(help="Gets slides, annotations, manifest.csv and mapping.toml.")],
    patients: Annotated[int, typer.Option(help="One slide each.")] = 12,
    seed: Annotated[int, typer.Option(help="Another number is another laboratory.")] = 0,
    tissue: Annotated[float, typer.Option(help="Area of each section in mm2.")] = 1.5,
    processes: Annotated[int, typer.Option(help="That render.")] = 1,
) -> None:
    """Write the slides and annotations of a laboratory that does not exist: phantoms in a stain of its own."""
    from rich.progress import Progress

    from train.simulated_lab import simulate_lab as write

    with Progress(transient=True) as bar:
        task = bar.add_task("Writing slides", total=patients)

        def tell(done: int, _: int) -> None:
            bar.update(task, completed=done)

        lab = write(out, patients, seed, tissue, processes=processes, progress=tell)
    done = f"{lab.slides} slides; next: python -m train prepare --manifest {lab.manifest} --mapping {lab.mapping}"
    typer.echo(f"{out}: {done}")
