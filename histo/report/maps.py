"""Maps of one slide: where necrosis lies, where the infiltrate, and both against the fascicle edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch, Rectangle
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from histo.evidence import DensityMap, Measures, SlideEvidence, SlideObservation, slide_maps
from histo.evidence.fascicles import map_fascicles
from histo.evidence.infiltrate import sample_infiltrate
from histo.evidence.section import Section, section_of
from histo.findings import NECROTIC_CLASSES, Compartment
from histo.report.choice import SHOWN_CLASSES
from histo.report.image import Image, png_of
from histo.report.map_base import GRAYS, paint_fibers, quiet_picture
from histo.report.pictures import Picture
from histo.report.section import draw_scale_bar
from histo.report.style import CELL_STYLES, FIBER_STYLES, INK, Rgb

DPI = 200
WIDTH_IN = 4.6
TALLEST_IN = 5.6
LEGEND_ROW_IN = 0.19
FAINTEST = 0.02
"""Of the densest place: what is thinner is not shaded."""

_HEAT = LinearSegmentedColormap.from_list("histo heat", ["#fff4e6", "#fdb863", "#c8541b", "#6b2400"])
_DENSITY = LinearSegmentedColormap.from_list("histo density", ["#eef6fb", "#8fc1e3", "#2b7bb9", "#0b2f59"])
_PERIMYSIUM_RGB, _EDGE_RGB, _INNER_RGB = (88, 96, 108), (156, 188, 220), (233, 234, 238)
"""Far apart in lightness too."""
_AT_EDGE, _INSIDE = "#d55e00", "#ffffff"


@dataclass(frozen=True, slots=True)
class SlideMap:
    """One map.

    Attributes:
        key: `necrosis`, `infiltrate`, `necrosis_position` or `atrophy_position`.
        image: The picture.
        alt: What one sees.
    """

    key: str
    image: Image
    alt: str


def draw_maps(observation: SlideObservation, evidence: SlideEvidence, measures: Measures) -> tuple[SlideMap, ...]:
    """Draw what can be drawn; a map of something that was not assessed is left out.

    Args:
        observation: What was found on the slide.
        evidence: What it amounts to.
        measures: How it was measured.
    """
    section, base = section_of(observation), quiet_picture(observation.findings.compartments)
    if not len(section):
        return ()
    densities = slide_maps(observation, measures)
    maps = [_necrosis_map(section, base, densities.necrosis, measures)]
    if densities.infiltrate is not None:
        maps.append(_infiltrate_map(section, base, densities.infiltrate, evidence, measures))
    if evidence.numbers.fascicles.perimysium_mm2 > 0:
        maps += _position_maps(section, base, evidence, measures)
    return tuple(maps)


def _necrosis_map(section: Section, base: Picture, density: DensityMap, measures: Measures) -> SlideMap:
    classes, center_um = section.fiber_class, section.center_um
    necrotic = section.necrotic
    count = int(necrotic.sum())
    handles: list[Line2D | Patch] = []

    def draw(axes: Axes) -> None:
        if count >= measures.spatial_min_fibers:
            _draw_heat(axes, density, base, _HEAT, f"per mm² in a field of {measures.field_mm2:g} mm²")
        for kind in reversed([one for one in SHOWN_CLASSES if one in NECROTIC_CLASSES]):
            style, points = FIBER_STYLES[kind], center_um[classes == kind]
            _scatter(axes, points, style.marker, style.color, INK, _size(count), 0.6)
            label = f"{style.plural}: {len(points):,}"
            handles.append(_marker(style.marker, style.color, INK, label))

    alt = f"Map of {count:,} necrotic fibers on {section.name}, each kind with its own marker"
    return SlideMap("necrosis", _render(base, draw, handles), alt)


def _infiltrate_map(
    section: Section, base: Picture, density: DensityMap, evidence: SlideEvidence, measures: Measures
) -> SlideMap:
    counted_um = sample_infiltrate(section, measures).center_um
    kinds = section.cell_class[cKDTree(section.cell_center_um).query(counted_um)[1]] if len(counted_um) else []
    infiltrate = evidence.numbers.infiltrate
    handles: list[Line2D | Patch] = []

    def draw(axes: Axes) -> None:
        if len(counted_um) >= measures.spatial_min_fibers:
            _draw_heat(axes, density, base, _DENSITY, f"per mm² in a field of {measures.field_mm2:g} mm²")
        for kind, style in CELL_STYLES.items():
            points = counted_um[np.asarray(kinds) == kind]
            size = style.size * _size(len(counted_um)) / 2.5
            _scatter(axes, points, style.marker, style.color, "white", size, 0.3)
            handles.append(_marker(style.marker, style.color, "white", f"{style.label}: {len(points):,}"))
        if infiltrate is None:
            return
        for cluster in infiltrate.clusters:
            axes.add_patch(Circle(cluster.center_um, 70.0, fill=False, edgecolor=INK, linewidth=1.2, zorder=6))
        if infiltrate.clusters:
            label = f"clusters of {measures.cluster_cells} or more: {len(infiltrate.clusters):,}"
            handles.append(_marker("o", "none", INK, label))
        if infiltrate.worst_field is not None:
            side_um = 1000 * infiltrate.worst_field.field_mm2**0.5
            corner = [center - side_um / 2 for center in infiltrate.worst_field.center_um]
            square = Rectangle((corner[0], corner[1]), side_um, side_um, fill=False, edgecolor=INK, linewidth=1.1,
                               linestyle="dashed", zorder=6)  # fmt: skip
            axes.add_patch(square)
            field = infiltrate.worst_field
            label = f"densest field of {field.field_mm2:g} mm²: {field.cells:,} cells"
            handles.append(Line2D([], [], color=INK, linestyle="dashed", label=label))

    alt = f"Map of {len(counted_um):,} inflammatory cells outside necrotic fibers on {section.name}"
    return SlideMap("infiltrate", _render(base, draw, handles), alt)


def _position_maps(section: Section, base: Picture, evidence: SlideEvidence, measures: Measures) -> list[SlideMap]:
    geometry = map_fascicles(section, evidence.numbers.fascicles.edge_zone_um, measures)
    fibers = section.findings.fibers
    edge, inner = section.fiber_row[geometry.at_edge], section.fiber_row[~geometry.at_edge]
    dark = base.rgb.copy()
    dark[(dark == GRAYS[Compartment.PERIMYSIUM]).all(axis=-1)] = _PERIMYSIUM_RGB
    painted = paint_fibers(replace(base, rgb=dark), fibers, ((inner, _INNER_RGB), (edge, _EDGE_RGB)))
    ids = evidence.ids
    maps = []
    for key, noun, rows, at_edge in (
        ("necrosis_position", "necrotic fibers", ids.necrotic, ids.necrotic_at_edge),
        ("atrophy_position", "small fibers", ids.atrophic, ids.atrophic_at_edge),
    ):
        if key == "atrophy_position" and len(rows) < measures.spatial_min_fibers:
            continue
        inside = sorted(set(rows) - set(at_edge))
        handles: list[Line2D | Patch] = [
            _marker("D", _AT_EDGE, INK, f"{noun} at a fascicle edge: {len(at_edge):,}"),
            _marker("o", _INSIDE, INK, f"other {noun}: {len(inside):,}"),
            _patch(_EDGE_RGB, f"fibers at an edge: {len(edge):,}"),
            _patch(_PERIMYSIUM_RGB, "perimysium"),
        ]

        def draw(
            axes: Axes, inside: list[int] = inside, at_edge: tuple[int, ...] = at_edge, size: float = _size(len(rows))
        ) -> None:
            for members, marker, color in ((inside, "o", _INSIDE), (list(at_edge), "D", _AT_EDGE)):
                points = fibers.center_um[members]
                _scatter(axes, points, marker, color, INK, size, 0.7)

        alt = f"Map of {len(rows):,} {noun} on {section.name}, of which {len(at_edge):,} lie at a fascicle edge"
        maps.append(SlideMap(key, _render(painted, draw, handles), alt))
    return maps


def _draw_heat(axes: Axes, density: DensityMap, base: Picture, colors: LinearSegmentedColormap, label: str) -> None:
    """Shade the tissue by the very map that is exported."""
    values = np.nan_to_num(density.per_mm2)
    most = float(values.max())
    if most <= 0:
        return
    height_um, width_um = (side * density.mpp.um_per_px for side in values.shape)
    shown = np.ma.masked_less(values, FAINTEST * most)
    image = axes.imshow(
        shown, extent=(0, width_um, height_um, 0), cmap=colors, vmin=0, vmax=most, alpha=0.75, interpolation="bilinear",
        zorder=2,
    )  # fmt: skip
    # The pixels of the map are coarse: at the rim they would lie over glass.
    glass = np.full((*base.valid.shape, 4), 255, np.uint8)
    glass[..., 3] *= base.rgb.min(axis=-1) == 255
    axes.imshow(glass, extent=base.extent_um, interpolation="nearest", zorder=3)
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.035, pad=0.02, shrink=0.7)
    bar.set_label(label, fontsize=8, color=INK)
    bar.ax.tick_params(labelsize=8, colors=INK)
    bar.outline.set_visible(False)


def _size(count: int) -> float:
    """Of a marker, in square points: smaller where there are many."""
    return float(np.clip(4000 / max(count, 1), 7.0, 34.0))


def _scatter(
    axes: Axes, points_um: NDArray[np.floating], marker: str, color: str | Rgb, edge: str, size: float, rim: float
) -> None:
    x_um, y_um = points_um[:, 0], points_um[:, 1]
    axes.scatter(x_um, y_um, s=size, marker=marker, color=[color], edgecolors=edge, linewidths=rim, zorder=5)


def _marker(marker: str, color: str | Rgb, edge: str, label: str) -> Line2D:
    return Line2D([], [], linestyle="none", marker=marker, markersize=6, markerfacecolor=color, markeredgecolor=edge,
                  markeredgewidth=0.8, label=label)  # fmt: skip


def _patch(color: tuple[int, int, int], label: str) -> Patch:
    red, green, blue = color
    return Patch(facecolor=(red / 255, green / 255, blue / 255), label=label)


def _render(base: Picture, draw: Callable[[Axes], None], handles: list[Line2D | Patch]) -> Image:
    left, right, bottom, top = base.extent_um
    height_in = min(WIDTH_IN * (bottom - top) / (right - left), TALLEST_IN)
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, facecolor="white", layout="constrained")
    axes = figure.subplots()
    axes.imshow(base.rgb, extent=base.extent_um, interpolation="antialiased", zorder=1)
    draw(axes)
    figure.set_size_inches(WIDTH_IN, height_in + LEGEND_ROW_IN * len(handles) + 0.1)
    draw_scale_bar(axes, left, right, bottom, top)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    if handles:
        figure.legend(handles=handles, loc="outside lower left", frameon=False, fontsize=8.5, ncols=1, borderpad=0)
    return png_of(figure)
