"""The figures of an evaluation, as SVG text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from histo.agreement import Agreement
from histo.findings import INFLAMMATORY_CLASSES, FiberClass
from histo.report.style import CELL_STYLES, FIBER_STYLES, INK
from histo.report.svg import FIGURE_STYLE, svg_text
from train.curves import Curve, gather, trace
from train.observe import HEADS, Observation
from train.tables import bins_of

NAMES = {
    **{f"fiber.{kind.name.lower()}": style.label for kind, style in FIBER_STYLES.items()},
    **{f"cell.{kind.name.lower()}": style.label for kind, style in CELL_STYLES.items()},
    "fiber": "all fibers",
    "fiber.necrotic": "necrotic, all kinds",
    "cell.inflammatory": "inflammatory, both kinds",
    "cell.myonucleus": "myonucleus",
    "cell.other": "other nucleus",
    "cell.all": "all nuclei, kind ignored",
}
"""How findings are called in figures and tables."""

_COLORS = {
    **{f"fiber.{kind.name.lower()}": style.color for kind, style in FIBER_STYLES.items()},
    **{f"cell.{kind.name.lower()}": style.color for kind, style in CELL_STYLES.items()},
    "fiber.necrotic": INK,
    "cell.inflammatory": "#d55e00",
}

_FIBERS = tuple(f"fiber.{kind.name.lower()}" for kind in FiberClass)
_SPARSE_FIBERS = ("fiber.necrotic", *_FIBERS[2:])
_SPARSE_CELLS = ("cell.inflammatory", *(f"cell.{kind.name.lower()}" for kind in INFLAMMATORY_CLASSES))
_MOST_FALSE_PER_MM2 = 50.0
_PANEL_INCHES = 3.4


def precision_recall(observations: Sequence[Observation]) -> str:
    """Precision against recall of fibers by class, and of inflammatory cells."""

    def draw(panel: Axes, curve: Curve, name: str) -> None:
        panel.plot(curve.recall, curve.precision, color=_COLORS[name], label=NAMES[name], linewidth=1.7)

    figure, axes = _curves(observations, {"Fibers, by class": _FIBERS, "Inflammatory cells": _SPARSE_CELLS}, draw)
    for panel in axes:
        panel.set(xlim=(0, 1.01), ylim=(0, 1.01), xlabel="recall", ylabel="precision")
    return svg_text(figure)


def free_response(observations: Sequence[Observation]) -> str:
    """Sensitivity against false calls per mm2, of what is rare."""

    def draw(panel: Axes, curve: Curve, name: str) -> None:
        false, recall = np.append(0, curve.false_per_mm2), np.append(0, curve.recall)
        panel.plot(false, recall, color=_COLORS[name], label=NAMES[name], linewidth=1.7, drawstyle="steps-post")

    figure, axes = _curves(observations, {"Necrotic fibers": _SPARSE_FIBERS, "Inflammatory cells": _SPARSE_CELLS}, draw)
    for panel in axes:
        panel.set_xscale("symlog", linthresh=1.0)
        panel.set_xticks([0, 1, 2, 5, 10, 20, 50], labels=["0", "1", "2", "5", "10", "20", "50"])
        panel.minorticks_off()
        panel.set(xlim=(0, _MOST_FALSE_PER_MM2), ylim=(0, 1.01))
        panel.set(xlabel="false calls per mm2", ylabel="sensitivity")
    return svg_text(figure)


def confusion_matrix(confusion: NDArray[np.int64]) -> str:
    """Fibers that were found, true class by called class; shades are shares of the true class."""
    figure, (panel,) = panels_of(1, inches=4.2)
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    panel.imshow(share, cmap="Blues", vmin=0, vmax=1)
    labels = [FIBER_STYLES[kind].label for kind in FiberClass]
    for (row, column), count in np.ndenumerate(confusion):
        color = "white" if share[row, column] > 0.55 else INK
        panel.text(
            column, row, f"{count}\n{share[row, column]:.0%}", ha="center", va="center", color=color, fontsize=7.5
        )
    panel.set_xticks(range(len(labels)), labels=labels, rotation=35, ha="right", rotation_mode="anchor")
    panel.set_yticks(range(len(labels)), labels=labels)
    panel.grid(visible=False)
    panel.set(xlabel="called", ylabel="truly")
    return svg_text(figure)


def reliability_diagram(observations: Sequence[Observation]) -> str:
    """What came true against what was stated, one panel a head; the area of a dot is the number of calls."""
    heads = [head for head in HEADS if bins_of(observations, head)[:, 0].any()]
    figure, axes = panels_of(len(heads), inches=2.5)
    for panel, head in zip(axes, heads, strict=True):
        count, stated, true = bins_of(observations, head).T
        there = count > 0
        panel.plot([0, 1], [0, 1], color="#999999", linewidth=0.8)
        panel.plot(stated[there] / count[there], true[there] / count[there], color="#0072b2", linewidth=1)
        size = 8 + 70 * count[there] / count.max()
        panel.scatter(stated[there] / count[there], true[there] / count[there], s=size, color="#0072b2", alpha=0.8)
        panel.set(xlim=(0, 1.02), ylim=(0, 1.02), title=head.replace("_", " "), xlabel="stated")
        panel.set_aspect("equal")
    axes[0].set_ylabel("came true")
    return svg_text(figure)


def bland_altman(agreements: Mapping[str, Agreement]) -> str:
    """Found less true against their mean, one panel a finding, one dot a slide."""
    figure, axes = panels_of(len(agreements), columns=4, inches=2.6)
    for panel, (name, found) in zip(axes, agreements.items(), strict=False):
        panel.scatter((found.truth + found.found) / 2, found.found - found.truth, s=14, color="#0072b2", alpha=0.7)
        panel.axhline(0, color="#999999", linewidth=0.8)
        panel.axhline(found.bias, color=INK, linewidth=1.2)
        for limit in (found.low, found.high):
            if limit is not None:
                panel.axhline(limit, color=INK, linewidth=0.9, linestyle="dashed")
        panel.set(title=NAMES.get(name, name), xlabel="mean of found and true")
        panel.margins(0.08)
        farthest = max(1.0, *np.abs([found.low or 0.0, found.high or 0.0]), *np.abs(found.found - found.truth))
        panel.set_ylim(-1.1 * farthest, 1.1 * farthest)
    for panel in axes[::4]:
        panel.set_ylabel("found - true")
    return svg_text(figure)


def _curves(
    observations: Sequence[Observation], panels: Mapping[str, Sequence[str]], draw: Callable[[Axes, Curve, str], None]
) -> tuple[Figure, list[Axes]]:
    """A panel for each title, with a curve of each of its findings that truly occurs."""
    figure, axes = panels_of(len(panels), legends=True)
    for panel, (title, names) in zip(axes, panels.items(), strict=True):
        for name in names:
            curve = trace(gather([seen.ranked[name] for seen in observations]))
            if curve is not None:
                draw(panel, curve, name)
        panel.set_title(title)
        if panel.get_legend_handles_labels()[1]:
            panel.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure, axes


def panels_of(
    count: int, columns: int = 5, inches: float = _PANEL_INCHES, legends: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure with so many panels, side by side and then below each other."""
    across = min(count, columns)
    down = -(-count // across)
    with mpl.rc_context(FIGURE_STYLE):
        figure = Figure(figsize=((inches + 1.6 * legends) * across, inches * down), layout="constrained")
        axes = list(np.atleast_1d(figure.subplots(down, across)).ravel())
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]
