"""What becomes of every fiber: class, attributes and look, in the shares and places that the specification asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES, FiberAttribute, FiberClass
from histo.phantom.fibers.look import FiberLook
from histo.phantom.fibers.packing import Packing
from histo.phantom.fibers.placement import draw_rows, likelihood
from histo.phantom.spec import PhantomSpec

_OBLIQUE_FROM = 1.6
"""From this ratio of its axes on, a cut is called oblique."""

_RIM_FIBERS = 1.6
"""Fibers whose middle lies within so many diameters of the section's outline are at its cut rim."""

_DUG_EATEN, _DUG_HYALINE = 0.4, 0.3
"""Shares of phagocytosed and of hyaline fibers that macrophages dig into while the rest stays smooth. Conventions."""


@dataclass(frozen=True, eq=False)
class Fate:
    """What becomes of N fibers.

    Attributes:
        fiber_class: (N,) uint8, a `FiberClass`.
        attributes: (N, 6) bool, over `FiberAttribute`.
        look: (N,) uint8, a `FiberLook`.
        stage: (N,) float64, 0 to 1, how far a change has gone within its class.
    """

    fiber_class: NDArray[np.uint8]
    attributes: NDArray[np.bool_]
    look: NDArray[np.uint8]
    stage: NDArray[np.float64]


def assign(
    spec: PhantomSpec, packing: Packing, section: shapely.Polygon, foci: NDArray[np.float64], rng: np.random.Generator
) -> Fate:
    """Deal out classes, attributes and looks. Where infiltrate lies has no say in which fibers are necrotic.

    Args:
        spec: Shares and placements.
        packing: The fibers that there are.
        section: Outline of the tissue.
        foci: (G, 2) float64 centers of dense infiltrate: fibers near one are likelier to be invaded.
        rng: Source of chance.
    """
    n = len(packing.fibers)
    centers = shapely.get_coordinates(shapely.centroid(packing.fibers)).reshape(-1, 2)
    fiber_class = _classes(spec, packing, centers, rng)
    attributes = np.zeros((n, len(FiberAttribute)), np.bool_)
    look = np.zeros(n, np.uint8)
    intact = fiber_class == FiberClass.INTACT
    at_rim = shapely.dwithin(shapely.boundary(section), shapely.points(centers), _RIM_FIBERS * spec.fiber_um)
    attributes[intact & at_rim & (rng.random(n) < spec.edge_opaque), FiberAttribute.OPAQUE] = True
    invaded = np.ones(n)
    for focus in foci:
        invaded += 8 * (np.hypot(*(centers - focus).T) < 1.2 * spec.focus_um + spec.fiber_um)
    anywhere = np.ones(n)
    for attribute, kind, share, weight in (
        (FiberAttribute.VACUOLATED, FiberLook.LIPID, spec.lipid, anywhere),
        (FiberAttribute.VACUOLATED, FiberLook.GLYCOGEN, spec.glycogen, anywhere),
        (FiberAttribute.VACUOLATED, FiberLook.PLAIN, spec.vacuolated, anywhere),
        (None, FiberLook.GRANULAR_RIM, spec.granular_rim, anywhere),
        (FiberAttribute.OPAQUE, FiberLook.PLAIN, spec.opaque, anywhere),
        (FiberAttribute.INVASION_CANDIDATE, FiberLook.PLAIN, spec.invaded, invaded),
    ):
        free = intact & ~attributes.any(axis=1) & (look == FiberLook.PLAIN)
        rows = draw_rows(int(rng.poisson(share * n)), weight, free, rng)
        look[rows] = kind
        if attribute is not None:
            attributes[rows, attribute] = True
    attributes[:, FiberAttribute.OBLIQUE] = packing.stretch > _OBLIQUE_FROM
    stage = rng.random(n)
    eaten = fiber_class == FiberClass.MYOPHAGOCYTOSIS
    late = eaten & (rng.random(n) < spec.late)
    stage = np.where(late, 0.75 + 0.25 * stage, np.where(eaten, 0.7 * stage, stage))
    glassy = fiber_class == FiberClass.NECROTIC_HYALINE
    dug = (eaten & ~late & (rng.random(n) < _DUG_EATEN)) | (glassy & (rng.random(n) < _DUG_HYALINE))
    look[dug] = FiberLook.EATEN_INTO
    return Fate(fiber_class, attributes, look, stage)


def _classes(
    spec: PhantomSpec, packing: Packing, centers: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.uint8]:
    n = len(centers)
    fiber_class = np.full(n, FiberClass.INTACT, np.uint8)
    shares = {
        FiberClass.NECROTIC_PALE: spec.pale,
        FiberClass.NECROTIC_HYALINE: spec.hyaline,
        FiberClass.MYOPHAGOCYTOSIS: spec.myophagocytosis,
        FiberClass.REGENERATING: spec.regenerating,
    }
    wanted = round(n * (spec.pale + spec.hyaline + spec.myophagocytosis))
    necrosis = likelihood(spec.necrosis_placement, centers, packing.edge_um, spec.fiber_um, wanted, rng)
    for kind, share in shares.items():
        weight = necrosis if kind in NECROTIC_CLASSES else np.sqrt(necrosis)
        free = (fiber_class == FiberClass.INTACT) & ~packing.atrophic
        fiber_class[draw_rows(int(rng.poisson(share * n)), weight, free, rng)] = kind
    single = draw_rows(spec.necrotic_fibers, np.ones(n), (fiber_class == FiberClass.INTACT) & ~packing.atrophic, rng)
    fiber_class[single] = rng.choice(np.array(NECROTIC_CLASSES), len(single))
    return fiber_class
