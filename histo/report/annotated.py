"""What was understood of an annotation file, drawn on the slide: as a whole, and one place magnified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from histo.annotations import Annotations
from histo.findings import CellClass, FiberClass
from histo.geometry import Mpp, Region
from histo.records import CELL_NAMES, COLORS
from histo.report.pictures import Picture
from histo.report.section import shown_rgb
from histo.report.style import FIBER_STYLES, INK
from histo.slide import SlideReader

DPI = 110
PANEL_IN = 8.0
HEAD_IN, FOOT_IN = 0.6, 1.1

WINDOW_UM = 400.0
WINDOW_MPP = Mpp(0.5)

_REGION, _UNSURE, _AREA = "#009e73", "#d55e00", "#56b4e9"


def take_window(reader: SlideReader, annotations: Annotations) -> Picture | None:
    """The place where most disease, else most of all, was drawn; None if nothing was.

    At 0.5 um per pixel, or the slide's own scale if that is coarser.
    """
    fibers = shapely.get_coordinates(shapely.centroid(annotations.fibers.outlines))
    diseased = fibers[annotations.fibers.fiber_class != FiberClass.INTACT]
    areas = shapely.get_coordinates(shapely.centroid(annotations.areas.outlines))
    centers = next(
        (c for c in (diseased, fibers, annotations.cells.center_um.astype(np.float64), areas) if len(c)), None
    )
    if centers is None:
        return None
    _, member, counts = np.unique(np.floor(centers / WINDOW_UM), axis=0, return_inverse=True, return_counts=True)
    middle = centers[member.ravel() == int(np.argmax(counts))].mean(axis=0)
    mpp = Mpp(max(WINDOW_MPP.um_per_px, reader.info.scale.mpp.um_per_px))
    side = mpp.px(WINDOW_UM)
    x, y = (round(mpp.to_px(float(at) - WINDOW_UM / 2)) for at in middle)
    pixels = reader.read(Region(x, y, side, side), mpp)
    return Picture(pixels.rgb, pixels.valid, (mpp.to_um(float(x)), mpp.to_um(float(y))), mpp)


def draw_annotations(
    path: Path, annotations: Annotations, *, overview: Picture, window: Picture | None, headline: str
) -> None:
    """Draw the figure.

    Args:
        path: Where to write the PNG; the same input gives the same bytes.
        annotations: What to draw, in slide micrometers.
        overview: The section.
        window: A place to show magnified.
        headline: What the check found, in a line.
    """
    pictures = [picture for picture in (overview, window) if picture is not None]
    width, height = PANEL_IN * len(pictures), PANEL_IN + HEAD_IN + FOOT_IN
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.01, 1 - HEAD_IN / 2 / height, headline, fontsize=14, weight="bold", color=INK, va="center")
    for index, picture in enumerate(pictures):
        box = (index / len(pictures) + 0.005, FOOT_IN / height, 1 / len(pictures) - 0.01, PANEL_IN / height)
        _draw(figure.add_axes(box), annotations, picture, fine=index == 1)
    figure.legend(
        handles=list(_legend(annotations)), loc="lower left", ncols=5 * len(pictures) // 2, frameon=False, fontsize=10
    )
    figure.savefig(path, format="png", metadata={"Software": None})


def _draw(axes: Axes, annotations: Annotations, picture: Picture, *, fine: bool) -> None:
    axes.imshow(shown_rgb(picture, 0.0 if fine else 0.25), extent=picture.extent_um, interpolation="antialiased")
    _rings(axes, annotations.areas.outlines, _AREA, 1.5 if fine else 0.8, "dashed")
    for known in (annotations.fibers_known, annotations.cells_known, annotations.compartments_known):
        # The own areas of single objects would only thicken their outlines.
        regions = [part for part in shapely.get_parts(known) if part.area > _LARGE_UM2]
        _rings(axes, np.array(regions, object), _REGION, 2.5, "solid")
    _rings(axes, shapely.get_parts(annotations.unsure), _UNSURE, 1.5, "dotted")
    fibers = annotations.fibers
    for kind, style in FIBER_STYLES.items():
        drawn = fibers.outlines[fibers.fiber_class == kind]
        _rings(axes, drawn, INK if kind is FiberClass.INTACT else style.color, 1.6 if fine else 0.7, style.dash)
    cells = annotations.cells
    for cell in CellClass:
        x, y = cells.center_um[cells.cell_class == cell].T
        color = np.array(COLORS[CELL_NAMES[cell]]) / 255
        axes.scatter(x, y, s=30 if fine else 4, color=[color], edgecolors="white", linewidths=0.6 if fine else 0.2)
    left, right, bottom, top = picture.extent_um
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_xlabel(f"{(right - left) / 1000:.2f} mm across", color=INK)
    axes.set_xticks([])
    axes.set_yticks([])


_LARGE_UM2 = 20_000.0
"""Larger than any fiber: a region, or many objects grown together."""


def _rings(axes: Axes, shapes: np.ndarray, color: object, width: float, dash: str) -> None:
    rings = [shapely.get_coordinates(ring) for shape in shapes for ring in (shape.exterior, *shape.interiors)]
    axes.add_collection(PolyCollection(rings, facecolors="none", edgecolors=[color], linewidths=width, linestyles=dash))


def _legend(annotations: Annotations) -> Iterator[Line2D | Patch]:
    fibers, cells = annotations.fibers, annotations.cells
    for kind, style in FIBER_STYLES.items():
        if count := int(np.count_nonzero(fibers.fiber_class == kind)):
            color = INK if kind is FiberClass.INTACT else style.color
            yield Line2D([], [], color=color, linestyle=style.dash, label=f"{style.plural}: {count:,}")  # type: ignore[arg-type]
    for cell in CellClass:
        if count := int(np.count_nonzero(cells.cell_class == cell)):
            color = tuple(np.array(COLORS[CELL_NAMES[cell]]) / 255)
            yield Line2D([], [], linestyle="none", marker="o", color=color, label=f"{CELL_NAMES[cell]}: {count:,}")
    if len(annotations.areas):
        yield Line2D([], [], color=_AREA, linestyle="dashed", label=f"compartments: {len(annotations.areas):,}")
    if annotations.regions:
        yield Patch(facecolor="none", edgecolor=_REGION, linewidth=2, label="here absence counts")
    if not annotations.unsure.is_empty:
        yield Line2D([], [], color=_UNSURE, linestyle="dotted", label="unsure: nothing is learned")
