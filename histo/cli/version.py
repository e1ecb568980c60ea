"""`histo --version`."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated

import typer


def _tell_and_leave(asked: bool) -> None:
    if asked:
        typer.echo(f"histo {metadata.version('histo')}")
        raise typer.Exit


def options(
    version: Annotated[
        bool, typer.Option("--version", help="Tell the version.", callback=_tell_and_leave, is_eager=True)
    ] = False,
) -> None:
    """Options of `histo` itself, before any verb."""
