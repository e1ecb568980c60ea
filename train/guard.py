"""Where what goes wrong in the harness becomes one line on the screen and an exit code, as in `histo` itself."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from histo.cli.guard import NOTHING_READ, STOPPED, unexpected
from histo.errors import HistoError

_DEBUG = "debug"


class GuardedCommands(TyperGroup):
    """Commands that fail with one line on stderr; `python -m train --debug COMMAND` shows the traceback instead.

    Exit codes: 2 the request is wrong, 4 a file or folder cannot be used, 130 stopped with Ctrl-C.
    """

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 (the parser's own signature)
        """Run a command and turn what it raises into an exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("stopped; nothing is left half-written, and the same command can be given again", err=True)
            raise typer.Exit(STOPPED) from None
        except Exception as error:
            of_the_parser = isinstance(error, typer.Exit | typer.Abort) or hasattr(error, "show")
            if of_the_parser or ctx.params.get(_DEBUG):
                raise
            typer.echo(_line(error), err=True)
            raise typer.Exit(error.exit_code if isinstance(error, HistoError) else NOTHING_READ) from None


def _line(error: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(error, HistoError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: cannot be used ({error.strerror}); check the path, and what may be done there"
    if isinstance(error, FileNotFoundError):
        return str(error)
    return f"{unexpected(error)}; `python -m train --debug` before the command shows where"
