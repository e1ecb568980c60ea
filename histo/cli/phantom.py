"""`histo phantom`: makes a biopsy slide of which everything is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from histo.cli.guard import Debug


def phantom(
    out: Annotated[Path, typer.Argument(metavar="OUT.tif", help="The slide to write: a pyramidal TIFF.")],
    pattern: Annotated[str, typer.Option(help="What to simulate; a wrong name lists the right ones.")] = "necrotizing",
    seed: Annotated[int, typer.Option(help="The same seed gives the same slide.")] = 1,
    mm2: Annotated[float, typer.Option(help="Area of the section in mm².")] = 15.0,
    debug: Debug = False,
) -> None:
    """Make a phantom: a simulated biopsy slide at 0.5 um/px, with its truth beside it.

    Beside OUT.tif come OUT.truth.geojson (for QuPath) and OUT.truth.fibers.parquet and .cells.parquet, in the same form
    as findings. What is measured on phantoms says nothing about patients.

    Research use only.

    Example:  histo phantom demo.tif --pattern necrotizing --seed 7 --mm2 15
    """
    from histo.cli.consoles import error_console, output_console
    from histo.cli.watch import watch_blocks
    from histo.errors import UsageError
    from histo.geometry import WORKING_MPP
    from histo.phantom import write_phantom_slide
    from histo.records import Staged, write_cells, write_fibers, write_geojson
    from histo.slide import Scale

    if out.suffix.lower() not in {".tif", ".tiff"}:
        raise UsageError(out, "is not the name of a TIFF file", "end it with .tif")
    with watch_blocks(error_console(), out.name) as progress:
        made = write_phantom_slide(out, pattern=pattern, seed=seed, tissue_mm2=mm2, progress=progress)
    identity = f"phantom {made.pattern} {made.seed} {made.tissue_mm2:.6f}"
    scale, fibers, cells = Scale(WORKING_MPP, "drawn at this scale"), made.fibers, made.cells
    with Staged(out.parent) as staged:
        staged.add(
            f"{out.stem}.truth.fibers.parquet",
            lambda path: write_fibers(path, fibers, sha256=identity, scale=scale, cells=cells),
        )
        staged.add(
            f"{out.stem}.truth.cells.parquet", lambda path: write_cells(path, cells, sha256=identity, scale=scale)
        )
        staged.add(
            f"{out.stem}.truth.geojson",
            lambda path: write_geojson(path, fibers=fibers, cells=cells, scale=scale, identity=identity),
        )
    console = output_console()
    console.print(
        f"{made.path}: {made.size_px} px at {WORKING_MPP.um_per_px:g} µm per pixel, {made.tissue_mm2:.1f} mm² of "
        f"tissue, {len(made.fibers):,} fibers, pattern {made.pattern}, seed {made.seed}",
        soft_wrap=True,
    )
    console.print("Truth: " + ", ".join(path.name for path in staged.published), soft_wrap=True)
