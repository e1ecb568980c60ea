"""Nuclei that belong to structures between fibers: vessels, nerves, fat."""

from __future__ import annotations

import numpy as np
import shapely

from histo.phantom.inhabitants import Nuclei, NucleusLook, inside_points, nuclei_at, together
from histo.phantom.structures import Structures


def structure_nuclei(structures: Structures, rng: np.random.Generator) -> Nuclei:
    """Endothelium and red cells of vessels, Schwann-like nuclei of nerves, rim nuclei of adipocytes."""
    parts = [nuclei_at(np.zeros((0, 2)), NucleusLook.SMALL, rng)]
    for wall, lumen in zip(structures.vessels, structures.lumens, strict=True):
        for ring in (lumen.exterior, wall.buffer(-1.5).exterior if not wall.buffer(-1.5).is_empty else lumen.exterior):
            count = max(2, int(ring.length / rng.uniform(12, 30)))
            at = np.sort(rng.random(count)) * ring.length
            here = shapely.get_coordinates(shapely.line_interpolate_point(ring, at))
            ahead = shapely.get_coordinates(shapely.line_interpolate_point(ring, (at + 1.0) % ring.length))
            turn = np.arctan2(*(ahead - here).T[::-1])
            parts.append(nuclei_at(here, NucleusLook.SPINDLE if rng.random() < 0.7 else NucleusLook.SMALL, rng, turn))
        if rng.random() < 0.6:
            parts.append(
                nuclei_at(inside_points(lumen, int(rng.integers(1, 25)), 5.0, 1.5, rng), NucleusLook.RED_CELL, rng)
            )
    for nerve in structures.nerves:
        inside = inside_points(nerve, int(nerve.area / rng.uniform(90, 250)), 5.0, 2.0, rng)
        parts.append(nuclei_at(inside, NucleusLook.SPINDLE, rng, rng.normal(rng.uniform(0, np.pi), 0.5, len(inside))))
    for cell in structures.fat:
        if rng.random() < 0.4:
            at = rng.random(1) * cell.exterior.length
            here = shapely.get_coordinates(shapely.line_interpolate_point(cell.exterior, at))
            parts.append(nuclei_at(here, NucleusLook.SPINDLE, rng))
    return together(parts)
