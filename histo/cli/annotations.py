"""`histo annotations`: looks at what pathologists have drawn, before anything is computed with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from histo.cli.guard import Debug

if TYPE_CHECKING:
    from histo.annotations import Annotations, DrawnFile, Placement
    from histo.slide import SlideReader
    from histo.tissue import TissueMap

MISPLACED = 1
"""Exit code where outlines do not lie where they were drawn."""

commands = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Look at what pathologists have drawn, before it is learned from.",
    epilog="Example:  histo annotations check drawn.geojson --slide biopsy.svs",
)

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="QuPath GeoJSON, ASAP XML, ImageScope XML, HALO .annotations, Darwin JSON, COCO JSON, or a label mask.",
    ),
]


@commands.command(short_help="Tell what was understood, and whether it sits on the tissue.")
def check(
    file: File,
    slide: Annotated[Path, typer.Option(metavar="S", help="The slide it was drawn on.")],
    mapping: Annotated[
        Path | None, typer.Option(metavar="M", help="TOML file that says what your class names mean.")
    ] = None,
    mpp: Annotated[float | None, typer.Option(metavar="X", help="Scale of the slide in um per pixel.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="PNG", help="The picture; FILE.check.png here if not given.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Tell what was understood of an annotation file, check that it sits on the tissue, and draw it on the slide.

    Exit codes: 0 it can be used, 1 it is moved, scaled or has x and y swapped, 4 it or the slide cannot be read.

    Example:  histo annotations check drawn.geojson --slide biopsy.svs --mapping lab.toml
    """
    from histo.annotations import PlacementVerdict, check_placement, load_annotations, load_mapping
    from histo.cli.consoles import output_console
    from histo.slide import open_slide
    from histo.tissue import find_tissue

    meanings = load_mapping(mapping)
    picture = out or Path(f"{file.stem}.check.png")
    with open_slide(slide, mpp) as reader:
        understood = load_annotations(file, meanings, reader.info.scale.mpp, reader.info.size_px)
        tissue = find_tissue(reader)
        placement = check_placement(reader, understood, tissue)
        _draw(picture, reader, understood, tissue, f"{file.name}: {placement.verdict.value}")
    console = output_console()
    for name, text in (*_understood(understood), *_placed(placement), ("Picture", str(picture))):
        console.print(f"{name:<12} {text}", soft_wrap=True)
    if placement.verdict not in (PlacementVerdict.SITS_WELL, PlacementVerdict.CANNOT_TELL):
        raise typer.Exit(MISPLACED)


@commands.command(short_help="List the class names, and write a mapping to start from.")
def names(
    file: File,
    out: Annotated[Path | None, typer.Option(metavar="M.toml", help="Write a mapping to start from here.")] = None,
    debug: Debug = False,
) -> None:
    """List the class names of an annotation file with their counts, and write a mapping to start from.

    Names that histo exports itself are filled in; the others wait behind a # for what they mean.

    Example:  histo annotations names drawn.geojson --out lab.toml
    """
    from histo.annotations import read_drawn
    from histo.annotations.starting import starting_mapping
    from histo.cli.consoles import output_console
    from histo.errors import UsageError
    from histo.records import write_atomically

    drawn = read_drawn(file)
    console = output_console()
    console.print(f"{file.name}: {drawn.format}, {len(drawn.objects):,} objects", soft_wrap=True)
    for name, count in _counts(drawn):
        console.print(f"{count:>8,}  {name}", soft_wrap=True)
    if out is not None:
        if out.exists():
            raise UsageError(out, "is there already", "choose another name, so that no work is lost")
        write_atomically(out, starting_mapping(drawn).encode("utf-8"))
        console.print(f"Written to {out}: say there what each name means", soft_wrap=True)


def _counts(drawn: DrawnFile) -> list[tuple[str, int]]:
    from collections import Counter

    from histo.annotations.mapping import UNCLASSIFIED, by_frequency

    return by_frequency(Counter(item.class_name or UNCLASSIFIED for item in drawn.objects).items())


def _draw(path: Path, reader: SlideReader, understood: Annotations, tissue: TissueMap, headline: str) -> None:
    from histo.records import Staged
    from histo.report.annotated import draw_annotations, take_window
    from histo.report.pictures import take_overview

    overview, window = take_overview(reader, tissue), take_window(reader, understood)
    with Staged(path.parent) as staged:
        staged.add(
            path.name,
            lambda temporary: draw_annotations(
                temporary, understood, overview=overview, window=window, headline=headline
            ),
        )


def _understood(found: Annotations) -> Iterator[tuple[str, str]]:
    import numpy as np

    from histo.annotations.mapping import word_of
    from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass
    from histo.geometry import UM2_PER_MM2

    yield "Format", found.format
    yield "Drawn", ", ".join(f"{name} ({count:,})" for name, count in found.object_counts) or "nothing"
    for title, codes, kinds in (
        ("Fibers", found.fibers.fiber_class, FiberClass),
        ("Nuclei", found.cells.cell_class, CellClass),
        ("Areas", found.areas.compartment, Compartment),
    ):
        counts = ((kind, int(np.count_nonzero(codes == kind))) for kind in kinds)
        told = ", ".join(f"{word_of(kind)} {count:,}" for kind, count in counts if count)
        yield title, f"{len(codes):,}" + (f": {told}" if told else "")
    if found.attributes_known.any():
        held = found.fibers.attributes.sum(axis=0)
        spoken = [attribute for attribute in FiberAttribute if found.attributes_known[attribute]]
        yield "Attributes", ", ".join(f"{word_of(attribute)} {held[attribute]:,}" for attribute in spoken)
    yield "Regions", ", ".join(f"{name} {count:,}" for name, count in found.regions) or "none"
    known = {"fibers": found.fibers_known, "nuclei": found.cells_known, "compartments": found.compartments_known}
    yield (
        "Complete",
        ", ".join(f"{name} {area.area / UM2_PER_MM2:.3f} mm²" for name, area in known.items())
        + f"; unsure {found.unsure.area / UM2_PER_MM2:.3f} mm²",
    )
    for change in found.changes:
        yield "Changed", change
    for warning in found.warnings:
        yield "Warning", warning


def _placed(placement: Placement) -> Iterator[tuple[str, str]]:
    x, y = placement.offset_um
    agreed = f"{placement.agreeing} of {placement.windows} places agree"
    correction = f"best offset ({x:g}, {y:g}) µm, best scale {placement.scale:g}"
    cannot_tell = placement.verdict.value == "cannot tell"
    yield "Placement", placement.verdict.value + ("" if cannot_tell else f"; {correction}; {agreed}")
    for warning in placement.warnings:
        yield "Warning", warning
