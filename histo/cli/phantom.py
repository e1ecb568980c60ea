"""`histo phantom`: makes a biopsy slide of which everything is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from histo.cli.guard import Debug

DEFAULT_PATTERN = "necrotizing"

PATTERN_LINES = {
    "normal": "even fibers, no necrosis",
    "necrotizing": "scattered necrotic fibers of all stages, hardly any inflammation",
    "perifascicular_atrophy": "small fibers along the edge of fascicles, perimysial and perivascular inflammation",
    "perifascicular_necrosis": "necrotic fibers along the edge of fascicles, perimysial inflammation",
    "endomysial_inflammatory": "endomysial inflammation that invades intact fibers, few necrotic ones",
    "nonspecific_inflammatory": "perimysial and perivascular inflammation, sound fibers",
    "dystrophic": "rounded fibers of all sizes, internal nuclei, fibrosis, fat, clustered necrosis",
    "zonal_necrosis": "one sheet of fibers that died at the same time",
    "neurogenic": "groups of small angular fibers",
}


def _list_and_leave(asked: bool) -> None:
    """Print what can be simulated, and end the command."""
    if not asked:
        return
    from histo.phantom import DISEASES

    typer.echo("Patterns, for --pattern: what is visible, in its typical form")
    for name, line in PATTERN_LINES.items():
        typer.echo(f"  {name:26} {line}")
    typer.echo("\nDiseases, for --disease: one patient is drawn, who shows one of these patterns")
    for name, disease in DISEASES.items():
        shares: dict[str, float] = {}
        for face in disease.faces:
            shares[face.pattern] = shares.get(face.pattern, 0.0) + face.share
        typer.echo(f"  {name:26} {', '.join(f'{pattern} {share:.0%}' for pattern, share in shares.items())}")
    raise typer.Exit


def phantom(
    out: Annotated[Path, typer.Argument(metavar="OUT.tif", help="The slide to write: a pyramidal TIFF.")],
    pattern: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"What is visible. [default: {DEFAULT_PATTERN}, unless a disease is given]"),
    ] = None,
    disease: Annotated[
        str | None, typer.Option(metavar="NAME", help="What is simulated; what is visible follows from it.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same slide.")] = 1,
    mm2: Annotated[float, typer.Option(help="Area of the section in mm².")] = 15.0,
    label_maps: Annotated[
        bool, typer.Option("--label-maps", help="Also write the fiber and the compartment of every pixel.")
    ] = False,
    _list: Annotated[
        bool,
        typer.Option(
            "--list", callback=_list_and_leave, is_eager=True, help="List patterns and diseases, and write nothing."
        ),
    ] = False,
    debug: Debug = False,
) -> None:
    """Make a phantom: a simulated biopsy slide at 0.5 um/px, with its truth beside it.

    Beside OUT.tif come OUT.truth.json (pattern, disease, counts, areas), OUT.truth.geojson (for QuPath),
    OUT.truth.fibers.parquet and .cells.parquet, and with --label-maps OUT.truth.fibers.tif and .compartments.tif.
    What is measured on phantoms says nothing about patients.

    Measured on 100 mm² (620 megapixels, 39,000 fibers): slide 108 MB, truth 117 MB, label maps 51 MB; 3 minutes of one
    core; 1.2 GiB at most, for drawing up the scene and writing its truth. Of these, rendering adds 0.1 GiB; what grows
    with the area is the scene, which every process holds.

    Research use only.

    Example:  histo phantom demo.tif --pattern necrotizing --seed 7 --mm2 15
    """
    from histo.cli.consoles import error_console, output_console
    from histo.cli.watch import watch_file
    from histo.errors import UsageError
    from histo.geometry import WORKING_MPP
    from histo.phantom import PhantomSlide, write_phantom_slide
    from histo.records import Staged, make_folder
    from histo.records.atomic import remove
    from histo.records.phantom_truth import stage_truth, truth_name

    if out.suffix.lower() not in {".tif", ".tiff"}:
        raise UsageError(out, "is not the name of a TIFF file", "end it with .tif")
    if pattern is None and disease is None:
        pattern = DEFAULT_PATTERN
    make_folder(out.parent, "choose another folder")
    with Staged(out.parent) as staged, watch_file(error_console(), out.name) as watcher:
        watcher.stage("drawing up")

        def progress(done: int, total: int) -> None:
            if done == 0:
                watcher.stage("rendering")
            watcher.share(done, total)

        def publishing(made: PhantomSlide) -> None:
            watcher.stage("writing the truth")
            stage_truth(staged, made)
            # Until the new one takes its place, an old truth must not vouch for the new slide.
            remove(out.with_name(truth_name(out)))

        made = write_phantom_slide(
            out, pattern=pattern, disease=disease, seed=seed, tissue_mm2=mm2, label_maps=label_maps,
            progress=progress, publishing=publishing,
        )  # fmt: skip
    console = output_console()
    name = f"pattern {made.pattern}" if made.disease is None else f"disease {made.disease}, pattern {made.pattern}"
    console.print(
        f"{made.path}: {made.size_px} px at {WORKING_MPP.um_per_px:g} µm per pixel, {made.tissue_mm2:.1f} mm² of "
        f"tissue, {len(made.fibers):,} fibers, {name}, seed {made.seed}",
        soft_wrap=True,
    )
    written = [path.name for path in (*made.label_maps.values(), *staged.published)]
    console.print("Truth: " + ", ".join(written), soft_wrap=True)
