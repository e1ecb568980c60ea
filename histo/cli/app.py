"""The command and its verbs. What a verb needs is imported when it runs, so that `histo --help` is quick."""

from __future__ import annotations

import typer

from histo.cli.agreement import agreement
from histo.cli.annotations import commands as annotation_commands
from histo.cli.bench import bench
from histo.cli.cohort import cohort
from histo.cli.doctor import doctor
from histo.cli.export import export
from histo.cli.from_review import from_review
from histo.cli.guard import GuardedGroup
from histo.cli.info import info
from histo.cli.phantom import phantom
from histo.cli.read import read
from histo.cli.recover import recover
from histo.cli.report import report
from histo.cli.review import review
from histo.cli.version import options

app = typer.Typer(
    name="histo",
    cls=GuardedGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Reads muscle-biopsy slides (H&E): finds necrotic fibers, myophagocytosis and sparse inflammation, and names "
        "the biopsy's pattern.\n\nResearch use only. A pattern, not a diagnosis."
    ),
    epilog="Example:  histo read biopsy.svs --out out",
)
app.callback()(options)
app.command(short_help="Read biopsies: findings, evidence, pattern.")(read)
app.command(short_help="Read many biopsies, unattended; resumed, isolated, shared.")(cohort)
app.command(short_help="Write a reading in the formats of other programs.")(export)
app.command(short_help="Draw the report of a reading again, as a page and as a PDF.")(report)
app.command(short_help="Try whether necrosis could be seen on a slide: implant it, and count.")(recover)
app.command(short_help="Review readings in a browser: see, correct, second opinion.")(review)
app.command(short_help="Tell what a slide is, and whether it can be read.")(info)
app.command(short_help="Make a simulated slide of which everything is known.")(phantom)
annotation_commands.command(short_help="Write what was corrected in a review, to learn from it.")(from_review)
app.add_typer(annotation_commands, name="annotations", short_help="Look at what pathologists have drawn.")
app.command(short_help="Compare readers with each other and with the machine.")(agreement)
app.command(short_help="Measure speed and memory on this machine.")(bench)
app.command(short_help="Check the installation, with the fix for each fault.")(doctor)


def main() -> None:
    """Run `histo`."""
    app()
