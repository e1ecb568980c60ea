"""overview.png: the section as a whole with what was found drawn on it, and the fibers that decide beside it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from histo.evidence import Infiltrate
from histo.findings import CellClass, Cells, FiberClass, Findings
from histo.report.choice import SHOWN_CLASSES, leading
from histo.report.crops import FiberCrop, SlidePictures
from histo.report.pictures import Picture
from histo.report.section import NO_PIXELS, draw_section, shown_rgb
from histo.report.style import CELL_STYLES, FIBER_STYLES, INK, RESEARCH_USE
from histo.tissue import ArtefactClass, TissueMap

DPI = 150
SECTION_IN = (9.2, 13.5)
"""Largest width and height of the section in the figure."""
HEAD_IN = 1.25
SIDE_IN = 4.5
"""Width of the column of crops and legend."""
INSETS = 8
INSET_COLUMNS = 2
LEGEND_IN = 2.4


def draw_overview(
    path: Path,
    *,
    findings: Findings,
    infiltrate: Infiltrate | None,
    tissue: TissueMap,
    pictures: SlidePictures,
    name: str,
    scale: str,
    headline: str,
) -> None:
    """Draw the figure.

    Args:
        path: Where to write the PNG; the same input gives the same bytes.
        findings: What to draw.
        infiltrate: Counts of inflammatory cells for the legend; None where they are not assessed, and then none is
            drawn.
        tissue: Tells which places were set aside.
        pictures: Of the slide.
        name: Of the slide.
        scale: Of the slide, and where it was read, in words.
        headline: The pattern, or that none is given.
    """
    layout = Layout.around(pictures.overview)
    figure = Figure(figsize=(layout.width_in, layout.height_in), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    for text, down_in, size, weight, color in (
        (headline, 0.36, 19.0, "bold", INK),
        (f"{name}  ·  {RESEARCH_USE}", 0.70, 11.5, "normal", "#555555"),
        (f"Scale: {scale}", 0.96, 11.5, "normal", "#555555"),
    ):
        y = 1 - down_in / layout.height_in
        figure.text(0.3 / layout.width_in, y, text, fontsize=size, weight=weight, color=color, va="center")
    chosen = leading([crop.fiber_class for crop in pictures.crops], INSETS)
    shown = [(chr(ord("A") + place), pictures.crops[index]) for place, index in enumerate(chosen)]
    section = figure.add_axes(layout.box(0.3, HEAD_IN, layout.section_width_in, layout.section_height_in))
    drawn = findings if infiltrate is not None else dataclasses.replace(findings, cells=Cells.empty())
    draw_section(section, pictures.overview, drawn, tissue, shown, layout.section_width_in * DPI)
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


def _draw_insets(figure: Figure, layout: Layout, shown: list[tuple[str, FiberCrop]]) -> float:
    """Draw the crops two by two; gives how far down they reach, in inches."""
    if not shown:
        message = "No necrotic, phagocytosed or regenerating\nfiber was found."
        x, y = layout.side_left_in / layout.width_in, 1 - HEAD_IN / layout.height_in
        figure.text(x, y, message, fontsize=13, color=INK, va="top")
        return HEAD_IN + 0.8
    title_in, gap_in = 0.24, 0.1
    room_in = (layout.height_in - HEAD_IN - LEGEND_IN) / (INSETS // INSET_COLUMNS)
    side_in = min(SIDE_IN / INSET_COLUMNS - gap_in, room_in - title_in - gap_in)
    for index, (letter, crop) in enumerate(shown):
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
    axes.imshow(shown_rgb(crop.picture, 0.0), extent=crop.picture.extent_um, interpolation="antialiased")
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


def _count(infiltrate: Infiltrate | None, kind: CellClass) -> str:
    if infiltrate is None:
        return "not assessed"
    density = infiltrate.lymphocyte_like if kind is CellClass.LYMPHOCYTE else infiltrate.macrophage_like
    return f"{density.cells:,}"


def _draw_legend(
    figure: Figure, layout: Layout, down_in: float, findings: Findings, infiltrate: Infiltrate | None, tissue: TissueMap
) -> None:
    corner = (layout.side_left_in / layout.width_in, 1 - down_in / layout.height_in)
    legend = figure.legend(
        handles=legend_handles(findings, infiltrate, tissue), loc="upper left", bbox_to_anchor=corner, borderaxespad=0,
        borderpad=0, frameon=False, fontsize=10.5, title=legend_title(findings),
    )  # fmt: skip
    legend.get_title().set_fontsize(10.5)
    legend.get_title().set_fontweight("bold")
    legend.set_alignment("left")


def legend_title(findings: Findings) -> str:
    """How many fibers there are, and how many of them are intact."""
    classes = findings.fibers.fiber_class
    intact = int(np.count_nonzero(classes == FiberClass.INTACT))
    return f"{len(classes):,} fibers, of which intact: {intact:,}"


def legend_handles(findings: Findings, infiltrate: Infiltrate | None, tissue: TissueMap | None) -> list[Line2D | Patch]:
    """What the marks on a section mean, with how many there are of each.

    Args:
        findings: What is drawn.
        infiltrate: Counts of inflammatory cells; None where they are not assessed.
        tissue: Tells what was set aside; None where that is not known any more.
    """
    handles: list[Line2D | Patch] = []
    classes = findings.fibers.fiber_class
    for kind in SHOWN_CLASSES:
        style = FIBER_STYLES[kind]
        count = int(np.count_nonzero(classes == kind))
        handles.append(
            Line2D([], [], linestyle="none", marker=style.marker, markersize=9, markerfacecolor=style.color,
                   markeredgecolor=INK, markeredgewidth=0.8, label=f"{style.plural}: {count:,}")
        )  # fmt: skip
    for cell_kind, cell_style in CELL_STYLES.items():
        label = f"{cell_style.label} cells outside necrotic fibers: {_count(infiltrate, cell_kind)}"
        handles.append(
            Line2D([], [], linestyle="none", marker=cell_style.marker, markersize=5, markerfacecolor=cell_style.color,
                   markeredgecolor="white", markeredgewidth=0.5, label=label)
        )  # fmt: skip
    if tissue is not None and np.any(tissue.artefact != ArtefactClass.NONE):
        handles.append(Patch(facecolor="none", edgecolor=INK, hatch="////", label="artefact, not read"))
    if tissue is not None and np.any(tissue.unreadable):
        handles.append(Patch(facecolor=NO_PIXELS, label="unreadable, not read"))
    return handles
