"""Where text goes: results to standard output, progress and failures to standard error."""

from __future__ import annotations

import sys

from rich.console import Console

WIDTH = 110
"""Of text that goes to a file or a pipe."""


def output_console() -> Console:
    """Standard output."""
    return Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else WIDTH)


def error_console() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)
