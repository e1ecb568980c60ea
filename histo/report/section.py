"""The section in a figure: pixels, what was set aside, cells, fibers, letters and a scale bar."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.patheffects import withStroke

from histo.findings import NECROTIC_CLASSES, Findings
from histo.report.choice import SHOWN_CLASSES
from histo.report.crops import FiberCrop
from histo.report.pictures import Picture
from histo.report.style import CELL_STYLES, FIBER_STYLES, INK
from histo.tissue import ArtefactClass, TissueMap

FADE = 0.3
"""How far the stain is faded toward white under the drawing, so that marks stand out."""

SMALLEST_DRAWN_PX = 14.0
"""A fiber narrower than this in the figure gets a marker, or nobody would see it."""

NO_PIXELS = "#b0b0b8"
"""A gray that no slide has: here there were no pixels."""


def shown_rgb(picture: Picture, fade: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The picture faded toward white; places without pixels become a gray that no slide has."""
    rgb = picture.rgb.astype(np.float32) * (1 - fade) + 255 * fade
    rgb[~picture.valid] = 255 * np.array(to_rgb(NO_PIXELS))
    return np.asarray(np.round(rgb), np.uint8)


def draw_section(
    axes: Axes,
    picture: Picture,
    findings: Findings,
    tissue: TissueMap | None,
    letters: list[tuple[str, FiberCrop]],
    width_px: float,
) -> None:
    """Draw the section with everything found on it.

    Args:
        axes: Where.
        picture: The section.
        findings: In slide micrometers.
        tissue: Tells which places were set aside; None where that is not known any more.
        letters: Fibers that are shown larger elsewhere, and the letter of each.
        width_px: Of the section in the figure.
    """
    left, right, bottom, top = picture.extent_um
    axes.imshow(shown_rgb(picture, FADE), extent=picture.extent_um, interpolation="antialiased")
    if tissue is not None:
        _draw_set_aside(axes, tissue)
    _draw_cells(axes, findings)
    _draw_fibers(axes, findings, (right - left) / width_px)
    halo = [withStroke(linewidth=3.5, foreground="white")]
    for letter, crop in letters:
        axes.annotate(
            letter,
            crop.center_um,
            xytext=(9, 9),
            textcoords="offset points",
            fontsize=12,
            weight="bold",
            color=INK,
            path_effects=halo,
            clip_on=True,
            zorder=10,
        )
    draw_scale_bar(axes, left, right, bottom, top)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_anchor("NW")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#bbbbbb")


def _draw_set_aside(axes: Axes, tissue: TissueMap) -> None:
    """Hatch what was rejected as artefact: it was not read, and must not look as if nothing was found there."""
    mask = tissue.artefact != ArtefactClass.NONE
    if not mask.any() or min(mask.shape) < 2:
        return
    rows, columns = mask.shape
    pixel = tissue.mpp.um_per_px
    x, y = (np.arange(columns) + 0.5) * pixel, (np.arange(rows) + 0.5) * pixel
    axes.contourf(x, y, mask.astype(np.float32), levels=[0.5, 1.5], colors="none", hatches=["////"])


def _draw_cells(axes: Axes, findings: Findings) -> None:
    """Put a dot on every inflammatory cell that is not inside a necrotic fiber: those belong to its phagocytosis."""
    cells, fibers = findings.cells, findings.fibers
    necrotic = np.append(np.isin(fibers.fiber_class, NECROTIC_CLASSES), False)  # row -1: in no fiber
    outside = ~necrotic[cells.fiber]
    for kind, style in CELL_STYLES.items():
        points = cells.center_um[outside & (cells.cell_class == kind)]
        if len(points):
            size = float(np.clip(6000 / len(points), 3.0, 14.0))
            axes.scatter(
                points[:, 0], points[:, 1], s=style.size * size, marker=style.marker, color=[style.color],
                edgecolors="white", linewidths=0.3, zorder=3,
            )  # fmt: skip


def _draw_fibers(axes: Axes, findings: Findings, um_per_figure_px: float) -> None:
    fibers = findings.fibers
    # The rarest and most telling class is drawn last, on top.
    for kind in reversed(SHOWN_CLASSES):
        style = FIBER_STYLES[kind]
        rows = np.flatnonzero(fibers.fiber_class == kind)
        if not len(rows):
            continue
        seen = fibers.min_feret_um[rows] >= SMALLEST_DRAWN_PX * um_per_figure_px
        outlines = [fibers.outline(int(row)) for row in rows[seen]]
        casing = PolyCollection(outlines, facecolors="none", edgecolors=INK, linewidths=2.4, zorder=4)
        fill = (*style.color, 0.35)
        lines = PolyCollection(
            outlines, facecolors=[fill], edgecolors=[style.color], linewidths=1.5, linestyles=style.dash, zorder=5
        )
        axes.add_collection(casing, autolim=False)
        axes.add_collection(lines, autolim=False)
        small = rows[~seen]
        axes.scatter(
            fibers.center_um[small, 0],
            fibers.center_um[small, 1],
            s=float(np.clip(20_000 / max(len(small), 1), 14.0, 34.0)),
            marker=style.marker,
            color=[style.color],
            edgecolors=INK,
            linewidths=0.8,
            zorder=6,
        )


def draw_scale_bar(axes: Axes, left: float, right: float, bottom: float, top: float) -> None:
    """Draw a bar of a round length at the lower left; the borders are those of the picture, in micrometers."""
    length_um = scale_bar_um(right - left)
    text = f"{length_um / 1000:g} mm" if length_um >= 100 else f"{length_um:g} µm"
    x, y = left + 0.03 * (right - left), bottom - 0.03 * (bottom - top)
    stroke = [withStroke(linewidth=7, foreground="white")]
    axes.plot([x, x + length_um], [y, y], color=INK, linewidth=4, solid_capstyle="butt", path_effects=stroke, zorder=9)
    axes.annotate(
        text,
        (x, y),
        xytext=(0, 6),
        textcoords="offset points",
        ha="left",  # a bar may be narrower than its text
        fontsize=12,
        weight="bold",
        color=INK,
        path_effects=[withStroke(linewidth=3.5, foreground="white")],
        zorder=9,
    )


def scale_bar_um(width_um: float) -> float:
    """The longest of 1, 2 or 5 times a power of ten that is at most a quarter of a width, both in um."""
    power = 10.0 ** math.floor(math.log10(width_um / 4))
    return max(factor * power for factor in (1.0, 2.0, 5.0) if factor * power <= width_um / 4)
