"""How well a bundle reads ordinary phantom sections: every pattern, as rare in disease as it is, well stained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

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


def section_view(pattern: str, seed: int) -> Field:
    """The middle of a phantom section of 1 mm2: 1,024 x 1,024 px, in a stain of its own."""
    scene, look = phantom_biopsy(pattern, seed, _SECTION_MM2)
    x, y = (WORKING_MPP.px(side / 2) - _VIEW_WPX // 2 for side in (scene.width_um, scene.height_um))
    return Renderer(scene, look).render(Region(x, y, _VIEW_WPX, _VIEW_WPX))


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
