"""`histo info`: what a slide is, and whether it can be read, before any computing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from histo.cli.guard import NOTHING_READ, Debug
from histo.cli.options import Scale


def info(
    slide: Annotated[Path, typer.Argument(metavar="SLIDE", help="A slide file, or a DICOM folder.")],
    mpp: Scale = None,
    debug: Debug = False,
) -> None:
    """Tell what a slide is: size, levels, scale and where it was read, stain, tissue, and whether it can be read.

    Exit codes: 0 it can be read, 4 it cannot.

    Example:  histo info biopsy.svs
    """
    from histo.cli.consoles import output_console
    from histo.slide import StainGuess, inspect_slide, open_slide
    from histo.tissue import find_tissue

    found = inspect_slide(slide, mpp)
    facts: list[tuple[str, str]] = [("Slide", str(found.path))]
    if found.vendor is not None:
        facts.append(("Format", found.vendor))
    if found.size_px is not None:
        facts.append(("Size", f"{found.size_px} px"))
        facts.append(("Levels", ", ".join(str(size) for size in found.level_sizes_px)))
    if found.scale is not None:
        facts.append(("Scale", f"{found.scale.mpp.um_per_px:g} µm per pixel, from {found.scale.source}"))
    if found.stain is not None:
        consequence = "" if found.stain is StainGuess.HE else "; no pattern can be named"
        facts.append(("Stain", f"{found.stain.value}, by its colors{consequence}"))
    if found.readable:
        with open_slide(slide, mpp) as reader:
            tissue = find_tissue(reader)
        facts.append(
            (
                "Tissue",
                f"{tissue.found_mm2:.2f} mm² found: {tissue.rejected_mm2:.2f} rejected as artefact, "
                f"{tissue.unreadable_mm2:.2f} unreadable, {tissue.assessable_mm2:.2f} to assess",
            )
        )
    facts += [("Tag", f"{name} = {value}") for name, value in sorted(found.properties.items())]
    facts += [("Warning", warning) for warning in found.warnings]
    problem = found.problem
    facts.append(("Can be read", "yes" if problem is None else f"no: {problem.problem}; {problem.remedy}"))
    console = output_console()
    for name, text in facts:
        console.print(f"{name:<12} {text}", soft_wrap=True)
    if problem is not None:
        raise typer.Exit(NOTHING_READ)
