"""Redraws docs/images/annotation-*.png from phantoms: `python docs/draw_annotation_examples.py`.

The pictures show simulated muscle, so that the guide can be shared freely and redrawn when the simulator changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import NDArray

from histo.findings import CellClass, FiberAttribute, FiberClass
from histo.geometry import WORKING_MPP, Region
from histo.phantom import PhantomSpec
from histo.phantom.drawing import Renderer
from histo.phantom.look import typical_look
from histo.phantom.scene import Scene, build_scene

IMAGES = Path(__file__).parent / "images"
SIDE_UM = 900.0
SEED, LOOK = 11, 4
INK, MARK = "#222222", "#0072b2"

SPEC = replace(
    PhantomSpec(), pale=0.07, hyaline=0.07, myophagocytosis=0.1, late=0.3, regenerating=0.07, atrophic=0.06,
    internal_nuclei=0.08, vacuolated=0.06, opaque=0.06, invaded=0.06, foci_mm2=6.0, focus_um=70.0, cuffs=1.0,
    vessels_mm2=6.0, perimysial_mm2=10.0, fiber_um=54.0, fascicle_um=420.0,
)  # fmt: skip

Fits = NDArray[np.bool_]


class Examples:
    """One scene, and the fibers and nuclei in it that show something well."""

    def __init__(self) -> None:
        """Build and render the scene."""
        self.scene: Scene = build_scene(SPEC, SIDE_UM, SIDE_UM, SEED)
        side = WORKING_MPP.px(SIDE_UM)
        look = typical_look(np.random.default_rng(LOOK))
        self.rgb = Renderer(self.scene, look).render(Region(0, 0, side, side)).rgb
        self.center = shapely.get_coordinates(shapely.centroid(self.scene.fibers))
        self.taken: list[int] = []

    def fiber(self, fits: Fits, rank: NDArray[np.float64]) -> int:
        """The best-ranked fitting fiber that lies well inside and was not shown before."""
        inside = np.all((self.center > 70) & (self.center < SIDE_UM - 70), axis=1)
        fits = fits & inside
        fits[self.taken] = False
        if not fits.any():
            raise SystemExit("the scene shows no such fiber: choose another SEED")
        best = int(np.flatnonzero(fits)[np.argmax(rank[fits])])
        self.taken.append(best)
        return best

    def inside(self, kinds: tuple[CellClass, ...]) -> NDArray[np.float64]:
        """(N,) nuclei of these kinds that each fiber holds."""
        nuclei = self.scene.nuclei
        hosts = nuclei.host[np.isin(nuclei.cell_class, kinds) & (nuclei.host >= 0)]
        return np.bincount(hosts, minlength=len(self.scene.fibers)).astype(float)

    def deepest_nucleus_um(self) -> NDArray[np.float64]:
        """(N,) how far from the rim the deepest nucleus of each fiber lies; 0 without any."""
        deepest = np.zeros(len(self.scene.fibers))
        for host, center in zip(self.scene.nuclei.host, self.scene.nuclei.center_um, strict=True):
            if host >= 0:
                away = self.scene.fibers[host].exterior.distance(shapely.Point(center))
                deepest[host] = max(deepest[host], away)
        return deepest

    def darkness(self) -> NDArray[np.float64]:
        """(N,) how dark the middle of each fiber is."""
        column, row = np.clip(WORKING_MPP.to_px(self.center).astype(int), 8, len(self.rgb) - 9).T
        middles = [self.rgb[y - 8 : y + 8, x - 8 : x + 8].mean() for x, y in zip(column, row, strict=True)]
        return 255 - np.array(middles)

    def around(self) -> NDArray[np.float64]:
        """(N,) inflammatory cells outside each fiber, at most 8 um away."""
        nuclei = self.scene.nuclei
        outside = nuclei.center_um[(nuclei.host < 0) & (nuclei.cell_class <= CellClass.MACROPHAGE)]
        near = shapely.STRtree(shapely.points(outside)).query(self.scene.fibers, predicate="dwithin", distance=8.0)
        return np.bincount(near[0], minlength=len(self.scene.fibers)).astype(float)

    def show(self, axes: Axes, center: NDArray[np.float64], half_um: float, caption: str) -> None:
        """Draw the surroundings of a place."""
        low = np.round((center - half_um) / WORKING_MPP.um_per_px).astype(int)
        side = WORKING_MPP.px(2 * half_um)
        piece = self.rgb[low[1] : low[1] + side, low[0] : low[0] + side]
        left, top = low * WORKING_MPP.um_per_px
        right, bottom = left + piece.shape[1] * WORKING_MPP.um_per_px, top + piece.shape[0] * WORKING_MPP.um_per_px
        axes.imshow(piece, extent=(left, right, bottom, top), interpolation="lanczos")
        axes.set_title(caption, fontsize=9.5, loc="left", color=INK, pad=4)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.plot([left + 5, left + 25], [bottom - 5, bottom - 5], color="white", linewidth=4)
        axes.plot([left + 5, left + 25], [bottom - 5, bottom - 5], color=INK, linewidth=2)

    def outline(self, axes: Axes, row: int, color: str = MARK) -> None:
        """Draw one fiber's outline."""
        x, y = np.asarray(self.scene.fibers[row].exterior.coords).T
        left, right, bottom, top = *axes.get_xlim(), *axes.get_ylim()
        axes.plot(x, y, color=color, linewidth=1.4)
        axes.set_xlim(left, right)
        axes.set_ylim(bottom, top)


def panels(rows: int, columns: int, headings: list[str], side_in: float = 2.5) -> tuple[Figure, list[Axes]]:
    """A grid of pictures with a heading over each row."""
    figure = Figure(figsize=(side_in * columns, (side_in + 0.45) * rows), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False)
    figure.subplots_adjust(
        left=0.01, right=0.99, top=1 - 0.6 / ((side_in + 0.45) * rows), bottom=0.01, wspace=0.05, hspace=0.28
    )
    for heading, row in zip(headings, grid, strict=True):
        box = row[0].get_position()
        figure.text(0.01, box.y1 + 0.32 / ((side_in + 0.45) * rows), heading, fontsize=11, weight="bold", color=INK)
    return figure, list(grid.ravel())


def save(figure: Figure, name: str) -> None:
    """Write one picture."""
    figure.savefig(IMAGES / f"annotation-{name}.png", metadata={"Software": None})


def draw_fibers(examples: Examples) -> None:
    """Findings, each over what it is confused with."""
    scene, stage = examples.scene, examples.scene.stage
    kind, has = scene.fiber_class, scene.fiber_attributes
    intact = kind == FiberClass.INTACT
    plain = intact & ~has.any(axis=1)
    macrophages = examples.inside((CellClass.MACROPHAGE,))
    lymphocytes = examples.inside((CellClass.LYMPHOCYTE,))
    area = shapely.area(scene.fibers)
    typical = float(np.median(area))
    phagocytosis = kind == FiberClass.MYOPHAGOCYTOSIS
    figure, grid = panels(2, 4, ["Necrotic", "Near misses: draw as intact"])
    shown: list[tuple[Fits, NDArray[np.float64], str]] = [
        (kind == FiberClass.NECROTIC_PALE, area, "necrotic, pale"),
        (kind == FiberClass.NECROTIC_HYALINE, area, "necrotic, hyaline"),
        (phagocytosis & (stage < 0.7) & (area > typical), -np.abs(macrophages - 5), "myophagocytosis"),
        (phagocytosis & (stage > 0.75), area + 100 * macrophages, "myophagocytosis, late"),
        (intact & has[:, FiberAttribute.VACUOLATED], area, "intact, vacuolated"),
        (intact & has[:, FiberAttribute.OPAQUE], examples.darkness(), "intact, opaque"),
        (intact & has[:, FiberAttribute.INVASION_CANDIDATE] & (lymphocytes >= 3), area, "intact, invasion candidate"),
        (plain & (lymphocytes + macrophages == 0), examples.around(), "intact, cells around it"),
    ]
    for axes, (fits, rank, caption) in zip(grid, shown, strict=True):
        row = examples.fiber(fits, rank)
        examples.show(axes, examples.center[row], 48.0, caption)
        examples.outline(axes, row)
    save(figure, "necrosis")
    figure, grid = panels(1, 4, ["Intact and regenerating, and what resembles them"])
    small = plain & (area < 0.35 * typical)
    shown = [
        (plain & (examples.around() == 0), -np.abs(area - typical), "intact"),
        (intact & has[:, FiberAttribute.INTERNAL_NUCLEUS], examples.deepest_nucleus_um(), "intact, internal nucleus"),
        (kind == FiberClass.REGENERATING, area, "regenerating"),
        (small, area, "intact (small, atrophic)"),
    ]
    for axes, (fits, rank, caption) in zip(grid, shown, strict=True):
        row = examples.fiber(fits, rank)
        examples.show(axes, examples.center[row], 48.0, caption)
        examples.outline(axes, row)
    save(figure, "regeneration")


def draw_cells(examples: Examples) -> None:
    """The four kinds of nuclei, each in the middle of a small field."""
    nuclei = examples.scene.nuclei
    figure, grid = panels(1, 4, ["Nuclei: one point in the middle of each"])
    for axes, cell, caption in zip(grid, CellClass, ("lymphocyte", "macrophage", "myonucleus", "other"), strict=True):
        there = np.all((nuclei.center_um > 60) & (nuclei.center_um < SIDE_UM - 60), axis=1)
        own = there & (nuclei.cell_class == cell)
        same = shapely.STRtree(shapely.points(nuclei.center_um[own]))
        pairs = same.query(shapely.points(nuclei.center_um[own]), predicate="dwithin", distance=16.0)
        crowd = np.minimum(np.bincount(pairs[0], minlength=int(own.sum())), 5)
        others = shapely.STRtree(shapely.points(nuclei.center_um[nuclei.cell_class != cell]))
        pairs = others.query(shapely.points(nuclei.center_um[own]), predicate="dwithin", distance=26.0)
        strangers = np.bincount(pairs[0], minlength=int(own.sum()))
        center = nuclei.center_um[own][int(np.argmax(crowd - strangers))]
        examples.show(axes, center, 22.0, caption)
        for x, y in nuclei.center_um[own & np.all(np.abs(nuclei.center_um - center) < 21, axis=1)]:
            axes.add_patch(Circle((x, y), 0.9, facecolor="#f0e442", edgecolor=INK, linewidth=0.8))
    save(figure, "nuclei")


def draw_region(examples: Examples) -> None:
    """A region finished in full, beside one that is not."""
    figure, grid = panels(1, 2, ["A region says: everything in it is drawn"], side_in=4.5)
    draw: list[Callable[[int], bool]] = [lambda row: True, lambda row: row % 3 == 0]
    middle = np.array([SIDE_UM / 2, SIDE_UM / 2])
    for axes, take, caption in zip(
        grid, draw, ("finished; one fiber unsure", "not finished: no region yet"), strict=True
    ):
        examples.show(axes, middle, 130.0, caption)
        box = shapely.box(*(middle - 100), *(middle + 100))
        for row in np.flatnonzero(shapely.intersects(box, examples.scene.fibers)):
            if take(int(row)):
                examples.outline(axes, int(row), INK)
        if caption.startswith("finished"):
            doubtful = int(np.argmin(np.linalg.norm(examples.center - middle, axis=1)))
            ring = np.asarray(examples.scene.fibers[doubtful].buffer(2).exterior.coords).T
            axes.plot(*ring, color="#d55e00", linewidth=2.2, linestyle="dotted")
            x, y = np.asarray(box.exterior.coords).T
            axes.plot(x, y, color="#009e73", linewidth=2.5)
    save(figure, "region")


if __name__ == "__main__":
    found = Examples()
    draw_fibers(found)
    draw_cells(found)
    draw_region(found)
