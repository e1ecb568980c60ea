"""The command `realism`: phantom tissue beside real tissue, measured and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def realism(
    real: Annotated[Path, typer.Option(help="Folder of real data.")],
    fields: Annotated[
        Path | None, typer.Option(help="A folder of stored phantom fields; left out: fields are drawn in place.")
    ] = None,
    count: Annotated[int, typer.Option(min=2, help="Phantom fields, of the folder or of the validation seeds.")] = 72,
    crop: Annotated[int, typer.Option(min=64, help="Width and height of a crop, in px of 0.5 um.")] = 256,
    blind: Annotated[
        bool, typer.Option("--blind", help="Also write a shuffled sheet without labels, and its key.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the order on the blinded sheet.")] = 1,
    out: Annotated[Path, typer.Option(help="Gets a page, its figures as JSON, and pictures.")] = Path("runs/realism"),
) -> None:
    """Set phantom fields beside real muscle: pictures, distributions, and whether a classifier tells them apart."""
    from histo.cohort import Split
    from histo.phantom import make_field
    from train.realism_fields import specimen_of, stored_specimens
    from train.realism_run import measure_realism
    from train.seeds import take_seeds

    drawn = (specimen_of(make_field(number), number) for number in take_seeds(Split.VALIDATION, count))
    phantoms = stored_specimens(fields, count) if fields is not None else drawn
    found, files = measure_realism(real, phantoms, out, crop, seed if blind else None)
    for title, apart in (("by image", found.by_image), ("by source", found.by_source)):
        if apart is not None:
            typer.echo(f"AUC {apart.auc:.3f} held out {title}; decided by {', '.join(list(apart.telling)[:5])}")
    outside = [each.name for each in found.distances if each.images_inside < len(each.real_medians)]
    typer.echo(f"{len(outside)} of {len(found.distances)} measures have a real image outside the phantoms' range")
    typer.echo(", ".join(map(str, files)))
