"""The one place where errors become lines on the screen and exit codes.

0 read; 1 `doctor` found a fault; 2 usage; 3 some slides failed; 4 nothing could be read; 130 stopped with Ctrl-C
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from histo.errors import HistoError

STOPPED = 130
"""What a shell gives for a program that Ctrl-C ended."""

NOTHING_READ = 4
SOME_FAILED = 3

_DEBUG_KEY = "histo.debug"


def _remember_debug(context: typer.Context, debug: bool) -> bool:
    context.find_root().meta[_DEBUG_KEY] = debug
    return debug


Debug = Annotated[
    bool,
    typer.Option("--debug", help="Show the traceback of an error.", callback=_remember_debug, is_eager=True),
]
"""The option that every command has."""


class GuardedGroup(TyperGroup):
    """Commands whose expected failures are one line on stderr, and never a traceback unless `--debug` is given."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run a command and turn what it raises into an exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            message = "stopped; nothing is left half-written, and slides that were finished are kept"
            typer.echo(f"histo: {message}", err=True)
            raise typer.Exit(STOPPED) from None
        except HistoError as error:
            if ctx.find_root().meta.get(_DEBUG_KEY):
                raise
            typer.echo(f"histo: {error}", err=True)
            raise typer.Exit(error.exit_code) from None
        except Exception as error:
            # Whatever the cause, a user gets a line that says what to do; `--debug` shows the rest.
            if ctx.find_root().meta.get(_DEBUG_KEY) or _is_the_parser_s(error):
                raise
            typer.echo(f"histo: {unexpected(error)}; run it again with --debug and report what it shows", err=True)
            raise typer.Exit(NOTHING_READ) from None


def unexpected(error: Exception) -> str:
    """An error that nobody foresaw, in one line."""
    if isinstance(error, MemoryError):
        return "the memory is full"
    text = " ".join(str(error).split())[:200]
    return f"unexpected {type(error).__name__}" + (f" ({text})" if text else "")


def _is_the_parser_s(error: Exception) -> bool:
    """Whether the command-line parser raised it to end the program in its own way, or to show a usage error."""
    return isinstance(error, typer.Exit | typer.Abort) or hasattr(error, "show")
