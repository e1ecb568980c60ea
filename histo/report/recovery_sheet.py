"""recovery.png: implants before, after, and as called, so that a pathologist can judge whether they look real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from histo.findings import CellClass, FiberClass
from histo.geometry import WORKING_MPP
from histo.recovery import CELL_KINDS, KIND_WORDS, Example, ImplantKind, Outcome, Recovery
from histo.report.style import CELL_STYLES, FIBER_STYLES, INK, RESEARCH_USE

DPI = 110
_SIDE_IN, _GAP_IN, _TITLE_IN = 1.55, 0.06, 0.2
_LEFT_IN, _HEAD_IN, _ROW_IN = 1.75, 1.0, _SIDE_IN + _TITLE_IN + _GAP_IN
_EXAMPLES = 3
_PANELS = ("before", "after", "called")
_SCALE_BAR_UM = 20.0
_OUTCOME_COLORS = {Outcome.AS_ITSELF: "#117733", Outcome.AS_ANOTHER: "#996600", Outcome.MISSED: "#aa1133"}


def draw_recovery(path: Path, recovery: Recovery, examples: tuple[Example, ...]) -> None:
    """Draw the sheet: a row for each kind, three implants in each, as they came by lot and not by what became of them.

    Args:
        path: Where to write the PNG; the same input gives the same bytes.
        recovery: Whose implants they are.
        examples: Pictures of them.
    """
    kinds = [kind for kind in ImplantKind if any(example.recovered.kind is kind for example in examples)]
    block_in = len(_PANELS) * (_SIDE_IN + _GAP_IN) + 0.25
    width_in = _LEFT_IN + _EXAMPLES * block_in + 0.1
    height_in = _HEAD_IN + max(len(kinds), 1) * _ROW_IN + 0.15
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    head = f"{recovery.slide}: implants in its own tissue, before, after, and as called"
    for text, down_in, size, weight in (
        (head, 0.3, 15.0, "bold"),
        (f"Drawn by the simulator in this slide's stain and blur; not disease. {RESEARCH_USE}", 0.58, 10.0, "normal"),
        ("Broken white line: what was drawn. Colored outlines and dots: what was called.", 0.8, 10.0, "normal"),
    ):
        figure.text(
            0.15 / width_in, 1 - down_in / height_in, text, fontsize=size, weight=weight, color=INK, va="center"
        )
    for row, kind in enumerate(kinds):
        down_in = _HEAD_IN + row * _ROW_IN
        middle = 1 - (down_in + _TITLE_IN + _SIDE_IN / 2) / height_in
        figure.text(0.15 / width_in, middle, _row_text(kind, recovery), fontsize=9.5, color=INK, va="center")
        mine = [example for example in examples if example.recovered.kind is kind][:_EXAMPLES]
        for column, example in enumerate(mine):
            for place, panel in enumerate(_PANELS):
                left_in = _LEFT_IN + column * block_in + place * (_SIDE_IN + _GAP_IN)
                bottom = 1 - (down_in + _TITLE_IN + _SIDE_IN) / height_in
                box = (left_in / width_in, bottom, _SIDE_IN / width_in, _SIDE_IN / height_in)
                _draw_panel(figure.add_axes(box), example, panel)
    figure.savefig(path, format="png", metadata={"Software": None})


def _row_text(kind: ImplantKind, recovery: Recovery) -> str:
    words = KIND_WORDS[kind].replace(", ", ",\n")
    counts = next((one for one in recovery.kinds if one.kind == kind), None)
    if counts is None:
        control = recovery.control
        return f"{words}\n(control)\n\n{control.redrawn_called} of {control.redrawn}\ncalled necrotic"
    found = f"{counts.as_itself + counts.as_another} of {counts.implanted}\ncame back,"
    return f"{words}\n\n{found}\n{counts.as_itself} as what it is"


def _draw_panel(axes: Axes, example: Example, panel: str) -> None:
    rgb = example.before if panel == "before" else example.after
    region = example.region_wpx
    left, top = WORKING_MPP.to_um(float(region.x)), WORKING_MPP.to_um(float(region.y))
    right, bottom = left + WORKING_MPP.to_um(float(region.width)), top + WORKING_MPP.to_um(float(region.height))
    axes.imshow(rgb, extent=(left, right, bottom, top), interpolation="antialiased")
    recovered = example.recovered
    if panel == "called":
        _draw_called(axes, example)
        called = (recovered.called or "nothing").replace("_", " ").replace("necrotic ", "")
        color = _OUTCOME_COLORS[recovered.outcome]
        if recovered.kind is ImplantKind.REDRAWN:
            color = _OUTCOME_COLORS[Outcome.MISSED if recovered.outcome is Outcome.AS_ANOTHER else Outcome.AS_ITSELF]
        axes.set_title(f"called {called}", fontsize=8, color=color, pad=2, loc="left")
    else:
        axes.set_title(panel, fontsize=8, color="#555555", pad=2, loc="left")
    if panel == "before":
        x, y = left + 0.05 * (right - left), bottom - 0.06 * (bottom - top)
        casing = [withStroke(linewidth=4.5, foreground="white")]
        axes.plot([x, x + _SCALE_BAR_UM], [y, y], color=INK, linewidth=2.2, path_effects=casing)
        axes.annotate(
            f"{_SCALE_BAR_UM:g} µm", (x + _SCALE_BAR_UM / 2, y), xytext=(0, 3), textcoords="offset points",
            ha="center", fontsize=6.5, color=INK, path_effects=[withStroke(linewidth=2.0, foreground="white")],
        )  # fmt: skip
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#bbbbbb")


def _draw_called(axes: Axes, example: Example) -> None:
    if example.recovered.kind in CELL_KINDS:
        x, y = example.outline_um[0]
        axes.plot([x], [y], marker="o", markersize=17, markerfacecolor="none", markeredgecolor="white", linewidth=0)
    fibers = example.fibers
    for row in range(len(fibers)):
        kind = FiberClass(int(fibers.fiber_class[row]))
        if kind is not FiberClass.INTACT or _holds(example, fibers.outline(row)):
            _draw_ring(axes, fibers.outline(row), FIBER_STYLES[kind].color, 1.4)
    if example.recovered.kind not in CELL_KINDS:
        axes.plot(*example.outline_um.T, color="white", linewidth=0.9, linestyle=(0, (3, 2)))
    for cell, style in CELL_STYLES.items():
        points = example.cells.center_um[example.cells.cell_class == CellClass(cell)]
        axes.plot(
            points[:, 0], points[:, 1], linestyle="none", marker="o", markersize=4, color=style.color,
            markeredgecolor="white", markeredgewidth=0.5,
        )  # fmt: skip


def _holds(example: Example, outline_um: NDArray[np.float32]) -> bool:
    """Whether a fiber's outline lies around the implant's middle."""
    low, high = outline_um.min(axis=0), outline_um.max(axis=0)
    x_um, y_um = example.recovered.x_um, example.recovered.y_um
    inside = bool(low[0] <= x_um <= high[0] and low[1] <= y_um <= high[1])
    return inside and example.recovered.kind not in CELL_KINDS


def _draw_ring(
    axes: Axes, ring_um: NDArray[np.floating], color: str | tuple[float, float, float], width: float
) -> None:
    closed = np.concatenate([ring_um, ring_um[:1]])
    casing = [withStroke(linewidth=width + 1.2, foreground=INK)]
    axes.plot(closed[:, 0], closed[:, 1], color=color, linewidth=width, path_effects=casing)
