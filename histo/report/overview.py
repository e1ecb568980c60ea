"""overview.png: the section as a whole with what was found drawn on it, and the fibers that decide beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from histo.evidence import Infiltrate
from histo.findings import NECROTIC_CLASSES, CellClass, FiberClass, Findings
from histo.report.choice import SHOWN_CLASSES, leading
from histo.report.pictures import FiberCrop, Picture, SlidePictures
from histo.report.style import CELL_STYLES, FIBER_STYLES, RESEARCH_USE
from histo.tissue import ArtefactClass, TissueMap

DPI = 150
SECTION_IN = (9.2, 13.5)
"""Largest width and height of the section in the figure."""
HEAD_IN = 1.0
SIDE_IN = 4.5
"""Width of the column of crops and legend."""
INSETS = 8
INSET_COLUMNS = 2
LEGEND_IN = 2.6
INK = "#222222"
FADE = 0.3
"""How far the stain is faded toward white under the drawing, so that marks stand out."""

SMALLEST_DRAWN_PX = 14.0
"""A fiber narrower than this in the figure gets a marker, or nobody would see it."""


def draw_overview(
    path: Path,
    *,
    findings: Findings,
    infiltrate: Infiltrate,
    tissue: TissueMap,
    pictures: SlidePictures,
    name: str,
    headline: str,
) -> None:
    """Draw the figure.

    Args:
        path: Where to write the PNG; the same input gives the same bytes.
        findings: What to draw.
        infiltrate: Counts of inflammatory cells for the legend.
        tissue: Tells which places were set aside.
        pictures: Of the slide.
        name: Of the slide.
        headline: The pattern, or that none is given.
    """
    layout = Layout.around(pictures.overview)
    figure = Figure(figsize=(layout.width_in, layout.height_in), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    for text, down_in, size, weight, color in (
        (headline, 0.36, 19.0, "bold", INK),
        (f"{name}  ·  {RESEARCH_USE}", 0.70, 11.5, "normal", "#555555"),
    ):
        y = 1 - down_in / layout.height_in
        figure.text(0.3 / layout.width_in, y, text, fontsize=size, weight=weight, color=color, va="center")
    shown = [pictures.crops[i] for i in leading([crop.fiber_class for crop in pictures.crops], INSETS)]
    section = figure.add_axes(layout.box(0.3, HEAD_IN, layout.section_width_in, layout.section_height_in))
    _draw_section(section, pictures.overview, findings, tissue, shown)
    legend_down_in = _draw_insets(figure, layout, shown)
    _draw_legend(figure, layout, legend_down_in, findings, infiltrate, tissue)
    figure.savefig(path, format="png", metadata={"Software": None})


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie on the figure, in inches from its top left corner.

    Attributes:
        section_width_in: Of the picture of the section.
        section_height_in: Of the same.
    """

    section_width_in: float
    section_height_in: float

    @staticmethod
    def around(picture: Picture) -> Layout:
        """The picture as large as fits, whatever its shape."""
        height, width = picture.valid.shape
        scale = min(SECTION_IN[0] / width, SECTION_IN[1] / height)
        return Layout(width * scale, height * scale)

    @property
    def width_in(self) -> float:
        """Of the whole figure."""
        return max(self.section_width_in + SIDE_IN + 0.6, 10.5)

    @property
    def height_in(self) -> float:
        """Of the whole figure: the section, or what stands beside it."""
        return max(self.section_height_in + HEAD_IN + 0.3, 9.6)

    @property
    def side_left_in(self) -> float:
        """Left border of the column of crops and legend."""
        return self.section_width_in + 0.6

    def box(
        self, left_in: float, down_in: float, width_in: float, height_in: float
    ) -> tuple[float, float, float, float]:
        """A rectangle in the figure's own coordinates: left, bottom, width, height."""
        bottom = 1 - (down_in + height_in) / self.height_in
        return left_in / self.width_in, bottom, width_in / self.width_in, height_in / self.height_in


def _shown_rgb(picture: Picture, fade: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The picture faded toward white; places without pixels become a gray that no slide has."""
    rgb = picture.rgb.astype(np.float32) * (1 - fade) + 255 * fade
    rgb[~picture.valid] = (176, 176, 184)
    return np.asarray(np.round(rgb), np.uint8)


def _draw_section(axes: Axes, picture: Picture, findings: Findings, tissue: TissueMap, shown: list[FiberCrop]) -> None:
    left, right, bottom, top = picture.extent_um
    axes.imshow(_shown_rgb(picture, FADE), extent=picture.extent_um, interpolation="antialiased")
    _draw_set_aside(axes, tissue)
    _draw_cells(axes, findings)
    width_px = axes.get_position().width * axes.figure.get_figwidth() * DPI
    _draw_fibers(axes, findings, (right - left) / width_px)
    halo = [withStroke(linewidth=3.5, foreground="white")]
    for letter, crop in zip(_letters(), shown, strict=False):
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
        )
    _draw_scale_bar(axes, left, right, bottom, top)
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
                points[:, 0], points[:, 1], s=size, color=[style.color], edgecolors="white", linewidths=0.3, zorder=3
            )


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


def _letters() -> list[str]:
    return [chr(ord("A") + index) for index in range(INSETS)]


def _draw_scale_bar(axes: Axes, left: float, right: float, bottom: float, top: float) -> None:
    length_um = scale_bar_um(right - left)
    text = f"{length_um / 1000:g} mm" if length_um >= 100 else f"{length_um:g} µm"
    x, y = left + 0.03 * (right - left), bottom - 0.03 * (bottom - top)
    stroke = [withStroke(linewidth=7, foreground="white")]
    axes.plot([x, x + length_um], [y, y], color=INK, linewidth=4, solid_capstyle="butt", path_effects=stroke, zorder=9)
    axes.annotate(
        text,
        (x + length_um / 2, y),
        xytext=(0, 6),
        textcoords="offset points",
        ha="center",
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


def _draw_insets(figure: Figure, layout: Layout, shown: list[FiberCrop]) -> float:
    """Draw the crops two by two; gives how far down they reach, in inches."""
    if not shown:
        message = "No necrotic, phagocytosed or regenerating\nfiber was found."
        x, y = layout.side_left_in / layout.width_in, 1 - HEAD_IN / layout.height_in
        figure.text(x, y, message, fontsize=13, color=INK, va="top")
        return HEAD_IN + 0.8
    title_in, gap_in = 0.24, 0.1
    room_in = (layout.height_in - HEAD_IN - LEGEND_IN) / (INSETS // INSET_COLUMNS)
    side_in = min(SIDE_IN / INSET_COLUMNS - gap_in, room_in - title_in - gap_in)
    for index, (letter, crop) in enumerate(zip(_letters(), shown, strict=False)):
        row, column = divmod(index, INSET_COLUMNS)
        down_in = HEAD_IN + title_in + row * (side_in + title_in + gap_in)
        left_in = layout.side_left_in + column * SIDE_IN / INSET_COLUMNS
        axes = figure.add_axes(layout.box(left_in, down_in, side_in, side_in))
        draw_crop(axes, crop)
        title = f"{letter}  {FIBER_STYLES[crop.fiber_class].label}, p {crop.probability:.2f}"
        axes.set_title(title, fontsize=9, loc="left", color=INK, pad=3)
    rows = math.ceil(len(shown) / INSET_COLUMNS)
    return HEAD_IN + rows * (side_in + title_in + gap_in) + 0.1


def draw_crop(axes: Axes, crop: FiberCrop) -> None:
    """Draw one fiber with its outline on unfaded pixels."""
    axes.imshow(_shown_rgb(crop.picture, 0.0), extent=crop.picture.extent_um, interpolation="antialiased")
    color = FIBER_STYLES[crop.fiber_class].color
    ring = np.concatenate([crop.outline_um, crop.outline_um[:1]])
    casing = [withStroke(linewidth=3.2, foreground=INK)]
    axes.plot(ring[:, 0], ring[:, 1], color=color, linewidth=1.6, path_effects=casing)
    left, right, bottom, top = crop.picture.extent_um
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(color)
        spine.set_linewidth(2)


def _draw_legend(
    figure: Figure, layout: Layout, down_in: float, findings: Findings, infiltrate: Infiltrate, tissue: TissueMap
) -> None:
    handles: list[Line2D | Patch] = []
    classes = findings.fibers.fiber_class
    for kind in SHOWN_CLASSES:
        style = FIBER_STYLES[kind]
        count = int(np.count_nonzero(classes == kind))
        handles.append(
            Line2D([], [], linestyle="none", marker=style.marker, markersize=9, markerfacecolor=style.color,
                   markeredgecolor=INK, markeredgewidth=0.8, label=f"{style.plural}: {count:,}")
        )  # fmt: skip
    counts = {
        CellClass.LYMPHOCYTE: infiltrate.lymphocyte_like.cells,
        CellClass.MACROPHAGE: infiltrate.macrophage_like.cells,
    }
    for cell_kind, cell_style in CELL_STYLES.items():
        label = f"{cell_style.label} cells outside necrotic fibers: {counts[cell_kind]:,}"
        handles.append(
            Line2D([], [], linestyle="none", marker="o", markersize=5, markerfacecolor=cell_style.color,
                   markeredgecolor="white", markeredgewidth=0.5, label=label)
        )  # fmt: skip
    if np.any(tissue.artefact != ArtefactClass.NONE):
        handles.append(Patch(facecolor="none", edgecolor=INK, hatch="////", label="artefact, not read"))
    if np.any(tissue.unreadable):
        handles.append(Patch(facecolor=(176 / 255, 176 / 255, 184 / 255), label="unreadable, not read"))
    intact = int(np.count_nonzero(classes == FiberClass.INTACT))
    title = f"{len(classes):,} fibers, of which intact: {intact:,}"
    corner = (layout.side_left_in / layout.width_in, 1 - down_in / layout.height_in)
    legend = figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=corner, borderaxespad=0, borderpad=0, frameon=False,
        fontsize=10.5, title=title,
    )  # fmt: skip
    legend.get_title().set_fontsize(10.5)
    legend.get_title().set_fontweight("bold")
    legend.set_alignment("left")
