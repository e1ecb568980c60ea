"""Training and test fields: small pieces of widely drawn phantom biopsies."""

from __future__ import annotations

import numpy as np
import shapely

from histo.geometry import WORKING_MPP, Region
from histo.phantom.ablation import Group, without
from histo.phantom.drawing import Renderer
from histo.phantom.look import training_look
from histo.phantom.scene import build_scene
from histo.phantom.shapes import blob
from histo.phantom.training_mix import training_spec
from histo.phantom.truth import Field

BORDER_UM = 110.0
"""What is built around the view, so that fibers at its rim are whole."""


def make_field(seed: int, size_wpx: int = 512, left_out: Group | None = None) -> Field:
    """One widely drawn field with its truth.

    Args:
        seed: Reproduces the field exactly.
        size_wpx: Side in working pixels.
        left_out: A group of features to do without, to measure what it is good for.

    Returns:
        A field of `size_wpx` x `size_wpx` at 0.5 um/px.
    """
    rng = np.random.default_rng([seed, 20261122])
    spec, look = training_spec(rng), training_look(rng)
    if left_out is not None:
        spec, look = without(left_out, spec, look, rng)
    side_um = float(WORKING_MPP.to_um(float(size_wpx))) + 2 * BORDER_UM
    section = None
    if rng.random() < 0.3:
        angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 1.0)
        shift = np.array([np.cos(angle), np.sin(angle)]) * side_um * away
        section = blob(side_um / 2 + shift[0], side_um / 2 + shift[1], side_um, rng, rng.uniform(1, 1.5), 0.15)
        section = section if section.geom_type == "Polygon" else max(shapely.get_parts(section), key=lambda p: p.area)
    scene = build_scene(spec, side_um, side_um, int(rng.integers(2**31)), section)
    border = WORKING_MPP.px(BORDER_UM)
    return Renderer(scene, look).render(Region(border, border, size_wpx, size_wpx))
