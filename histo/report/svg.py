"""Figures as SVG text: one style, and the same bytes for the same figure."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from histo.report.style import INK

FIGURE_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "histo",
    "svg.fonttype": "path",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.titlesize": 10,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
}
"""Settings of matplotlib; axes must be made under them."""


def svg_text(figure: Figure) -> str:
    """A figure as an `<svg>` element, without a date and with ids that repeat."""
    FigureCanvasSVG(figure)
    with mpl.rc_context(FIGURE_STYLE):
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()[text.getvalue().index("<svg") :]
