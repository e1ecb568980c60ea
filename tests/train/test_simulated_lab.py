"""A laboratory that does not exist, from its slides to weights that were tuned to it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from stand_in import draw_field
from typer.testing import CliRunner

from histo.annotations import load_annotations, load_mapping
from histo.cohort import Split, load_manifest
from histo.errors import UsageError
from histo.findings import CellClass, FiberAttribute, FiberClass
from histo.geometry import WORKING_MPP
from histo.phantom.scene import Scene, build_scene
from histo.phantom.spec import PATTERN_SPECS
from histo.slide import open_slide
from train.commands import application
from train.field_list import read_field_list
from train.field_store import load_field, save_field
from train.fit import FINAL, fit
from train.seeds import lab_seed, seeds_of
from train.simulated_habits import MAPPING, Habits, draw_on
from train.simulated_lab import SimulatedLab, simulate_lab

FEW = Habits(regions=1, region_um=(200.0, 180.0))
RECIPE = Path(__file__).parents[2] / "train" / "configs" / "finetune.yaml"


@given(st.integers(0, 999), st.integers(0, 999), st.sampled_from(Split))
def test_a_laboratory_shares_no_seed_with_any_split(lab: int, patient: int, split: Split) -> None:
    assert lab_seed(lab, patient) not in seeds_of(split)
    assert lab_seed(lab, patient) > seeds_of(split)[-1]


def test_a_laboratory_without_patients_or_tissue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="0 patients: is not a laboratory"):
        simulate_lab(tmp_path, patients=0)
    with pytest.raises(UsageError, match=r"0\.01 mm2: is not a size of a section"):
        simulate_lab(tmp_path, tissue_mm2=0.01)
    with pytest.raises(ValueError, match="numbered 0 to 999"):
        lab_seed(1000, 0)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return build_scene(PATTERN_SPECS["endomysial_inflammatory"], 900.0, 900.0, 5)


def drawn_on(scene: Scene, habits: Habits, folder: Path, seed: int = 0) -> Path:
    path = folder / "drawn.geojson"
    path.write_text(json.dumps(draw_on(scene, habits, np.random.default_rng(seed))), encoding="utf-8")
    (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    return path


def test_the_importer_understands_what_the_pathologist_draws(scene: Scene, tmp_path: Path) -> None:
    path = drawn_on(scene, Habits(doubted=1.0, overlooked=0.0), tmp_path)
    understood = load_annotations(path, load_mapping(tmp_path / "mapping.toml"), WORKING_MPP)
    assert understood.changes == ()
    assert dict(understood.regions) == {"annotated": 4, "unsure": 4}
    tree = shapely.STRtree(scene.fibers)
    for outline, kind, attributes in zip(
        understood.fibers.outlines, understood.fibers.fiber_class, understood.fibers.attributes, strict=True
    ):
        (row,) = tree.query(outline.representative_point(), predicate="within")
        assert scene.fiber_class[row] == kind
        assert scene.fiber_attributes[row, FiberAttribute.OPAQUE] == attributes[FiberAttribute.OPAQUE]
        # 1 to 2 um inside the true border, whose corners are not all kept
        inside = scene.fibers[row].exterior.distance(outline.exterior)
        assert 0.5 < inside < 2.6
    assert not understood.unsure.is_empty
    assert understood.attributes_known.tolist() == [kind == FiberAttribute.OPAQUE for kind in FiberAttribute]
    assert understood.cell_classes_known.tolist() == [True, True, False, False]


def test_regions_lie_apart_and_all_fibers_in_them_are_drawn(scene: Scene, tmp_path: Path) -> None:
    habits = Habits(doubted=0.0)
    path = drawn_on(scene, habits, tmp_path, 3)
    understood = load_annotations(path, load_mapping(tmp_path / "mapping.toml"), WORKING_MPP)
    regions = [
        shapely.geometry.shape(feature["geometry"])
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]
        if feature["properties"]["classification"]["name"] == "Region fertig"
    ]
    assert len(regions) == habits.regions
    assert shapely.union_all(regions).area == pytest.approx(sum(region.area for region in regions))
    region = shapely.transform(shapely.union_all(regions), WORKING_MPP.to_um)
    # drawn 1 to 2 um inside the border: of a sliver nothing is left to draw
    inside = [core for fiber in scene.fibers if region.contains(fiber) and (core := fiber.buffer(-2.0)).area > 60]
    drawn = shapely.STRtree(understood.fibers.outlines)
    assert len(inside) > 20
    assert all(len(drawn.query(shapely.point_on_surface(core), predicate="within")) for core in inside)


def test_some_cells_are_overlooked(scene: Scene, tmp_path: Path) -> None:
    mapping = drawn_on(scene, Habits(), tmp_path).parent / "mapping.toml"
    found = []
    for overlooked in (0.0, 0.5):
        path = drawn_on(scene, Habits(overlooked=overlooked, off_um=0.0, doubted=0.0), tmp_path)
        cells = load_annotations(path, load_mapping(mapping), WORKING_MPP).cells
        assert set(cells.cell_class) <= {CellClass.LYMPHOCYTE, CellClass.MACROPHAGE}
        found.append(len(cells))
    assert found[0] > 10
    assert 0.2 * found[0] < found[1] < 0.8 * found[0]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> SimulatedLab:
    return simulate_lab(tmp_path_factory.mktemp("lab"), patients=2, tissue_mm2=0.25, habits=FEW)


def test_slides_open_with_their_scale_and_the_manifest_is_read(lab: SimulatedLab) -> None:
    rows = load_manifest(lab.manifest).rows
    assert [row.label for row in rows] == ["necrotizing", "normal"]
    assert len({row.site for row in rows}) == len({row.patient for row in rows}) == 2
    with open_slide(rows[0].slide) as reader:
        assert reader.info.scale.mpp == WORKING_MPP
        assert len(reader.info.level_sizes_px) == 3
        mapping = load_mapping(lab.mapping)
        drawn = load_annotations(rows[0].annotation or Path(), mapping, WORKING_MPP, reader.info.size_px)
    assert np.count_nonzero(drawn.fibers.fiber_class != FiberClass.INTACT) > 0


def test_a_slide_that_is_there_is_kept_and_its_drawing_repeats(lab: SimulatedLab) -> None:
    slide = lab.manifest.parent / "S000-001.tif"
    before = slide.stat().st_mtime_ns, slide.with_suffix(".geojson").read_bytes()
    simulate_lab(lab.manifest.parent, patients=2, tissue_mm2=0.25, habits=FEW)
    assert (slide.stat().st_mtime_ns, slide.with_suffix(".geojson").read_bytes()) == before


def test_from_the_slides_of_a_laboratory_to_weights(lab: SimulatedLab, tmp_path: Path) -> None:
    command = ["prepare", "--manifest", str(lab.manifest), "--mapping", str(lab.mapping), "--out", str(tmp_path / "f")]
    done = CliRunner().invoke(application, command)
    assert done.exit_code == 0, done.output
    assert "train: 1 patients" in done.output
    origins = read_field_list(tmp_path / "f")
    assert {origin.patient for origin in origins} == {"P-S000-001", "P-S000-002"}
    assert load_field(tmp_path / "f" / origins[0].field).truth.fibers_known is not None
    save_field(tmp_path / "phantoms" / "train" / "1000000.safetensors", draw_field(1, 512), "discs")
    settings = {
        "data.fields": tmp_path / "f",
        "data.phantoms": tmp_path / "phantoms",
        "data.workers": 0,
        "data.batch_size": 2,
        "data.crop_wpx": 128,
        "data.validation_fields": 1,
        "trainer.default_root_dir": tmp_path / "fit",
        "trainer.max_steps": 2,
        "trainer.val_check_interval": 2,
        "trainer.log_every_n_steps": 1,
        "trainer.enable_progress_bar": "false",
    }
    options = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
    fit(["--config", str(RECIPE), *options, "--trainer.callbacks", "[]"])
    assert (tmp_path / "fit" / FINAL).is_file()
