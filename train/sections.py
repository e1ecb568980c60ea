"""How well a bundle reads ordinary phantom sections: every pattern, as rare in disease as it is, well stained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from rich.progress import track

from histo.geometry import WORKING_MPP, Region
from histo.network import Engine, Metric, OperatingPoints
from histo.phantom import PATTERN_SPECS
from histo.phantom.drawing import Renderer
from histo.phantom.slide import phantom_biopsy
from histo.phantom.truth import Field
from train.evaluate import maps_of, summarize_observations
from train.observe import observe

PREFIX = "sections."

_SECTION_MM2 = 1.0
_VIEW_WPX = 1024


def section_view(pattern: str, seed: int, at_rim: bool = False) -> Field:
    """A view of a phantom section of 1 mm2: 1,024 x 1,024 px, in a stain of its own.

    Args:
        pattern: What is visible.
        seed: Of the section, and of the place.
        at_rim: Whether a place of its outline lies in the middle of the view, and not the section's middle.
    """
    scene, look = phantom_biopsy(pattern, seed, _SECTION_MM2)
    x_um, y_um = scene.width_um / 2, scene.height_um / 2
    if at_rim:
        place = scene.section.exterior.interpolate(np.random.default_rng([seed, 44]).random(), normalized=True)
        x_um, y_um = place.x, place.y
    x, y = (WORKING_MPP.px(middle_um) - _VIEW_WPX // 2 for middle_um in (x_um, y_um))
    return Renderer(scene, look).render(Region(x, y, _VIEW_WPX, _VIEW_WPX))


def healthy_views(seeds: Iterable[int]) -> Iterator[Field]:
    """One view of a normal section a seed: the middle and the rim take turns, for the rim has collagen of its own."""
    return (section_view("normal", seed, at_rim=number % 2 == 1) for number, seed in enumerate(seeds))


def ordinary_sections(seeds: Iterable[int]) -> Iterator[Field]:
    """One view of a section a seed, the patterns taking turns."""
    patterns = list(PATTERN_SPECS)
    return (section_view(patterns[number % len(patterns)], seed) for number, seed in enumerate(seeds))


def evaluate_sections(engine: Engine, points: OperatingPoints, seeds: Sequence[int]) -> dict[str, Metric]:
    """Read `ordinary_sections`.

    Args:
        engine: Runs the bundle's network.
        points: The bundle's thresholds.
        seeds: Of the sections; from the test split.

    Returns:
        What `train.evaluate.summarize_observations` gives, every name beginning with `sections.`: a section is a
        patient.
    """
    seen = []
    for field in ordinary_sections(track(seeds, description="Reading phantom sections")):
        seen.append(observe(field.truth, maps_of(engine, field.rgb), points))
    pooled = summarize_observations(seen, [str(seed) for seed in seeds])
    return {PREFIX + name: metric for name, metric in pooled.items()}
