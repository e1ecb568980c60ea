"""`histo report`: draws the report of a stored reading again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from histo.cli.guard import Debug


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a reading, with its reading.json.")],
    slides: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[SLIDE]...", help="Its slide files; without them nothing is drawn that needs pixels."),
    ] = None,
    paper: Annotated[Literal["a4", "letter"], typer.Option(help="Of the PDF.")] = "a4",
    debug: Debug = False,
) -> None:
    """Draw report.html and report.pdf again, from what is stored of a reading.

    With its slides, which are known by their content and not by their name, the report is what it was, byte for byte
    (on A4). Without them it says what it cannot show: then maps and findings are drawn on the stored map of the tissue.
    Nothing is read again, and no number changes.

    Exit codes: 0 drawn; 2 usage; 4 there is no reading that can be drawn, or a slide cannot be opened.

    Research use only. A pattern, not a diagnosis.

    Example:  histo report out/biopsy biopsy.svs
    """
    from histo.cli.consoles import error_console, output_console
    from histo.report import A4, LETTER, draw_again

    redrawn = draw_again(folder, slides or (), A4 if paper == "a4" else LETTER)
    errors = error_console()
    for sentence in redrawn.missing:
        errors.print(f"histo: {sentence}", soft_wrap=True)
    output_console().print(f"Written: {', '.join(str(path) for path in redrawn.files)}", soft_wrap=True)
