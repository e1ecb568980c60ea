"""A laboratory that does not exist: phantoms in its own stain, drawn on by its own pathologist, for trying the harness.

Its slides are unlike those that the default weights were trained on: another stain and scanners, smaller fibers. What
is measured on it says what fine-tuning can do, and nothing about patients.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely

from histo.errors import UsageError
from histo.geometry import UM2_PER_MM2, WORKING_MPP, Size
from histo.phantom import PATTERN_SPECS, PhantomSpec
from histo.phantom.look import Look
from histo.phantom.pyramid import write_pyramid
from histo.phantom.scene import Scene, build_scene
from histo.phantom.shapes import blob
from histo.phantom.slide import GLASS_UM
from histo.records.atomic import make_folder, write_atomically
from train.seeds import lab_seed
from train.simulated_habits import MAPPING, Habits, draw_on

MANIFEST, MAPPING_FILE = "manifest.csv", "mapping.toml"

PATTERNS = (
    "necrotizing",
    "normal",
    "dystrophic",
    "perifascicular_necrosis",
    "necrotizing",
    "endomysial_inflammatory",
    "zonal_necrosis",
    "perifascicular_atrophy",
    "necrotizing",
    "nonspecific_inflammatory",
    "neurogenic",
    "dystrophic",
)
"""Of the patients, in turn."""

_STAIN = Look(
    hematoxylin=(0.56, 0.76, 0.34),
    eosin=(0.20, 0.74, 0.58),
    red_cell=(0.16, 0.95, 0.85),
    eosin_level=1.35,
    hematoxylin_level=1.15,
    sarcoplasm_blue=0.16,
    texture=1.6,
    glass=(238.0, 231.0, 222.0),
    shading=0.012,
)
_SCANNERS = {
    "scanner A": replace(_STAIN, blur_wpx=1.5, noise=2.0),
    "scanner B": replace(_STAIN, blur_wpx=0.8, resolution=1.9, sharpen=0.8, noise=3.5),
}
_FIBER_UM = 38.0


@dataclass(frozen=True)
class SimulatedLab:
    """What was written.

    Attributes:
        manifest: Its CSV file.
        mapping: The meaning of its class names.
        slides: How many, one a patient.
    """

    manifest: Path
    mapping: Path
    slides: int


def simulate_lab(
    out: Path,
    patients: int = 12,
    lab: int = 0,
    tissue_mm2: float = 1.5,
    habits: Habits = Habits(),  # noqa: B008 - frozen
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> SimulatedLab:
    """Write a laboratory's slides, what was drawn on them, its manifest and its mapping.

    Args:
        out: Folder; slides that are there already are kept.
        patients: One slide each.
        lab: Another number is another laboratory's patients.
        tissue_mm2: Area of each section.
        habits: How its pathologist draws.
        processes: That render.
        progress: Called with slides done and slides in all.

    Returns:
        Where it is.

    Raises:
        UsageError: If there are no patients, or the area is out of range.
        OutputError: If it cannot be written.
    """
    if not 1 <= patients <= 1000:
        raise UsageError(f"{patients} patients", "is not a laboratory", "choose 1 to 1000")
    if not 0.2 <= tissue_mm2 <= 100:
        raise UsageError(f"{tissue_mm2:g} mm2", "is not a size of a section", "choose 0.2 to 100 mm2")
    make_folder(out)
    rows = []
    for patient in range(patients):
        pattern, site = PATTERNS[patient % len(PATTERNS)], list(_SCANNERS)[patient % len(_SCANNERS)]
        name = f"S{lab:03d}-{patient + 1:03d}"
        rng = np.random.default_rng([lab_seed(lab, patient), 7])
        scene, look = _section(pattern, site, tissue_mm2, rng)
        drawn = json.dumps(draw_on(scene, habits, rng), ensure_ascii=False)
        if not (out / f"{name}.tif").exists():
            _write_slide(out / f"{name}.tif", scene, look, processes)
        write_atomically(out / f"{name}.geojson", drawn.encode())
        rows.append([f"B-{name}", f"P-{name}", f"{name}.tif", f"{name}.geojson", site, pattern])
        if progress is not None:
            progress(patient + 1, patients)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")  # as a spreadsheet of a German lab saves it
    writer.writerow(["biopsy", "patient", "slide", "annotation", "site", "label"])
    writer.writerows(rows)
    manifest = write_atomically(out / MANIFEST, text.getvalue().encode("utf-8-sig"))
    return SimulatedLab(manifest, write_atomically(out / MAPPING_FILE, MAPPING.encode()), patients)


def _section(pattern: str, site: str, tissue_mm2: float, rng: np.random.Generator) -> tuple[Scene, Look]:
    """A biopsy of the lab: its fibers are smaller than most, and every patient's a little different."""
    area_um2 = tissue_mm2 * UM2_PER_MM2
    shape = blob(0.0, 0.0, float(np.sqrt(area_um2 / np.pi)), rng, aspect=rng.uniform(1.05, 1.4), roughness=0.14)
    scale = float(np.sqrt(area_um2 / shape.area))
    left, top, right, bottom = (scale * side for side in shape.bounds)
    section = shapely.transform(shape, lambda points: points * scale + [GLASS_UM - left, GLASS_UM - top])
    width, height = right - left + 2 * GLASS_UM, bottom - top + 2 * GLASS_UM
    spec: PhantomSpec = replace(
        PATTERN_SPECS[pattern],
        fiber_um=_FIBER_UM * float(np.exp(rng.normal(0, 0.08))),
        endomysium_fill=0.85,
        debris_mm2=0.6,
        folds_mm2=0.3,
    )
    look = replace(
        _SCANNERS[site],
        eosin_level=_STAIN.eosin_level * float(np.exp(rng.normal(0, 0.06))),
        hematoxylin_level=_STAIN.hematoxylin_level * float(np.exp(rng.normal(0, 0.06))),
        offset=int(rng.integers(1, 100_000)),
    )
    return build_scene(spec, width, height, int(rng.integers(2**31)), section), look


def _write_slide(path: Path, scene: Scene, look: Look, processes: int) -> None:
    size = Size(int(WORKING_MPP.to_px(scene.width_um)), int(WORKING_MPP.to_px(scene.height_um)))
    with tempfile.TemporaryDirectory(prefix=".simulated-", dir=path.parent) as folder:
        partial = Path(folder) / "slide.tif"
        write_pyramid(partial, scene, look, size, Path(folder), None, processes)
        partial.replace(path)
