"""One implant as a scene of the simulator: a fiber that has changed with the nuclei in it, or a cell alone."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import FiberAttribute
from histo.geometry import Region
from histo.phantom.drawing.canvas import SUBPIXEL_BITS, Canvas, fixed_points, put
from histo.phantom.drawing.nuclei import NucleusTraits, draw_nuclei
from histo.phantom.fibers import reshape
from histo.phantom.fibers.fate import Fate
from histo.phantom.look import Look
from histo.phantom.nuclei import Nuclei, NucleusLook, populate, together
from histo.phantom.nuclei.nuclei import nuclei_at
from histo.phantom.scene import Scene
from histo.phantom.shapes import Polygons, polygon_array
from histo.phantom.spec import PhantomSpec
from histo.phantom.structures import Structures
from histo.recovery.kinds import ImplantKind, class_of, stage_of

_SPEC = PhantomSpec(cleft=0.0, internal_nuclei=0.0, vacuolated=0.0, opaque=0.0)
"""An implant has the change that was asked for, and no other."""

_CELL_LOOKS = {ImplantKind.LYMPHOCYTE: NucleusLook.LYMPHOID, ImplantKind.MACROPHAGE: NucleusLook.MACROPHAGE}

_DARKNESS = {
    NucleusLook.FLAT: (0.65, 1.1),
    NucleusLook.OVAL: (0.5, 1.0),
    NucleusLook.LYMPHOID: (0.9, 1.7),
    NucleusLook.MACROPHAGE: (0.45, 0.95),
}
"""Hematoxylin of a nucleus by its look, for one unit of a slide's level: the simulator's, for a slide not faint."""

_SOFTNESS_WPX = 0.8
"""Sigma of nuclei's own edges, before the optics: the middle of what the simulator draws."""


def implant_scene(kind: ImplantKind, shape: shapely.Polygon | shapely.Point, seed: tuple[int, int]) -> Scene:
    """A scene that holds one implant, in slide micrometers.

    Args:
        kind: What.
        shape: The healthy fiber's outline; the center of a cell.
        seed: Of this implant alone.

    Returns:
        Of a fiber: the changed outline, which lies within the healthy one, with its nuclei; of a cell: the nucleus.
    """
    rng = np.random.default_rng(seed)
    if kind in _CELL_LOOKS:
        point = np.array([[shape.x, shape.y]])
        return bare_scene(nuclei_at(point, _CELL_LOOKS[kind], rng), int(rng.integers(1 << 30)))
    fiber_class = np.array([class_of(kind)], np.uint8)
    stage = np.array([stage_of(kind, rng)])
    attributes = np.zeros((1, len(FiberAttribute)), np.bool_)
    fate = Fate(fiber_class, attributes, np.zeros(1, np.uint8), stage)
    fibers, collapsed = reshape(_SPEC, polygon_array([shape]), fate, rng)
    attributes[collapsed, FiberAttribute.REMNANT] = True
    nuclei, attributes = populate(_SPEC, fibers, fiber_class, attributes, fate.look, stage, rng)
    scene = bare_scene(nuclei.select(nuclei.host == 0), int(rng.integers(1 << 30)))
    return replace(
        scene, fibers=fibers, fiber_class=fiber_class, fiber_attributes=attributes, fiber_look=fate.look, stage=stage
    )


def bare_scene(nuclei: Nuclei, seed: int) -> Scene:
    """A scene of nuclei alone, on tissue without end."""
    everywhere = shapely.box(-1e9, -1e9, 1e9, 1e9)
    nothing: Polygons = np.zeros(0, object)
    empty: dict[str, Any] = {field.name: nothing for field in fields(Structures)}
    structures = Structures(**(empty | {"cuffed": np.zeros(0, np.bool_), "foci": np.zeros((0, 2))}))
    return Scene(
        spec=_SPEC, width_um=1.0, height_um=1.0, section=everywhere, fascicles=nothing, fibers=nothing,
        fiber_class=np.zeros(0, np.uint8), fiber_attributes=np.zeros((0, len(FiberAttribute)), np.bool_),
        fiber_look=np.zeros(0, np.uint8), stage=np.zeros(0), nuclei=nuclei, structures=structures, seed=seed,
    )  # fmt: skip


def sample_nuclei(points_um: NDArray[np.float64], seed: int) -> Scene:
    """Myonuclei of both looks at (K, 2) points, to be measured as those of a slide are."""
    rng = np.random.default_rng(seed)
    half = len(points_um) // 2
    flat = nuclei_at(points_um[:half], NucleusLook.FLAT, rng)
    return bare_scene(together([flat, nuclei_at(points_um[half:], NucleusLook.OVAL, rng)]), seed)


def nucleus_traits(scene: Scene, look: Look, size: float) -> NucleusTraits:
    """How a scene's nuclei look where their size and darkness are a slide's: the rest is drawn by lot."""
    rng = np.random.default_rng([scene.seed, 6])
    low, high = np.array([_DARKNESS[NucleusLook(kind)] for kind in scene.nuclei.look]).reshape(-1, 2).T
    darkness = rng.uniform(low, high) * look.hematoxylin_level
    return replace(draw_nuclei(scene, look), size=size, softness_wpx=_SOFTNESS_WPX, darkness=darkness)


def canvas_over(
    area: Region, fibers: Polygons, eosin: NDArray[np.float32], hematoxylin: NDArray[np.float32], offset: int
) -> Canvas:
    """A canvas on which amounts of dye lie already, with room for fibers; it keeps copies of both planes."""
    labels = np.zeros((area.height, area.width), np.int32)
    coverage = np.zeros(labels.shape, np.uint8)
    for label, fiber in enumerate(fibers, start=1):
        ring = fixed_points(np.asarray(fiber.exterior.coords), area)
        cv2.fillPoly(labels, [ring], label, cv2.LINE_8, SUBPIXEL_BITS)
        cv2.fillPoly(coverage, [ring], 255, cv2.LINE_AA, SUBPIXEL_BITS)
    put(labels, coverage < 128, 0)
    return Canvas(
        area=area, offset=offset, labels=labels, coverage=coverage * np.float32(1 / 255), rows=np.arange(len(fibers)),
        compartments=np.zeros(labels.shape, np.uint8), eosin=eosin.copy(), hematoxylin=hematoxylin.copy(),
        red_cell=np.zeros(labels.shape, np.float32), dirt=np.zeros(labels.shape, np.float32), inks=[], hazes=[],
        trees={},
    )  # fmt: skip
