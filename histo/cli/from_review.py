"""`histo annotations from-review`: what was corrected in the browser, as annotation files and a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from histo.cli.guard import Debug


@contextmanager
def needs_review() -> Iterator[None]:
    """Say how to install what a review needs, where it is missing."""
    from histo.errors import UsageError

    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "uvicorn", "starlette", "pydantic"):
            raise
        remedy = "install it with: pip install 'histo[review]'"
        raise UsageError("the history of a review", f"{error.name} is not installed", remedy) from error


def from_review(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that was reviewed with `histo review`.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the GeoJSON files and manifest.csv go.")] = Path(
        "corrections"
    ),
    reader: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose corrections, where several have reviewed.")
    ] = None,
    slides: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the slide files are, if they have moved.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Write corrections and audits of a review as QuPath GeoJSON, with the manifest that training takes.

    Findings that were accepted or relabelled have the machine's outline and the reader's class; what was drawn is as
    it was drawn; fields of an audit in which every cell was marked say so. In manifest.csv the patient is the biopsy's
    name: correct it where a patient has several biopsies, or training and test may share him.

    Example:  histo annotations from-review out --out corrections
    """
    from histo.cli.consoles import output_console

    with needs_review():
        from histo.review.export_folder import export_corrections

    done = export_corrections(folder, out, reader, slides)
    console = output_console()
    for path, count in done.objects:
        console.print(f"{count:>8,}  {path}", soft_wrap=True)
    if done.left_out:
        console.print(f"Nothing was said of {', '.join(done.left_out)}.", soft_wrap=True)
    console.print(
        f"Written to {done.manifest}: its patients are the biopsies' names, correct them where one has several.\n"
        f"Next:  python -m train prepare --manifest {done.manifest}",
        style="bold",
        soft_wrap=True,
    )
