"""Creatine kinase over time, and against the titre of an antibody: always on a log scale."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from histo.clinical import ClinicalFacts, DayZero
from histo.report.image import Image, png_of
from histo.report.style import INK
from histo.report.svg import FIGURE_STYLE

CK_LABEL = "creatine kinase (U/L, log scale)"
LOG_SCALE_SOURCE = "10.1007/s11926-018-0732-6"
"""There creatine kinase follows titre and strength better on a log scale (Fig. 1)."""

_PANEL_IN = (4.4, 3.1)


@dataclass(frozen=True, slots=True)
class _Antibody:
    """How the points of one antibody look; told apart by form and place as well as by color (Okabe and Ito)."""

    name: str
    field: str
    color: str
    marker: str


_ANTIBODIES = (
    _Antibody("anti-SRP", "anti_srp_titre", "#d55e00", "s"),
    _Antibody("anti-HMGCR", "anti_hmgcr_titre", "#0072b2", "o"),
)


def draw_course(facts: ClinicalFacts) -> Image | None:
    """The figure: a panel for the course of CK, and one for each antibody whose titre was given beside CK.

    Args:
        facts: What was given.

    Returns:
        The same bytes for the same facts; None where no CK has a day or a titre beside it.
    """
    course = [(one.day, one.ck_u_per_l) for one in facts.measurements if one.day is not None and one.ck_u_per_l]
    pairs = {
        antibody: [
            (titre, one.ck_u_per_l)
            for one in facts.measurements
            if (titre := getattr(one, antibody.field)) is not None and one.ck_u_per_l
        ]
        for antibody in _ANTIBODIES
    }
    panels = bool(course) + sum(map(bool, pairs.values()))
    if not panels:
        return None
    with mpl.rc_context(FIGURE_STYLE):
        figure = Figure(figsize=(_PANEL_IN[0] * panels, _PANEL_IN[1]), dpi=200, layout="constrained")
        axes = iter(figure.subplots(1, panels, squeeze=False)[0])
        if course:
            _draw_course(next(axes), course, facts)
        for antibody, points in pairs.items():
            if points:
                _draw_titre(next(axes), points, antibody, facts)
        return png_of(figure)


def _draw_course(panel: Axes, course: list[tuple[int, float]], facts: ClinicalFacts) -> None:
    days, values = zip(*course, strict=True)
    panel.plot(days, values, color=INK, marker="o", markersize=5, linewidth=1.2)
    zero = "the biopsy" if facts.day_zero is DayZero.BIOPSY else "the first measurement"
    if facts.day_zero is DayZero.BIOPSY:
        panel.axvline(0, color="#767676", linewidth=0.9, linestyle="dotted")
        panel.annotate("biopsy", (0, 1), xycoords=("data", "axes fraction"), xytext=(3, -9), textcoords="offset points",
                       fontsize=8, color="#555555")  # fmt: skip
    panel.set(title="CK over time", xlabel=f"days since {zero}", ylabel=CK_LABEL)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    _finish(panel, values, facts)


def _draw_titre(panel: Axes, points: list[tuple[float, float]], antibody: _Antibody, facts: ClinicalFacts) -> None:
    titres, values = zip(*points, strict=True)
    panel.scatter(titres, values, color=antibody.color, marker=antibody.marker, s=30, edgecolor=INK, linewidth=0.5)
    unit = getattr(facts, f"{antibody.field}_unit") or "unit not given"
    panel.set(title=f"CK against {antibody.name} titre", xlabel=f"{antibody.name} titre ({unit})", ylabel=CK_LABEL)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=5))
    _finish(panel, values, facts)


def _finish(panel: Axes, values: tuple[float, ...], facts: ClinicalFacts) -> None:
    """The log axis with room above and below, plain numbers on it, and the upper limit of normal."""
    limit = facts.ck_upper_limit_u_per_l
    shown = values if limit is None else (*values, limit)
    panel.set_yscale("log")
    panel.set_ylim(min(shown) / 1.8, max(shown) * 1.8)
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    narrow = max(shown) < 10 * min(shown)
    panel.yaxis.set_minor_formatter(FuncFormatter(_minor_text) if narrow else NullFormatter())
    panel.margins(x=0.08)
    if limit is not None:
        panel.axhline(limit, color="#009e73", linewidth=1.1, linestyle="dashed")
        panel.annotate(f"upper limit of normal {limit:,.0f}", (1, limit), xycoords=("axes fraction", "data"),
                       xytext=(0, 3), textcoords="offset points", ha="right", fontsize=8, color="#00684c")  # fmt: skip


def _minor_text(value: float, _: int) -> str:
    """Of a scale of less than a decade, 2 and 5 are told too."""
    leading = f"{value:.0e}"[0]
    return f"{value:,.0f}" if leading in "25" else ""
