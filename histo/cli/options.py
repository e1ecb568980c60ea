"""Options that several commands take, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Scale = Annotated[
    float | None,
    typer.Option(metavar="X", help="Scale in um per pixel, where the file tells none or a wrong one."),
]
BundleFolder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Weights to use instead of those that ship with histo.")
]
DeviceChoice = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option(help="Where the network runs; auto takes a GPU if there is one.")
]
PrecisionChoice = Annotated[
    Literal["auto", "f32", "bf16"],
    typer.Option(help="In which numbers; f32, the default, gives the same bytes again on one installation."),
]
ConventionsFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Your laboratory's conventions instead of those of histo.")
]
DetectorErrorsFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="What `python -m train measure-errors` found of these weights in your lab."),
]
ClinicalFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="CSV or JSON with CK, antibodies and so on; never alters the pattern."),
]
Recover = Annotated[
    bool, typer.Option("--recover", help="Draw implants into each slide, and refuse it if too few come back.")
]
