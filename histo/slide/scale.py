"""The scale policy, in one place: accept 0.1-2.0 um/px with x and y within 2%, else stop and say which tag was read.

Never guess, never override in silence. The traps it knows: a print resolution (72 dpi reads as 352.8 um/px), a negative
value, a unit that is missing, x unlike y, a unit error of a power of ten.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from histo.errors import ScaleImplausible, ScaleMissing, ScaleTooCoarse, UsageError
from histo.geometry import Mpp
from histo.slide.reader import Scale
from histo.slide.source import ScaleTag

FINEST_UM = 0.1
COARSEST_UM = 2.0
LARGEST_DIFFERENCE = 0.02
"""Of x and y, relative to the larger."""
CELLS_NEED_UM = 1.0
"""A finest level coarser than this shows fibers, but not what kind of nucleus is in them."""
OVERRIDE_SOURCE = "--mpp"

_PRINT_UM = 20.0
"""Tags that cameras and printers write too, above this (below 1,270 dpi): a page's resolution, not a microscope's."""
_NEVER_A_SLIDE_UM = 200.0
_REMEDY = "give the right scale in um per pixel with --mpp"


def decide_scale(subject: str | Path, tags: Sequence[ScaleTag], override: float | None = None) -> Scale:
    """The scale to work with.

    Args:
        subject: The slide, for the error's text.
        tags: What the file says, the most trusted first; the first one with a usable unit is judged.
        override: What the user says, in um/px; it wins.

    Returns:
        The scale and where it came from; `--mpp` when the user gave it.

    Raises:
        UsageError: If the override is not a finite positive number.
        ScaleMissing: If no tag tells a scale.
        ScaleImplausible: If the value is not one of a microscope, or x and y differ by more than 2%.
        ScaleTooCoarse: If the finest level is coarser than 2 um/px.
    """
    if override is not None:
        if not (math.isfinite(override) and override > 0):
            raise UsageError("--mpp", f"{override:g} is not a scale", "give um per pixel, e.g. --mpp 0.25")
        _check_range(subject, override, f"--mpp = {override:g}", is_print=False)
        return Scale(Mpp(float(override)), OVERRIDE_SOURCE)
    usable = next((tag for tag in tags if tag.x_um is not None and tag.y_um is not None), None)
    if usable is None or usable.x_um is None or usable.y_um is None:
        found = ", ".join(f"{tag.name} = {tag.text}" for tag in tags)
        reason = f"{found} tells no scale" if found else "no tag tells the scale"
        raise ScaleMissing(subject, reason, "give it in um per pixel with --mpp")
    told = f"{usable.name} = {usable.text}"
    x_um, y_um = usable.x_um, usable.y_um
    if not all(math.isfinite(value) and value > 0 for value in (x_um, y_um)):
        raise ScaleImplausible(subject, f"{told} is not a scale", _REMEDY)
    if abs(x_um - y_um) > LARGEST_DIFFERENCE * max(x_um, y_um):
        raise ScaleImplausible(subject, f"{told} says {x_um:.4g} um/px in x but {y_um:.4g} in y", _REMEDY)
    mean_um = (x_um + y_um) / 2
    _check_range(subject, mean_um, told, usable.is_print)
    return Scale(Mpp(mean_um), told)


def scale_warnings(scale: Scale, tags: Sequence[ScaleTag]) -> tuple[str, ...]:
    """What the user should know about an accepted scale: too coarse for cells, or not what the file says."""
    warnings = []
    um = scale.mpp.um_per_px
    if um > CELLS_NEED_UM:
        warnings.append(f"the finest level has {um:.4g} um/px: too coarse to tell cells apart, and rough for fibers")
    if scale.source == OVERRIDE_SOURCE:
        for tag in tags:
            if tag.x_um is not None and abs(tag.x_um - um) > LARGEST_DIFFERENCE * um:
                warnings.append(f"--mpp {um:g} overrides {tag.name} = {tag.text}")
    return tuple(warnings)


def number_of(text: str) -> float | None:
    """A tag's number, with a decimal point or comma; None where it is none."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def _check_range(subject: str | Path, um: float, told: str, is_print: bool) -> None:
    value = told if f"{um:.4g} um/px" in told else f"{told} ({um:.4g} um/px)"
    if is_print and um >= _PRINT_UM:
        raise ScaleImplausible(subject, f"{value} is a screen or print resolution, not a microscope's", _REMEDY)
    if um < FINEST_UM or um >= _NEVER_A_SLIDE_UM:
        raise ScaleImplausible(subject, f"{value} is no slide's scale: {FINEST_UM}-{COARSEST_UM} um/px is", _REMEDY)
    if um > COARSEST_UM:
        remedy = "export the slide at 20x or more, or correct the scale with --mpp"
        raise ScaleTooCoarse(subject, f"{value} is too coarse: fibers need {COARSEST_UM} um/px or finer", remedy)
