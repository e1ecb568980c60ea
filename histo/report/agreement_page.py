"""agreement.html: how well readers agree, on one page that opens offline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from histo.agreement import AgreementReport, PairCounts
from histo.evidence import Estimate
from histo.report.rows import number, percent
from histo.report.style import INK, RESEARCH_USE
from histo.report.svg import FIGURE_STYLE, svg_text

MOST_LISTED = 200
"""Discordances on the page; discordances.csv has all."""

_ACROSS = 3
_BLUE = "#0072b2"


def agreement_html(report: AgreementReport, simulated: bool = False) -> str:
    """The page.

    Args:
        report: What was compared.
        simulated: Whether the readers do not exist; then the page says so.
    """
    environment = Environment(
        loader=PackageLoader("histo.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"kappa": kappa_text, "percent": percent, "number": number, "words": words,
                            "limits": limits_text}  # fmt: skip
    discordances = [one for found in report.labels for one in found.discordances]
    return environment.get_template("agreement.html").render(
        report=report,
        research_use=RESEARCH_USE,
        simulated=simulated,
        discordances=discordances[:MOST_LISTED],
        unlisted=max(len(discordances) - MOST_LISTED, 0),
        figures={found.finding: bland_altman(found.pairs) for found in report.counts},
    )


def words(name: str) -> str:
    """A name of a category or finding as people write it."""
    return name.replace("_", " ")


def kappa_text(found: Estimate | None) -> str:
    """Two decimals with the interval, as in `0.62 (0.41 to 0.80)`."""
    return "-" if found is None else f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def limits_text(pair: PairCounts) -> str:
    """Both limits of agreement, each with its interval."""
    if pair.low is None or pair.high is None:
        return "-"
    return " and ".join(_signed(one) for one in (pair.low, pair.high))


def _signed(found: Estimate) -> str:
    return f"{found.value:+.1f} ({found.low:.1f} to {found.high:.1f})"


def bland_altman(pairs: Sequence[PairCounts]) -> str:
    """Second less first against their mean, one panel a pair (doi 10.1016/S0140-6736(86)90837-8)."""
    rows = -(-len(pairs) // _ACROSS)
    with rc_context(FIGURE_STYLE):
        figure = Figure(figsize=(3.1 * min(len(pairs), _ACROSS), 2.7 * rows), layout="constrained")
        axes = figure.subplots(rows, min(len(pairs), _ACROSS), squeeze=False).ravel()
        for panel, pair in zip(axes, pairs, strict=False):
            _draw_pair(panel, pair)
        for panel in axes[len(pairs) :]:
            panel.set_axis_off()
    return svg_text(figure)


def _draw_pair(panel: Axes, pair: PairCounts) -> None:
    first, second = np.array(pair.counts, np.float64).T
    panel.scatter((first + second) / 2, second - first, s=16, color=_BLUE, alpha=0.7, linewidths=0)
    panel.axhline(0, color="#999999", linewidth=0.8)
    panel.axhline(pair.mean_difference, color=INK, linewidth=1.2)
    for limit in (pair.low, pair.high):
        if limit is not None:
            panel.axhspan(limit.low, limit.high, color="#999999", alpha=0.18, linewidth=0)
            panel.axhline(limit.value, color=INK, linewidth=0.9, linestyle="dashed")
    panel.set(title=f"{pair.second} less {pair.first}", xlabel="mean of both")
    panel.margins(0.08)
