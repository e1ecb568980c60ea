"""`histo recover`: what comes back of necrosis that is drawn into a slide's own tissue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from histo.cli.guard import Debug
from histo.cli.options import BundleFolder, ConventionsFile, DeviceChoice, Scale

if TYPE_CHECKING:
    from rich.console import Console

    from histo.recovery import KindRecovery, Recovery


def recover(
    slide: Annotated[Path, typer.Argument(metavar="SLIDE", help="Slide file, or DICOM folder; it is only read.")],
    mpp: Scale = None,
    bundle: BundleFolder = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where DIR/NAME/ holds a reading, or shall hold what is written."),
    ] = None,
    per_kind: Annotated[int, typer.Option(metavar="N", help="Implants of each kind.")] = 30,
    seed: Annotated[int, typer.Option(metavar="S", help="Repeats the choice of places and the drawing.")] = 1,
    device: DeviceChoice = "auto",
    conventions: ConventionsFile = None,
    debug: Debug = False,
) -> None:
    """Try whether necrosis could be seen on this slide: implant it, and count what comes back.

    Necrotic and phagocytosed fibers and inflammatory cells are drawn by the simulator into healthy tissue of the slide,
    in its stain, blur and noise, and the windows around them are read again. The slide file is never written to.
    With --out, DIR/NAME/recovery.json and recovery.png stand beside the reading, and a reading that is there is used.

    Optimistic: the implants are the simulator's idea of disease. Poor recovery is a reason to refuse a reading; good
    recovery does not show that disease would be seen.

    Exit codes: 0 tried, whatever the verdict; 2 usage; 4 the slide cannot be tried.

    Research use only. A pattern, not a diagnosis.

    Example:  histo recover biopsy.svs --out out
    """
    from histo.cli.consoles import error_console, output_console
    from histo.cli.watch import watch_file
    from histo.model import load_model
    from histo.pattern import load_conventions
    from histo.recover import recover_slide
    from histo.slide import slide_name

    graded_by = load_conventions(conventions)
    model = load_model(bundle, device=device)
    with watch_file(error_console(), slide_name(slide)) as watcher:
        recovery = recover_slide(
            slide, model, out=out, mpp=mpp, per_kind=per_kind, seed=seed, conventions=graded_by, progress=watcher
        )
    console = output_console()
    _show(console, recovery)
    if out is not None:
        console.print(f"\nWritten to {out / recovery.slide}: recovery.json, recovery.png", style="bold", soft_wrap=True)


def _show(console: Console, recovery: Recovery) -> None:
    from rich.table import Table
    from rich.text import Text

    from histo.recovery import KIND_WORDS, percent
    from histo.report.style import RESEARCH_USE

    console.print(Text(f"\n{recovery.slide}: recovery of implants", style="bold"))
    console.print(f"Optimistic: the implants are the simulator's idea of disease. {RESEARCH_USE}\n", style="italic")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Implanted")
    for heading in ("count", "came back (95%)", "as itself", "as another", "missed", "outline IoU"):
        table.add_column(heading, justify="right")

    def row(name: str, kind: KindRecovery, *, part: bool) -> None:
        cells = (
            f"{kind.implanted}",
            "-" if kind.found_percent is None else percent(kind.found_percent),
            f"{kind.as_itself}",
            f"{kind.as_another}",
            f"{kind.missed}",
            "-" if kind.mean_iou is None else f"{kind.mean_iou:.2f}",
        )
        table.add_row(f"  {name}" if part else name, *cells)

    cells_from = len(recovery.kinds) if recovery.inflammatory is None else 4
    row("Necrotic fibers", recovery.necrotic, part=False)
    for kind in recovery.kinds[:cells_from]:
        row(KIND_WORDS[kind.kind], kind, part=True)
    if recovery.inflammatory is not None:
        row("Inflammatory cells", recovery.inflammatory, part=False)
        for kind in recovery.kinds[cells_from:]:
            row(KIND_WORDS[kind.kind], kind, part=True)
    console.print(table)
    control, look = recovery.control, recovery.look
    console.print(
        f"\nControls: {control.untouched_called} of {control.untouched} places were called necrotic with nothing "
        f"implanted (these do not count); {control.redrawn_called} of {control.redrawn} healthy fibers drawn anew were."
    )
    stain = "its own stain" if look.stain_source == "macenko" else "a textbook's stain, as its own could not be told"
    console.print(
        f"Drawn in {stain}, blurred by {look.blur_um:.2f} um, in {recovery.necrotic.places} different fibers of "
        f"{recovery.healthy_fibers} healthy ones."
    )
    console.print("\nVerdict", style="bold")
    for sentence in recovery.verdict.sentences:
        console.print(f"  {sentence}")
