"""A phantom biopsy on disk: the slide, its label maps, and what is truly on it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from histo.errors import OutputError, UsageError
from histo.findings import Cells, Fibers
from histo.geometry import UM2_PER_MM2, WORKING_MPP, Size
from histo.phantom.diseases import DISEASES
from histo.phantom.known import KnownSection, known_section
from histo.phantom.label_maps import MAP_TYPES, TileSpool
from histo.phantom.look import Look, typical_look
from histo.phantom.pyramid import write_pyramid
from histo.phantom.scene import Scene, build_scene
from histo.phantom.shapes import blob
from histo.phantom.spec import PATTERN_SPECS, PhantomSpec

GLASS_UM = 250.0


@dataclass(frozen=True, eq=False)
class PhantomSlide:
    """A phantom biopsy on disk, and what is truly on it.

    Attributes:
        path: The TIFF.
        seed: Reproduces it.
        size_px: Level-0 size; the scale is 0.5 um/px.
        spec: What it is made of.
        look: Its stain, section quality and scanner.
        truth: Everything that is on it.
        label_maps: The label maps beside it, by name (`MAP_TYPES`); empty if none were asked for.
    """

    path: Path
    seed: int
    size_px: Size
    spec: PhantomSpec
    look: Look
    truth: KnownSection
    label_maps: dict[str, Path]

    @property
    def pattern(self) -> str:
        """The pattern that is visible."""
        return self.spec.pattern

    @property
    def disease(self) -> str | None:
        """The disease that is simulated; None if only a pattern is."""
        return self.spec.disease or None

    @property
    def tissue_mm2(self) -> float:
        """Area of the section."""
        return float(self.truth.areas.section.area) / UM2_PER_MM2

    @property
    def fibers(self) -> Fibers:
        """True fibers, in slide micrometers."""
        return self.truth.fibers

    @property
    def cells(self) -> Cells:
        """True nuclei, in slide micrometers."""
        return self.truth.cells


def phantom_biopsy(pattern: str | None, seed: int, tissue_mm2: float, disease: str | None = None) -> tuple[Scene, Look]:
    """The scene and look of a whole phantom biopsy.

    Args:
        pattern: What is visible, a key of `PATTERN_SPECS`: its typical specification. With a disease, what it must
            show, or None.
        seed: Reproduces it exactly.
        tissue_mm2: Area of the section.
        disease: What is simulated, a key of `DISEASES`: one patient is drawn from it; or None.

    Raises:
        UsageError: If the pattern or the disease is unknown, neither is given, the disease does not show the pattern
            with this seed, or the area is not between 0.2 and 1,000 mm2.
    """
    if not 0.2 <= tissue_mm2 <= 1000:
        raise UsageError(f"{tissue_mm2:g} mm2", "is not a size of a section", "choose 0.2 to 1000 mm2")
    spec = _drawn_spec(pattern, disease, seed)
    rng = np.random.default_rng([seed, 42])
    radius = float(np.sqrt(tissue_mm2 * UM2_PER_MM2 / np.pi))
    shape = blob(0.0, 0.0, radius, rng, aspect=rng.uniform(1.05, 1.5), roughness=0.16)
    scale = float(np.sqrt(tissue_mm2 * UM2_PER_MM2 / shape.area))
    left, top, right, bottom = (scale * side for side in shape.bounds)
    section = shapely.transform(shape, lambda points: points * scale + [GLASS_UM - left, GLASS_UM - top])
    width, height = right - left + 2 * GLASS_UM, bottom - top + 2 * GLASS_UM
    scene = build_scene(spec, width, height, int(rng.integers(2**31)), section)
    return scene, typical_look(rng)


def _drawn_spec(pattern: str | None, disease: str | None, seed: int) -> PhantomSpec:
    for name, known, what in ((pattern, PATTERN_SPECS, "pattern"), (disease, DISEASES, "disease")):
        if name is not None and name not in known:
            raise UsageError(name, f"is not a {what} that can be simulated", f"choose one of {', '.join(known)}")
    if disease is not None:
        spec = DISEASES[disease].draw(np.random.default_rng([seed, 43]))
        if pattern not in (None, spec.pattern):
            problem = f"shows the pattern {spec.pattern} with seed {seed}, not {pattern}"
            raise UsageError(disease, problem, "leave out the pattern, or choose another seed")
        return spec
    if pattern is None:
        raise UsageError("phantom", "has neither a pattern nor a disease", "name one of them")
    return PATTERN_SPECS[pattern]


def write_phantom_slide(
    path: Path,
    *,
    pattern: str | None = None,
    disease: str | None = None,
    seed: int,
    tissue_mm2: float,
    label_maps: bool = False,
    progress: Callable[[int, int], None] | None = None,
    publishing: Callable[[PhantomSlide], None] | None = None,
    workers: int | None = None,
) -> PhantomSlide:
    """Simulate a biopsy and write it as a tiled JPEG pyramid at 0.5 um/px.

    Args:
        path: Where to write; replaced only when complete.
        pattern: What is visible, a key of `PATTERN_SPECS`; may be left out if a disease is given.
        disease: What is simulated, a key of `DISEASES`, of which one patient is drawn.
        seed: Reproduces the slide exactly.
        tissue_mm2: Area of the section.
        label_maps: Whether to write, beside the slide, which fiber and which compartment every pixel belongs to.
            Those of an earlier slide of this name are removed if not.
        progress: Called with blocks done and blocks in all; with none done when the scene is drawn up.
        publishing: Called when all is drawn, just before the files take their names.
        workers: Processes that render; the number of cores if None.

    Returns:
        The slide and its truth.

    Raises:
        UsageError: If the pattern or the disease is unknown, they contradict each other, or the area is out of range.
        OutputError: If a file cannot be written; where the folder cannot be, before anything is drawn.
    """
    if path.is_dir():
        raise OutputError(path, "is a folder", "give the name of a file")
    maps = {name: path.with_name(f"{path.stem}.truth.{name}.tif") for name in MAP_TYPES}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".phantom-", dir=path.parent) as name:
            folder = Path(name)
            scene, look = phantom_biopsy(pattern, seed, tissue_mm2, disease)
            size = Size(int(WORKING_MPP.to_px(scene.width_um)), int(WORKING_MPP.to_px(scene.height_um)))
            truth = known_section(scene, look)
            made = PhantomSlide(path, seed, size, scene.spec, look, truth, maps if label_maps else {})
            spools = {key: TileSpool.begin(key, size, folder) for key in made.label_maps}
            write_pyramid(
                folder / "slide.tif", scene, look, size, folder, progress, workers or os.cpu_count() or 1,
                spools=spools, scene_row=made.truth.scene_row,
            )  # fmt: skip
            for key, spool in spools.items():
                spool.write(folder / f"{key}.tif")
            if publishing:
                publishing(made)
            for key, final in maps.items():
                if key in spools:
                    (folder / f"{key}.tif").replace(final)
                else:
                    final.unlink(missing_ok=True)
            (folder / "slide.tif").replace(path)
    except OSError as error:
        raise OutputError(
            path, f"the phantom cannot be written ({error.strerror})", "choose a writable folder"
        ) from error
    return made
