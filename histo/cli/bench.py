"""`histo bench`: how fast this machine reads, and the memory it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from histo.cli.guard import Debug
from histo.cli.options import BundleFolder, DeviceChoice, PrecisionChoice, Scale


def bench(
    slide: Annotated[
        Path | None, typer.Argument(metavar="[SLIDE]", help="What to read; a phantom is made if left out.")
    ] = None,
    mm2: Annotated[float, typer.Option(help="Area of the phantom in mm².")] = 6.0,
    mpp: Scale = None,
    bundle: BundleFolder = None,
    device: DeviceChoice = "auto",
    precision: PrecisionChoice = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    debug: Debug = False,
) -> None:
    """Measure reading, network and whole reading in megapixels of tissue per core-second, and the peak memory.

    Pixels are those of tile cores at 0.5 um/px, of the simulator those of whole slides; seconds are CPU time of all
    threads.

    Example:  histo bench  or  histo bench biopsy.svs --json
    """
    import dataclasses
    import tempfile

    from histo.bench import measure
    from histo.cli.consoles import error_console, output_console
    from histo.model import load_model
    from histo.phantom import write_phantom_slide
    from histo.records import json_bytes

    errors, console = error_console(), output_console()
    model = load_model(bundle, device=device, precision=precision)
    with tempfile.TemporaryDirectory(prefix="histo-bench-") as folder:
        if slide is None:
            errors.print(f"making a phantom of {mm2:g} mm²")
            slide = Path(folder) / "phantom.tif"
            write_phantom_slide(slide, pattern="necrotizing", seed=1, tissue_mm2=mm2)
        result = measure(slide, model, Path(folder), lambda text: errors.print(f"measuring {text}"), mpp)
    if json:
        typer.echo(json_bytes(dataclasses.asdict(result)), nl=False)
        return
    console.print(
        f"{result.slide}: {result.assessable_mm2:g} mm² of tissue, {result.fibers:,} fibers; "
        f"{result.engine} on {result.device}, {result.precision}"
    )
    for name, speed in (
        ("whole reading", result.whole),
        ("reading tiles", result.reading),
        ("network", result.network),
        ("simulating", result.simulating),
    ):
        console.print(
            f"  {name:14} {speed.mpx_per_core_second:8.2f} Mpx per core-second   "
            f"({speed.megapixels:.1f} Mpx, {speed.cpu_seconds:.1f} s of CPU, {speed.wall_seconds:.1f} s by the clock)"
        )
    weighing = result.weighing
    console.print(
        f"  {'evidence':14} {weighing.cpu_seconds:8.2f} s of CPU for {weighing.fibers:,} fibers "
        f"({weighing.wall_seconds:.1f} s by the clock)"
    )
    console.print(f"  {'peak memory':14} {result.peak_rss_mib:8.0f} MiB")
