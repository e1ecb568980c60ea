"""The command and its verbs. What a verb needs is imported when it runs, so that `histo --help` is quick."""

from __future__ import annotations

import typer

from histo.cli.bench import bench
from histo.cli.doctor import doctor
from histo.cli.guard import GuardedGroup
from histo.cli.info import info
from histo.cli.phantom import phantom
from histo.cli.read import read

app = typer.Typer(
    name="histo",
    cls=GuardedGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Reads muscle-biopsy slides (H&E): finds necrotic fibers, myophagocytosis and sparse inflammation, and names "
        "the biopsy's pattern.\n\nResearch use only. A pattern, not a diagnosis."
    ),
    epilog="Example:  histo phantom demo.tif --pattern necrotizing  &&  histo read demo.tif --out out",
)
app.command()(read)
app.command()(info)
app.command()(phantom)
app.command()(bench)
app.command()(doctor)


def main() -> None:
    """Run `histo`."""
    app()
