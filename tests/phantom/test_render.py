"""Pixels and truth agree, whichever way a scene is cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.findings import Compartment, FiberAttribute
from histo.geometry import Region
from histo.phantom import make_field
from histo.phantom.drawing import Renderer
from histo.phantom.look import typical_look
from histo.phantom.scene import build_scene
from histo.phantom.spec import PATTERN_SPECS


def necrotizing_renderer() -> Renderer:
    scene = build_scene(PATTERN_SPECS["necrotizing"], 420.0, 420.0, 4)
    return Renderer(scene, replace(typical_look(np.random.default_rng(1)), noise=0.0))


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 100_000))
def test_truth_of_a_field_is_consistent(seed: int) -> None:
    field = make_field(seed, 192)
    truth = field.truth
    assert field.rgb.shape == (192, 192, 3)
    assert field.rgb.dtype == np.uint8
    present = np.unique(truth.fiber_labels)
    assert np.array_equal(present[present > 0], np.arange(1, len(truth.fiber_class)))
    assert truth.fiber_attributes.shape == (len(truth.fiber_class), len(FiberAttribute))
    in_fiber = truth.compartments == Compartment.FIBER
    assert np.array_equal(in_fiber | (truth.compartments == Compartment.ARTEFACT), (truth.fiber_labels > 0) | (
        truth.compartments == Compartment.ARTEFACT
    ))  # fmt: skip
    assert np.all((truth.cell_center_px >= 0) & (truth.cell_center_px < 192))


def test_a_seed_reproduces_a_field() -> None:
    assert np.array_equal(make_field(9, 160).rgb, make_field(9, 160).rgb)


def test_a_region_is_the_same_whole_or_in_parts() -> None:
    renderer = necrotizing_renderer()
    whole = renderer.render(Region(200, 200, 320, 160))
    left, right = renderer.render(Region(200, 200, 128, 160)), renderer.render(Region(328, 200, 192, 160))
    together = np.concatenate([left.rgb, right.rgb], axis=1)
    assert np.abs(together.astype(int) - whole.rgb).max() <= 1
    compartments = np.concatenate([left.truth.compartments, right.truth.compartments], axis=1)
    assert np.array_equal(compartments, whole.truth.compartments)
    assert len(left.truth.cell_class) + len(right.truth.cell_class) == len(whole.truth.cell_class)


def test_fibers_are_redder_than_what_lies_between_them() -> None:
    field = necrotizing_renderer().render(Region(200, 200, 320, 320))
    green = field.rgb[..., 1].astype(float)
    inside = field.truth.fiber_labels > 0
    assert green[inside].mean() + 40 < green[~inside].mean()


def test_beyond_the_section_lies_glass() -> None:
    renderer = necrotizing_renderer()
    far = Region(-4000, -4000, 64, 64)
    assert np.all(renderer.render(far).truth.compartments == Compartment.GLASS)
    assert np.abs(renderer.render(far).rgb.astype(int) - renderer.glass(far)).max() <= 1  # blurred at the rim or not
