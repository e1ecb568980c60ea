"""`histo review`: readings in the browser, beside their slides."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from histo.cli.guard import Debug


def review(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `histo read --out` wrote.")],
    reader: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who reviews; your login name if left out.")
    ] = None,
    slides: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the slide files are, if they have moved.")
    ] = None,
    port: Annotated[int, typer.Option(metavar="N", min=1, max=65535, help="Where the page is served.")] = 8765,
    token: Annotated[
        bool, typer.Option("--token", help="Ask for a token: needed where others use this machine too.")
    ] = False,
    second_read_first: Annotated[
        bool, typer.Option("--second-read-first", help="No case may be opened before a second read is recorded.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Review readings in a browser: see, correct, and give a second opinion.

    Slides are shown straight from their files, with the findings over them. What you do is saved at once in
    DIR/review.sqlite3, with your name and the time; nothing there is ever altered or removed. The slide files and the
    readings are only read.

    Served to this machine alone, at http://127.0.0.1:8765/ unless --port says otherwise. Ctrl-C ends it.

    Research use only. A pattern, not a diagnosis.

    Example:  histo review out --reader "A. Smith"
    """
    from histo.cli.consoles import output_console
    from histo.errors import UsageError

    try:
        from histo.review import Settings, serve
        from histo.review.serve import new_token, page_address
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "uvicorn", "starlette", "pydantic"):
            raise
        remedy = "install it with: pip install 'histo[review]'"
        raise UsageError("histo review", f"{error.name} is not installed", remedy) from error

    name = " ".join((_login_name() if reader is None else reader).split())
    if not name or len(name) > 100 or not name.isprintable():
        raise UsageError("--reader", "a reader needs a name of at most 100 characters", "give --reader NAME")
    settings = Settings(folder, name, slides, port, new_token() if token else None, second_read_first)
    console = output_console()

    def tell() -> None:
        console.print(f"Reviewing {folder} as {name}. Open {page_address(settings)}", soft_wrap=True)
        console.print("Research use only. A pattern, not a diagnosis. Ctrl-C ends it.", style="italic")

    serve(settings, tell)


def _login_name() -> str:
    """Of whoever runs the command; nothing where the system knows none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
