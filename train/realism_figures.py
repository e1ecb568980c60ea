"""Small multiples of a comparison of real and phantom tissue, as PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

from histo.report.style import INK
from train.realism_fibers import PROFILE_UM
from train.realism_measures import Measures
from train.realism_pixels import PATCH_WPX, waves_per_um

_PHANTOM = "#9a9a9a"
_REAL = ("#d55e00", "#0072b2", "#009e73", "#cc79a7")
_FEW = 20
_MOST_POINTS = 1500
_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.titlesize": 8.5,
}


def draw_distributions(names: Sequence[str], real: Sequence[Measures], phantoms: Sequence[Measures]) -> bytes:
    """One panel a measure: all phantom values as a gray curve, each real image as a curve, or as marks if few.

    Args:
        names: Of measures that both have.
        real: At most four.
        phantoms: At least one.
    """
    figure, panels = _panels(len(names), columns=6, width=2.4, height=1.75)
    for panel, name in zip(panels, names, strict=True):
        _distribution(panel, name, real, phantoms)
        panel.set_title(name, fontsize=8.5)
        panel.set_yticks([])
        panel.spines["left"].set_visible(False)
    _legend(figure, real)
    return _png(figure)


def draw_spectra(real: Sequence[Measures], phantoms: Sequence[Measures], side_wpx: int) -> bytes:
    """Power spectra of whole crops and inside fibers, and gray across outlines: real images over the phantoms' band.

    Args:
        real: At most four.
        phantoms: At least one.
        side_wpx: Of the crops.
    """
    figure, (whole, inner, border) = _panels(3, columns=3, width=3.8, height=3.0)
    for panel, side, attribute, title in (
        (whole, side_wpx, "whole_spectra", "Spectrum of whole crops"),
        (inner, PATCH_WPX, "inner_spectra", "Spectrum inside fibers"),
    ):
        _band(panel, waves_per_um(side), [_mean(getattr(each, attribute)) for each in phantoms])
        for each, color in zip(real, _REAL, strict=False):
            power = _mean(getattr(each, attribute))
            if power is not None:
                panel.plot(waves_per_um(side), power, color=color, linewidth=1.4)
        panel.set(xscale="log", yscale="log", title=title, xlabel="waves per \u00b5m", ylabel="power")
    _band(border, np.array(PROFILE_UM), [each.border_profile for each in phantoms])
    for each, color in zip(real, _REAL, strict=False):
        if each.border_profile is not None:
            border.plot(PROFILE_UM, each.border_profile, color=color, linewidth=1.4)
    border.axvline(0, color=INK, linewidth=0.6)
    border.set(title="Across the outlines", xlabel="\u00b5m from the outline; inside is left", ylabel="gray level")
    _legend(figure, real)
    return _png(figure)


def _distribution(panel: Axes, name: str, real: Sequence[Measures], phantoms: Sequence[Measures]) -> None:
    gray = np.concatenate([each.values[name] for each in phantoms if name in each.values])
    of_real = [(each.values.get(name, np.zeros(0)), color) for each, color in zip(real, _REAL, strict=False)]
    everything = np.concatenate([gray, *(values for values, _ in of_real)])
    low, high = np.percentile(np.concatenate([gray, everything]), (0.5, 99.5))
    low = min([low, *(np.percentile(values, 2) for values, _ in of_real if len(values))])
    high = max([high, *(np.percentile(values, 98) for values, _ in of_real if len(values))])
    if high <= low:
        return
    grid = np.linspace(low, high, 200)
    curve = _curve(gray, grid)
    panel.fill_between(grid, curve, color=_PHANTOM, alpha=0.45, linewidth=0)
    for place, (values, color) in enumerate(of_real):
        if len(values) >= _FEW:
            panel.plot(grid, _curve(values, grid), color=color, linewidth=1.3)
        elif len(values):
            level = -0.08 * (place + 1)
            panel.plot(values, np.full(len(values), level), "|", color=color, markersize=6, markeredgewidth=1)
            panel.axvline(float(np.median(values)), 0.0, 0.9, color=color, linewidth=1.2)
    panel.set_xlim(low, high)


def _curve(values: NDArray[np.float64], grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Density, its top at 1."""
    thinned = values[:: max(1, len(values) // _MOST_POINTS)]
    thinned = thinned[(thinned >= grid[0]) & (thinned <= grid[-1])]
    if len(thinned) < 3 or np.ptp(thinned) < 1e-9:
        return np.zeros_like(grid)
    density = gaussian_kde(thinned)(grid)
    return np.asarray(density / density.max(), np.float64)


def _band(
    panel: Axes, across: NDArray[np.floating] | NDArray[np.integer], curves: Sequence[NDArray[np.float64] | None]
) -> None:
    there = [curve for curve in curves if curve is not None]
    if there:
        low, middle, high = np.nanpercentile(np.stack(there), (5, 50, 95), axis=0)
        panel.fill_between(across, low, high, color=_PHANTOM, alpha=0.4, linewidth=0)
        panel.plot(across, middle, color="#555555", linewidth=1.2)


def _mean(spectra: NDArray[np.float64]) -> NDArray[np.float64] | None:
    return np.asarray(spectra.mean(axis=0)) if len(spectra) else None


def _panels(count: int, columns: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    across = min(count, columns)
    down = -(-count // across)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width * across, height * down + 0.35), layout="constrained")
        axes = list(np.atleast_1d(figure.subplots(down, across)).ravel())
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def _legend(figure: Figure, real: Sequence[Measures]) -> None:
    lines = [mpl.lines.Line2D([], [], color=color, linewidth=2) for _, color in zip(real, _REAL, strict=False)]
    lines.append(mpl.lines.Line2D([], [], color=_PHANTOM, linewidth=6, alpha=0.6))
    names = [*(f"real: {each.name}" for each in real), "phantom fields"]
    figure.legend(lines, names, loc="outside upper left", ncols=len(names), frameon=False, fontsize=9)


def _png(figure: Figure) -> bytes:
    FigureCanvasAgg(figure)
    with mpl.rc_context(_STYLE):
        image = io.BytesIO()
        figure.savefig(image, format="png", dpi=110, metadata={"Software": None})
    return image.getvalue()
