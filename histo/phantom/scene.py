"""The vector scene of a phantom biopsy: every fiber, nucleus and structure, before a single pixel is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES, FiberAttribute
from histo.phantom.fibers import assign, pack, reshape
from histo.phantom.nuclei import Nuclei, Occupancy, interstitial_cells, populate, structure_nuclei, together
from histo.phantom.shapes import Polygons
from histo.phantom.spec import PhantomSpec
from histo.phantom.structures import Structures, carve, place_structures, with_capillaries


@dataclass(frozen=True, eq=False)
class Scene:
    """A biopsy as shapes, in scene micrometers (origin top left).

    Attributes:
        spec: What was asked for.
        width_um: Width.
        height_um: Height.
        section: Outline of the tissue.
        fascicles: (F,) shapely polygons.
        fibers: (N,) shapely polygons, disjoint.
        fiber_class: (N,) uint8, a `FiberClass`.
        fiber_attributes: (N, 6) bool, over `FiberAttribute`.
        fiber_look: (N,) uint8, a `FiberLook`.
        stage: (N,) float64, 0 to 1, how far a change has gone within its class; what it means is up to the renderer.
        nuclei: All nuclei.
        structures: Vessels, nerves, fat, sheets of cells, and artefacts.
        seed: Seed of the textures.
    """

    spec: PhantomSpec
    width_um: float
    height_um: float
    section: shapely.Polygon
    fascicles: Polygons
    fibers: Polygons
    fiber_class: NDArray[np.uint8]
    fiber_attributes: NDArray[np.bool_]
    fiber_look: NDArray[np.uint8]
    stage: NDArray[np.float64]
    nuclei: Nuclei
    structures: Structures
    seed: int


def build_scene(
    spec: PhantomSpec, width_um: float, height_um: float, seed: int, section: shapely.Polygon | None = None
) -> Scene:
    """Draw up a biopsy.

    Args:
        spec: What it is made of.
        width_um: Width of the scene.
        height_um: Height of the scene.
        seed: Reproduces the scene exactly.
        section: Outline of the tissue; None fills the whole scene, as in a field cut from a larger section.

    Returns:
        The scene.
    """
    rng = np.random.default_rng(seed)
    packing = pack(spec, width_um, height_um, rng)
    section = section or shapely.box(-500, -500, width_um + 500, height_um + 500)
    shapely.prepare(section)
    packing = packing.select(shapely.contains(section, packing.fibers))
    structures = place_structures(spec, packing, section, width_um, height_um, rng)
    fibers, kept = carve(packing.fibers, structures, rng)
    fate = assign(spec, packing.select(kept), section, structures.foci, rng)
    fibers, collapsed = reshape(spec, fibers, fate, rng)
    fate.attributes[collapsed, FiberAttribute.REMNANT] = True
    occupancy = Occupancy.draw(fibers, packing.fascicles, section, width_um, height_um)
    structures = with_capillaries(structures, fibers, occupancy.free_um, occupancy.um_per_px, spec.capillaries, rng)
    nuclei, attributes = populate(spec, fibers, fate.fiber_class, fate.attributes, fate.look, fate.stage, rng)
    dying = fibers[np.isin(fate.fiber_class, NECROTIC_CLASSES)]
    between = interstitial_cells(spec, structures, occupancy, dying, rng)
    nuclei = together([nuclei, *between, structure_nuclei(structures, rng)])
    return Scene(
        spec, width_um, height_um, section, packing.fascicles, fibers, fate.fiber_class, attributes, fate.look,
        fate.stage, nuclei, structures, seed,
    )  # fmt: skip
