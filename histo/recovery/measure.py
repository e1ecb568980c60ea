"""How one slide looks: dyes, their amounts in healthy fibers, nuclei and gaps, sharpness and noise; from samples."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from histo.detection import fiber_polygons
from histo.findings import Findings
from histo.geometry import WORKING_MPP, Region
from histo.phantom.drawing.canvas import drawn_mask
from histo.recovery.nuclei import level_and_size, measure_nuclei, nucleus_windows
from histo.recovery.sharpness import Floats, SharpnessScale, blurred, edge_softness, sharpness_scale
from histo.recovery.stain import Stain, estimate_stain
from histo.slide import SlideReader

MARGIN_UM = 15.0
"""What is read around a fiber."""

_SAMPLES = 60
"""Fibers that are looked at: some thousand nuclei and sarcoplasm of 0.1 mm2."""
_INNER_UM, _OUTER_UM, _NUCLEUS_UM, _APART_UM = 2.0, 1.0, 1.5, 5.0
"""What is left out of sarcoplasm at its rim, and of gaps; a nucleus's middle; how far both keep from nuclei."""
_QUIET_PERCENT = 20.0
"""Of the fibers' own fine contrast: noise alone, since the smoothest sarcoplasm has no texture."""
_LEAST_GLASS, _BRIGHT_PERCENT = 200.0, 90.0
"""Glass is the brightest that is seen around most fibers, and at least as bright as that."""
_PIXELS_PER_SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class SlideLook:
    """How a slide looks.

    Attributes:
        stain: Its dyes.
        eosin_level: Eosin of healthy sarcoplasm.
        sarcoplasm_blue: Hematoxylin of healthy sarcoplasm.
        between: Eosin and hematoxylin between fibers.
        nucleus_level: Hematoxylin of nuclei, as `histo.phantom.look.Look.hematoxylin_level`.
        nucleus_size: Size of nuclei, relative to the simulator's.
        blur_wpx: Sigma of the optics, by the sharpest edges.
        noise: Standard deviation of gray levels from pixel to pixel in the smoothest sarcoplasm.
        nuclei: Nuclei that were measured.
        scale: Tells a blur from the softness of edges.
    """

    stain: Stain
    eosin_level: float
    sarcoplasm_blue: float
    between: tuple[float, float]
    nucleus_level: float
    nucleus_size: float
    blur_wpx: float
    noise: float
    nuclei: int
    scale: SharpnessScale

    def blur_at(self, rgb: NDArray[np.uint8]) -> float:
        """The blur of a place by its own edges; the slide's where it has none."""
        softness_wpx = edge_softness(self.stain.density(rgb).mean(axis=2))
        return self.blur_wpx if softness_wpx is None else self.scale.blur_of(softness_wpx)


@dataclass(frozen=True, eq=False)
class _Sample:
    """Pixels of and around one fiber, and the contrast of its sarcoplasm.

    Attributes:
        rgb: (H, W, 3) uint8, all of them.
        sarcoplasm: (P, 3) uint8 of the fiber.
        between: (Q, 3) uint8 outside of all fibers.
        nuclei: (R, 3) uint8 in the middle of nuclei.
        windows: (K, 33, 33, 3) uint8 around nuclei.
        contrast: Standard deviation of the sarcoplasm's fine detail, in gray levels.
    """

    rgb: NDArray[np.uint8]
    sarcoplasm: NDArray[np.uint8]
    between: NDArray[np.uint8]
    nuclei: NDArray[np.uint8]
    windows: NDArray[np.uint8]
    contrast: float


def measure_look(
    reader: SlideReader, findings: Findings, healthy: NDArray[np.int64], rng: np.random.Generator
) -> SlideLook | None:
    """Look at some of the healthy fibers and at what lies around them.

    Args:
        reader: The slide.
        findings: What was found on it.
        healthy: Rows of healthy fibers.
        rng: Chooses among them.

    Returns:
        None where no healthy fiber could be read.
    """
    rows = rng.choice(healthy, min(_SAMPLES, len(healthy)), replace=False)
    shapes = fiber_polygons(findings.fibers)
    tree = shapely.STRtree(shapes)
    samples = [
        sample for row in np.sort(rows) if (sample := _sample(reader, findings, shapes, tree, int(row))) is not None
    ]
    if not samples:
        return None
    brightest = [np.percentile(sample.rgb.reshape(-1, 3), 99.5, axis=0) for sample in samples]
    red, green, blue = np.maximum(np.percentile(brightest, _BRIGHT_PERCENT, axis=0), _LEAST_GLASS).tolist()
    sarcoplasm = np.concatenate([sample.sarcoplasm for sample in samples])
    between = np.concatenate([sample.between for sample in samples])
    stain = estimate_stain(np.concatenate([sample.nuclei for sample in samples]), sarcoplasm, (red, green, blue))
    windows = np.concatenate([sample.windows for sample in samples])
    noise = float(np.percentile([sample.contrast for sample in samples], _QUIET_PERCENT))
    inside = amounts(stain, sarcoplasm)
    scale = sharpness_scale(noise / max(float(np.median(sarcoplasm)), 1.0), int(rng.integers(1 << 30)))
    softness = [one for sample in samples if (one := edge_softness(stain.density(sample.rgb).mean(axis=2))) is not None]
    blur_wpx = scale.blur_of(float(np.median(softness))) if softness else 0.0
    nuclei = measure_nuclei(stain.amounts(stain.density(windows))[0])
    level, size = (1.4, 0.9) if nuclei is None else level_and_size(nuclei, blur_wpx, int(rng.integers(1 << 30)))
    return SlideLook(
        stain=stain,
        eosin_level=inside[0],
        sarcoplasm_blue=inside[1],
        between=amounts(stain, between) if len(between) else (0.3 * inside[0], inside[1]),
        nucleus_level=level,
        nucleus_size=size,
        blur_wpx=blur_wpx,
        noise=noise,
        nuclei=len(windows),
        scale=scale,
    )


def region_around(shape: shapely.Geometry, margin_um: float) -> Region:
    """The working pixels of a shape in slide micrometers, with a margin."""
    left, top, right, bottom = WORKING_MPP.to_px(np.asarray(shapely.bounds(shape.buffer(margin_um)), np.float64))
    x, y = int(np.floor(left)), int(np.floor(top))
    return Region(x, y, int(np.ceil(right)) - x, int(np.ceil(bottom)) - y)


def fine_detail(rgb: NDArray[np.uint8]) -> Floats:
    """(H, W, 3) float32, what a blur of one pixel takes away."""
    plane = rgb.astype(np.float32)
    return plane - blurred(plane, 1.0)


def _sample(
    reader: SlideReader, findings: Findings, shapes: NDArray[np.object_], tree: shapely.STRtree, row: int
) -> _Sample | None:
    region = region_around(shapes[row], MARGIN_UM)
    pixels = reader.read(region, WORKING_MPP)
    if not pixels.valid.all():
        return None
    rgb = pixels.rgb
    box = shapely.box(*WORKING_MPP.to_um(np.array([region.x, region.y, region.right, region.bottom], np.float64)))
    center_um = findings.cells.center_um
    inside_box = shapely.contains_xy(box, center_um[:, 0].astype(np.float64), center_um[:, 1].astype(np.float64))
    nuclei = shapely.points(center_um[inside_box].astype(np.float64))
    near = shapes[tree.query(box)]
    far_from_nuclei = ~drawn_mask(shapely.buffer(nuclei, _APART_UM), region)
    sarcoplasm = drawn_mask([shapes[row].buffer(-_INNER_UM)], region) & far_from_nuclei
    between = ~drawn_mask(shapely.buffer(near, _OUTER_UM), region) & far_from_nuclei
    nuclear = drawn_mask(shapely.buffer(nuclei, _NUCLEUS_UM), region)
    if np.count_nonzero(sarcoplasm) < 50:
        return None
    detail = fine_detail(rgb)[cv2.erode(sarcoplasm.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0]
    return _Sample(
        rgb=rgb,
        sarcoplasm=_some(rgb[sarcoplasm]),
        between=_some(rgb[between]),
        nuclei=_some(rgb[nuclear]),
        windows=nucleus_windows(rgb, region, center_um[inside_box]),
        contrast=float(detail.std()) if len(detail) else 0.0,
    )


def _some(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """At most so many of (N, 3) pixels, evenly taken."""
    return pixels[:: max(1, len(pixels) // _PIXELS_PER_SAMPLE)]


def amounts(stain: Stain, pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Median eosin and hematoxylin of (N, 3) pixels."""
    hematoxylin, eosin = stain.amounts(stain.density(pixels))
    return float(np.median(eosin)), float(np.median(hematoxylin))
