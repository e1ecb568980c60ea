"""`python -m train realism`: measure real and phantom tissue, and write what was found."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from histo.errors import UsageError
from histo.records.atomic import make_folder
from train.realism import Comparison, compare
from train.realism_fields import Crop, Specimen, cut_crops, real_specimens
from train.realism_measures import Measures, measure_specimen
from train.realism_page import write_blind, write_comparison
from train.realism_sheet import spread_over

SHOWN = 12
"""Crops of each kind on a sheet."""


def measure_realism(
    folder: Path, phantoms: Iterable[Specimen], out: Path, side_wpx: int, blind_seed: int | None
) -> tuple[Comparison, tuple[Path, ...]]:
    """Compare phantom fields with the real images.

    Args:
        folder: The real data, holding `muscle`.
        phantoms: Fields; each is let go when it is measured.
        out: Gets the files; see `train.realism_page`.
        side_wpx: Width and height of the crops.
        blind_seed: Of the order on a blinded sheet; None writes none.

    Returns:
        What was found, and the files.

    Raises:
        UsageError: If the crops are larger than the fields, or show too little tissue.
        OutputError: If a file cannot be written.
    """
    make_folder(out)
    real, real_crops = _measured(real_specimens(folder), side_wpx)
    drawn, drawn_crops = _measured(phantoms, side_wpx)
    if not real or not drawn:
        raise UsageError("realism", "no crop shows enough tissue", "make --crop smaller, or --count larger")
    found = compare(real, drawn)
    several = spread_over(real_crops, SHOWN), spread_over(drawn_crops, SHOWN)
    count = min(map(len, several)) // 3 * 3 or 1
    shown = several[0][:count], several[1][:count]
    files = write_comparison(found, real, drawn, shown, out)
    if blind_seed is not None:
        files += write_blind(shown, blind_seed, out)
    return found, files


def _measured(specimens: Iterable[Specimen], side_wpx: int) -> tuple[list[Measures], list[tuple[Crop, ...]]]:
    """Measures of those that show tissue, and crops of the first of them for the sheet."""
    measured: list[Measures] = []
    crops: list[tuple[Crop, ...]] = []
    for specimen in specimens:
        found = measure_specimen(specimen, side_wpx)
        if found is not None:
            measured.append(found)
            if len(crops) < SHOWN:
                crops.append(cut_crops(specimen, side_wpx))
    return measured, crops
