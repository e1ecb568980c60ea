"""`histo export`: a reading in the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from histo.cli.guard import Debug


def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="One slide's folder, that `histo read` wrote.")],
    formats: Annotated[
        list[str],
        typer.Argument(
            metavar="FORMAT...",
            help="geojson, geojson.gz, geojson.zip, csv, heatmap, dicom-ann, dicom-sr, dicom-pm, dicom-seg.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the exports; made if needed.")],
    slide: Annotated[
        Path | None,
        typer.Option(metavar="SLIDE", help="The slide that was read: DICOM exports of a DICOM slide refer to it."),
    ] = None,
    all_nuclei: Annotated[
        bool, typer.Option("--all-nuclei", help="GeoJSON and dicom-ann also hold myonuclei and other nuclei.")
    ] = False,
    with_patient: Annotated[
        bool,
        typer.Option("--with-patient", help="DICOM exports name patient, study and specimen as the DICOM slide does."),
    ] = False,
    debug: Debug = False,
) -> None:
    """Write a reading in the formats of other programs: NAME.* in DIR, for a slide called NAME.

    geojson is for QuPath, which also opens geojson.zip; csv holds the tables of fibers and cells; heatmap is an
    OME-TIFF of the densities of necrosis and infiltrate; dicom-ann, dicom-sr, dicom-pm and dicom-seg are annotations,
    a measurement report, parametric maps and a segmentation of the compartments, and need `pip install
    'histo[dicom]'`. The reading is not changed. What each file holds, and which viewers were tried: docs/exports.md.

    DICOM exports name no patient unless --with-patient is given. Of a slide in another format they refer to an image
    whose identifiers are derived from the file's sha256.

    Exit codes: 0 written, 2 usage, 4 no whole reading there, or the disk is full; then nothing is written.

    Research use only. A pattern, not a diagnosis.

    Example:  histo export out/biopsy geojson csv heatmap --out exports
    """
    from histo.cli.consoles import output_console
    from histo.exports import export_reading

    written = export_reading(folder, out, formats, slide_file=slide, all_nuclei=all_nuclei, with_patient=with_patient)
    console = output_console()
    for path in written:
        console.print(str(path), soft_wrap=True)
