"""The figures of a study, as SVG text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from histo.network import Metric
from histo.pattern import PatternLabel
from histo.report.style import INK
from histo.report.svg import svg_text
from train.figures import panels_of
from train.study.results import COLUMNS, ROWS, Results
from train.study.scenarios import Scenario

_BLUE, _ORANGE = "#0072b2", "#d55e00"


def draw_confusion(results: Results) -> str:
    """True pattern by label; shades are shares of the true pattern."""
    figure, (panel,) = panels_of(1, inches=6.4)
    counts = results.confusion
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if shares[row, column] > 0.55 else INK
            panel.text(column, row, str(count), ha="center", va="center", color=color, fontsize=8)
    panel.set_xticks(range(len(COLUMNS)), [_words(label) for label in COLUMNS], rotation=40, ha="right", fontsize=8)
    panel.set_yticks(range(len(ROWS)), [_words(label) for label in ROWS], fontsize=8)
    panel.grid(visible=False)
    panel.set(xlabel="read as", ylabel="truly")
    return svg_text(figure)


def draw_reliability(results: Results) -> str:
    """How often the likeliest pattern was right, by its stated probability, before and after calibration."""
    figure, axes = panels_of(2, inches=3.2)
    for panel, (name, bins) in zip(axes, results.bins.items(), strict=True):
        count, stated, true = bins.T
        there = count > 0
        panel.plot([0, 1], [0, 1], color="#999999", linewidth=0.8)
        size = 8 + 70 * count[there] / count.max()
        panel.plot(stated[there] / count[there], true[there] / count[there], color=_BLUE, linewidth=1)
        panel.scatter(stated[there] / count[there], true[there] / count[there], s=size, color=_BLUE, alpha=0.8)
        panel.set(xlim=(0, 1.02), ylim=(0, 1.02), title=f"{name} calibration", xlabel="stated", ylabel="came true")
        panel.set_aspect("equal")
    return svg_text(figure)


def draw_by_pattern(results: Results, prefixes: Mapping[str, str], bounds: Mapping[str, tuple[float, ...]]) -> str:
    """Figures of each pattern with their intervals, a panel for each kind.

    Args:
        results: Hold the figures.
        prefixes: Heading of a panel by the beginning of the figures' names.
        bounds: Lines to draw in a panel, by the same.
    """
    figure, axes = panels_of(len(prefixes), inches=3.4)
    for panel, (prefix, title) in zip(axes, prefixes.items(), strict=True):
        shown = [label for label in ROWS if f"{prefix}{label}" in results.metrics]
        _dots(panel, [_words(label) for label in shown], [results.metrics[f"{prefix}{label}"] for label in shown])
        for bound in bounds.get(prefix, ()):
            panel.axvline(bound, color=_ORANGE, linewidth=0.9, linestyle="dashed")
        panel.set_title(title)
    return svg_text(figure)


def draw_worst(cases: Mapping[str, tuple[Scenario, Results]], figures: Mapping[str, str]) -> str:
    """How figures stand in each scenario.

    Args:
        cases: Scenarios with what they show.
        figures: Heading by name of the figure.
    """
    there = {
        name: title for name, title in figures.items() if any(name in found.metrics for _, found in cases.values())
    }
    figure, axes = panels_of(len(there), columns=3, inches=4.0)
    for panel, (name, title) in zip(axes, there.items(), strict=True):
        shown = [(scenario.text, found.metrics[name]) for scenario, found in cases.values() if name in found.metrics]
        _dots(panel, [text for text, _ in shown], [metric for _, metric in shown])
        panel.axvline(shown[0][1].value, color="#999999", linewidth=0.8)
        panel.set_title(title)
    return svg_text(figure)


def draw_shift(shift: Mapping[str, float]) -> str:
    """How far rendered biopsies lie from sampled ones, feature by feature."""
    figure, (panel,) = panels_of(1, inches=5.5)
    names = sorted(shift, key=lambda name: abs(shift[name]))
    panel.barh(range(len(names)), [shift[name] for name in names], color=_BLUE)
    panel.set_yticks(range(len(names)), [name.replace("_", " ") for name in names], fontsize=7)
    panel.axvline(0, color=INK, linewidth=0.8)
    panel.set(xlabel="rendered less sampled, in standard deviations")
    return svg_text(figure)


def _dots(panel: Axes, names: Sequence[str], metrics: Sequence[Metric]) -> None:
    """A row for each name, from the top, with its value and interval."""
    rows = np.arange(len(names))[::-1]
    for row, metric in zip(rows, metrics, strict=True):
        if metric.low is not None and metric.high is not None:
            panel.plot([metric.low, metric.high], [row, row], color=_BLUE, linewidth=1.2)
    panel.scatter([metric.value for metric in metrics], rows, s=18, color=_BLUE)
    panel.set_yticks(rows, list(names), fontsize=8)
    panel.set_ylim(-0.7, max(len(names), 1) - 0.3)


def _words(label: PatternLabel) -> str:
    return label.value.replace("_", " ")
