"""`histo doctor`: whether this installation works, and the fix for whatever does not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from histo.cli.guard import Debug


def doctor(
    bundle: Annotated[Path | None, typer.Option(metavar="DIR", help="Weights to check.")] = None,
    debug: Debug = False,
) -> None:
    """Check the installation: libraries and their security fixes, weights, engines, space, memory.

    Exit codes: 0 all is well, 1 something is not; each fault comes with its fix.

    Example:  histo doctor
    """
    from histo.cli.consoles import output_console
    from histo.doctor import examine

    console = output_console()
    faults = 0
    for check in examine(bundle):
        console.print(f"{'ok   ' if check.ok else 'FAULT'} {check.name}: {check.found}", soft_wrap=True)
        if not check.ok:
            faults += 1
            console.print(f"      fix: {check.fix}", soft_wrap=True)
    console.print(f"{faults} fault{'' if faults == 1 else 's'}" if faults else "All is well.")
    if faults:
        raise typer.Exit(1)
