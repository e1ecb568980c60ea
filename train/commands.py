"""The harness's command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from train.seeds import Split

application = typer.Typer(
    name="python -m train", help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)

_FORWARD = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@application.command(context_settings=_FORWARD)
def fit(context: typer.Context) -> None:
    """Train as a recipe says: --config train/configs/NAME.yaml, and any field by name; --help lists them."""
    from train.fit import fit as train_by_recipe

    train_by_recipe(context.args)


@application.command()
def render(
    count: Annotated[int, typer.Option(help="How many fields.")],
    split: Annotated[Split, typer.Option(help="What they are for.")] = Split.TRAIN,
    size: Annotated[int, typer.Option(help="Width and height in working pixels of 0.5 um.")] = 512,
    first: Annotated[int, typer.Option("--seed", help="Begin with this seed of the split.")] = 0,
    out: Annotated[Path, typer.Option(help="Holds a folder for each split.")] = Path("runs/fields"),
    processes: Annotated[int, typer.Option(help="Drawn in this many processes.")] = 2,
) -> None:
    """Draw phantom fields; those that are there already, and were drawn by the same code, are kept."""
    from histo.phantom import make_field
    from train.render import phantom_fingerprint, render_fields

    seeds = split.take(count, first)
    drawn = render_fields(out / split, seeds, size, make_field, phantom_fingerprint(size), processes)
    typer.echo(f"{out / split}: {drawn} fields drawn, {count - drawn} were there")
