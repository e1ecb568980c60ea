"""Nuclei in fibers and at their rims: myonuclei, macrophages, invading cells, endothelial and satellite cells."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import FiberAttribute, FiberClass
from histo.phantom.fibers import FiberLook
from histo.phantom.nuclei.nuclei import Nuclei, NucleusLook, inside_points, nuclei_at, together
from histo.phantom.shapes import Polygons
from histo.phantom.spec import PhantomSpec, Placement


def populate(
    spec: PhantomSpec, fibers: Polygons, fiber_class: NDArray[np.uint8], attributes: NDArray[np.bool_],
    look: NDArray[np.uint8], stage: NDArray[np.float64], rng: np.random.Generator,
) -> tuple[Nuclei, NDArray[np.bool_]]:  # fmt: skip
    """Place the nuclei in fibers and at their rims.

    Returns:
        The nuclei, and the fibers' attributes with `INTERNAL_NUCLEUS` set where one was put inside an intact fiber.
    """
    attributes = attributes.copy()
    parts = [_rim_nuclei(fibers, fiber_class, attributes, rng)]
    internal = (fiber_class == FiberClass.INTACT) & (rng.random(len(fibers)) < spec.internal_nuclei)
    for index in np.flatnonzero(internal | (fiber_class == FiberClass.REGENERATING)):
        regenerating = fiber_class[index] == FiberClass.REGENERATING
        count = int(rng.integers(1, 5)) if regenerating else int(rng.choice((1, 1, 1, 2, 2, 3)))
        inset = 2.0 if regenerating else 5.0
        if rng.random() < 0.6:  # most internal nuclei lie in the middle
            inset = max(inset, rng.uniform(0.4, 0.75) * float(np.sqrt(fibers[index].area / np.pi)))
        inside = inside_points(fibers[index], count, 9.0, inset, rng)
        oval = not regenerating or rng.random() >= 0.85
        kind = NucleusLook.OVAL if oval else NucleusLook.VESICULAR
        parts.append(nuclei_at(inside, kind, rng, host=np.full(len(inside), index)))
        attributes[index, FiberAttribute.INTERNAL_NUCLEUS] = len(inside) > 0
    for index in np.flatnonzero(fiber_class == FiberClass.MYOPHAGOCYTOSIS):
        radius = np.sqrt(fibers[index].area / np.pi)
        packed = stage[index] > 0.75
        spacing = rng.uniform(5.5, 7.5) if packed else rng.uniform(6.5, 9.0)
        room = max(3, int(0.75 * (radius / spacing) ** 2 * np.pi))
        count = room if packed else int(np.clip(3 + stage[index] * 0.9 * room, 3, 40))
        # macrophages come from the rim, and where the fiber is still firm they have not come far
        rim_um = rng.uniform(0.25, 0.8) * radius if look[index] == FiberLook.EATEN_INTO else None
        inside = inside_points(fibers[index], count, spacing, 2.0, rng, rim_um)
        lymphoid = rng.random(len(inside)) < 0.08
        host = np.full(len(inside), index)
        parts.append(nuclei_at(inside[~lymphoid], NucleusLook.MACROPHAGE, rng, host=host[~lymphoid]))
        parts.append(nuclei_at(inside[lymphoid], NucleusLook.LYMPHOID, rng, host=host[lymphoid]))
    necrotic = np.isin(fiber_class, (FiberClass.NECROTIC_PALE, FiberClass.NECROTIC_HYALINE))
    cleared = necrotic & ((rng.random(len(fibers)) < 0.15) | (look == FiberLook.EATEN_INTO))
    if spec.necrosis_placement is Placement.SHEET:  # all died at once, before macrophages came
        cleared[:] = False
    for index in np.flatnonzero(cleared):
        rim_um = 8.0 if look[index] == FiberLook.EATEN_INTO else None
        inside = inside_points(fibers[index], int(rng.integers(1, 3)), 8.0, 2.0, rng, rim_um)
        parts.append(nuclei_at(inside, NucleusLook.MACROPHAGE, rng, host=np.full(len(inside), index)))
    for index in np.flatnonzero(attributes[:, FiberAttribute.INVASION_CANDIDATE]):
        inside = inside_points(fibers[index], int(rng.integers(2, 7)), 5.5, 1.5, rng, rim_um=9.0)
        parts.append(nuclei_at(inside, NucleusLook.LYMPHOID, rng, host=np.full(len(inside), index)))
    return together(parts), attributes


def _rim_nuclei(
    fibers: Polygons, fiber_class: NDArray[np.uint8], attributes: NDArray[np.bool_], rng: np.random.Generator
) -> Nuclei:
    """Flat myonuclei just inside the rim of living fibers, and small endothelial or satellite nuclei just outside."""
    rim = shapely.boundary(fibers)
    length = shapely.length(rim)
    alive = np.isin(fiber_class, (FiberClass.INTACT, FiberClass.REGENERATING))
    packs = []
    for look, rate, inset in ((NucleusLook.FLAT, 1.5 * rng.uniform(0.4, 1.6), 1.3), (NucleusLook.SMALL, 0.8, -1.6)):
        expected = rate * np.clip(length / 160, 0.25, 1.6) * (alive if look is NucleusLook.FLAT else 1)
        host = np.repeat(np.arange(len(fibers)), rng.poisson(expected))
        at = rng.random(len(host)) * length[host]
        here = shapely.get_coordinates(shapely.line_interpolate_point(rim[host], at))
        ahead = shapely.get_coordinates(shapely.line_interpolate_point(rim[host], np.minimum(at + 1.5, length[host])))
        along = ahead - here
        along /= np.maximum(np.hypot(*along.T), 1e-6)[:, None]
        inward = np.stack([-along[:, 1], along[:, 0]], axis=1)
        center = shapely.get_coordinates(shapely.centroid(fibers[host]))
        inward *= np.sign(np.sum((center - here) * inward, axis=1))[:, None]
        inside = np.full(len(host), -1) if inset < 0 else host
        packs.append(nuclei_at(here + inset * inward, look, rng, np.arctan2(along[:, 1], along[:, 0]), inside))
    return together(packs)
