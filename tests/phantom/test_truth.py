"""The truth of a phantom is exact: all its forms agree with each other and with what is drawn; no kind is left out."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import tifffile

from histo.errors import UsageError
from histo.findings import CellClass, Compartment, FiberClass
from histo.geometry import Region
from histo.phantom import DISEASES, PATTERN_SPECS, PhantomSlide, PhantomSpec, write_phantom_slide
from histo.phantom.drawing import Renderer
from histo.phantom.known import KnownSection, known_section
from histo.phantom.known_areas import QUALITIES, STRUCTURE_KINDS, _cut_off
from histo.phantom.look import BlemishKind, Look, SectionQuality, draw_blemishes
from histo.phantom.nuclei import NOT_A_CELL
from histo.phantom.scene import Scene, build_scene
from histo.phantom.slide import phantom_biopsy
from histo.phantom.structures import Structures
from histo.records import Staged, read_cells, read_fibers
from histo.records.phantom_truth import stage_truth

SEED, MM2 = 3, 0.3

SPOILED = Look(section=replace(SectionQuality(), **{f.name: 4.0 for f in fields(SectionQuality) if "mm2" in f.name}))

RICH = replace(
    PATTERN_SPECS["necrotizing"], lymphocytes_mm2=60.0, split=0.05,
    **{f.name: 8.0 for f in fields(PhantomSpec) if f.name.endswith("_mm2") and "cytes" not in f.name},
)  # fmt: skip


@pytest.fixture(scope="module")
def scene() -> Scene:
    return build_scene(RICH, 900.0, 900.0, 11, shapely.Point(450, 450).buffer(430))


@pytest.fixture(scope="module")
def known(scene: Scene) -> KnownSection:
    return known_section(scene, SPOILED)


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> PhantomSlide:
    path = tmp_path_factory.mktemp("truth") / "demo.tif"
    with Staged(path.parent) as staged:
        return write_phantom_slide(
            path, disease="imnm_srp", seed=SEED, tissue_mm2=MM2, label_maps=True, workers=1,
            publishing=lambda made: stage_truth(staged, made),
        )  # fmt: skip


def read_truth(slide: PhantomSlide) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(slide.path.with_name("demo.truth.json").read_text())
    return document


def outlines(known: KnownSection) -> list[shapely.Polygon]:
    return [shapely.Polygon(known.fibers.outline(row).astype(float)) for row in range(len(known.fibers))]


def test_no_part_of_a_scene_is_left_out() -> None:
    told = {"fascicles", "fibers", "fiber_class", "fiber_attributes", "fiber_look", "stage", "nuclei", "structures"}
    assert {field.name for field in fields(Scene)} == told | {"section", "spec", "width_um", "height_um", "seed"}
    assert {field.name for field in fields(Structures)} == STRUCTURE_KINDS.keys() | QUALITIES.keys()


def test_every_structure_and_blemish_is_told(scene: Scene, known: KnownSection) -> None:
    told = {areas.name: areas for areas in known.areas.structures}
    for name in STRUCTURE_KINDS:
        shapes = getattr(scene.structures, name)
        if name != "foci":
            assert len(told[name].shapes) == np.count_nonzero(shapely.area(shapely.intersection(shapes, scene.section)))
            assert len(told[name].titles) == len(told[name].shapes)
    blemishes = draw_blemishes(scene, SPOILED.section)
    for kind in BlemishKind:
        assert len(told[f"blemish_{kind.name.lower()}"].shapes) == blemishes.kinds.count(kind) > 0
    assert sum("cuff" in title for title in told["vessels"].titles) <= scene.structures.cuffed.sum()


def test_tears_and_debris_are_told_where_they_are_drawn(scene: Scene) -> None:
    fiber = scene.fibers[np.argmin(shapely.distance(scene.fibers, shapely.Point(450, 450)))]
    tear, dirt = fiber.centroid.buffer(60), shapely.Point(880, 450).buffer(15)
    torn = replace(scene.structures, tears=np.array([tear]), debris=np.array([dirt]))
    told = {areas.name: areas for areas in known_section(replace(scene, structures=torn), SPOILED).areas.structures}
    spared = tear.area - tear.difference(shapely.union_all(scene.fibers)).area
    assert spared > 400
    assert told["tears"].area_mm2 == pytest.approx((tear.area - spared) / 1e6)
    assert shapely.equals(told["debris"].shapes, dirt).all()
    assert not scene.section.contains(dirt)


def test_stored_outlines_do_not_overlap(known: KnownSection) -> None:
    shapes = np.array(outlines(known))
    one, two = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[one[one < two]], shapes[two[one < two]]))
    assert shared.max(initial=0.0) < 1e-2  # um2: what is left when coordinates are rounded to 32 bits


def test_hosts_hold_their_nuclei_and_nothing_else_does(scene: Scene, known: KnownSection) -> None:
    assert len(known.cells) == np.count_nonzero(scene.nuclei.cell_class != NOT_A_CELL)
    shapes, points = outlines(known), shapely.points(known.cells.center_um.astype(float))
    hosted = known.cells.fiber >= 0
    assert hosted.sum() > 50
    hosts = [shapes[fiber] for fiber in known.cells.fiber[hosted]]
    assert shapely.covers(hosts, points[hosted]).all()
    assert len(shapely.STRtree(shapes).query(points[~hosted], predicate="within")[0]) == 0
    assert np.array_equal(known.cells.compartment == Compartment.FIBER, hosted)


def test_fibers_lie_in_the_fascicle_they_are_told_of(known: KnownSection) -> None:
    inside = known.fascicle >= 0
    assert inside.mean() > 0.9
    centers = shapely.points(known.fibers.center_um[inside].astype(float))
    assert shapely.covers(known.areas.fascicles[known.fascicle[inside]], centers).all()


def test_what_artefacts_cover_is_told(known: KnownSection) -> None:
    over = shapely.union_all(known.areas.covers)
    assert np.array_equal(known.cell_covered, shapely.intersects_xy(over, *known.cells.center_um.T.astype(float)))
    shares = [shape.intersection(over).area / shape.area for shape in outlines(known)]
    assert known.fiber_covered == pytest.approx(np.array(shares), abs=1e-4)
    assert 0 < known.cell_covered.mean() < 1


def test_all_forms_count_the_same(slide: PhantomSlide) -> None:
    fibers = read_fibers(slide.path.with_name("demo.truth.fibers.parquet"))
    cells = read_cells(slide.path.with_name("demo.truth.cells.parquet"))
    told, features = read_truth(slide), json.loads(slide.path.with_name("demo.truth.geojson").read_text())["features"]
    names = [feature["properties"]["classification"]["name"] for feature in features]
    for fiber_class, name in zip(
        FiberClass,
        ("Intact fiber", "Regenerating fiber", "Necrotic fiber: pale", "Necrotic fiber: hyaline", "Myophagocytosis"),
        strict=True,
    ):
        count = np.count_nonzero(fibers.fiber_class == fiber_class)
        assert told["counts"]["fibers"][fiber_class.name.lower()] == names.count(name) == count
    for cell_class, name in zip(CellClass, ("Lymphocyte", "Macrophage", "Myonucleus", "Other nucleus"), strict=True):
        count = np.count_nonzero(cells.cell_class == cell_class)
        assert told["counts"]["nuclei"][cell_class.name.lower()] == names.count(name) == count
    assert names.count("Fascicle") >= told["counts"]["fascicles"] > 0
    numbers = np.unique(tifffile.imread(slide.label_maps["fibers"]))
    assert np.array_equal(numbers, np.arange(len(fibers) + 1))
    assert told["areas_mm2"]["fibers"] == pytest.approx(fibers.area_um2.sum() / 1e6, rel=1e-4)
    assert told["areas_mm2"]["section"] == pytest.approx(MM2)


def test_what_was_simulated_is_told(slide: PhantomSlide) -> None:
    told = read_truth(slide)
    drawn, _ = phantom_biopsy(None, SEED, MM2, "imnm_srp")
    assert (told["disease"], told["pattern"], told["seed"]) == ("imnm_srp", drawn.spec.pattern, SEED)
    assert PhantomSpec(**told["spec"]) == drawn.spec
    assert len(told["source_fingerprint"]) == 64


def test_label_maps_agree_with_outlines(slide: PhantomSlide) -> None:
    numbers, compartments = (tifffile.imread(slide.label_maps[name]) for name in ("fibers", "compartments"))
    assert (numbers.dtype, compartments.dtype) == (np.uint32, np.uint8)
    assert numbers.shape == compartments.shape == (slide.size_px.height, slide.size_px.width)
    drawn_um2 = np.bincount(numbers.ravel())[1:] * 0.25
    length_um = np.array([shapely.Polygon(slide.fibers.outline(row)).length for row in range(len(slide.fibers))])
    assert np.all(np.abs(drawn_um2 - slide.fibers.area_um2) < 0.5 * length_um)  # a pixel's rim
    assert np.all(np.isin(compartments[numbers > 0], (Compartment.FIBER, Compartment.ARTEFACT)))
    assert not np.any(compartments[numbers == 0] == Compartment.FIBER)
    column, row = (slide.cells.center_um[slide.cells.fiber >= 0] / 0.5).astype(int).T
    host = slide.cells.fiber[slide.cells.fiber >= 0]
    assert np.mean(numbers[row, column] == host + 1) > 0.99  # but for centers in a pixel of the rim


def test_label_maps_agree_with_what_is_rendered(slide: PhantomSlide) -> None:
    scene, look = phantom_biopsy(None, SEED, MM2, "imnm_srp")
    region = Region(700, 600, 400, 400)
    truth = Renderer(scene, look).render(region).truth
    window = np.s_[600:1000, 700:1100]
    numbers, compartments = (tifffile.imread(slide.label_maps[name])[window] for name in ("fibers", "compartments"))
    seen = truth.fiber_labels > 0
    assert np.array_equal(seen, (numbers > 0) & (seen | (compartments != Compartment.ARTEFACT)))
    assert np.array_equal(truth.fiber_class[truth.fiber_labels[seen]], slide.fibers.fiber_class[numbers[seen] - 1])


def test_label_maps_are_tiled_and_carry_the_scale(slide: PhantomSlide) -> None:
    for path in slide.label_maps.values():
        with tifffile.TiffFile(path) as file:
            page = file.pages[0]
            assert page.is_tiled
            assert page.tags["XResolution"].value == (20_000, 1)


def _no_pixels(path: Path, *_: object, **__: object) -> None:
    path.write_bytes(b"")


def test_nothing_is_published_before_all_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("histo.phantom.slide.write_pyramid", _no_pixels)
    (tmp_path / "a.truth.fibers.tif").write_text("of an earlier slide")

    def fails(_: PhantomSlide) -> None:
        raise UsageError("truth", "cannot be told", "mend it")

    with pytest.raises(UsageError, match="cannot be told"):
        write_phantom_slide(tmp_path / "a.tif", pattern="normal", seed=1, tissue_mm2=0.2, publishing=fails)
    assert [path.name for path in tmp_path.iterdir()] == ["a.truth.fibers.tif"]
    write_phantom_slide(tmp_path / "a.tif", pattern="normal", seed=1, tissue_mm2=0.2)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"], "an earlier slide's map must not stay"


def test_a_disease_and_its_pattern_must_not_contradict_each_other() -> None:
    with pytest.raises(UsageError, match=r"^lupus: is not a disease that can be simulated; choose one of normal, "):
        phantom_biopsy(None, 1, 2.0, "lupus")
    with pytest.raises(UsageError, match=r"^neurogenic: shows the pattern neurogenic with seed 1, not normal; "):
        phantom_biopsy("normal", 1, 2.0, "neurogenic")
    with pytest.raises(UsageError, match="has neither a pattern nor a disease"):
        phantom_biopsy(None, 1, 2.0)
    scene, _ = phantom_biopsy("neurogenic", 1, 0.2, "neurogenic")
    assert (scene.spec.disease, scene.spec.pattern) == ("neurogenic", DISEASES["neurogenic"].pattern)


def test_a_fascicle_that_crosses_itself_is_cut_off_like_others() -> None:
    """One in some hundred sections has such a fascicle; GEOS refuses to intersect it."""
    crossing = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    parts, kept = _cut_off(np.array([crossing], object), shapely.box(0, 0, 6, 20))
    assert kept.tolist() == [0]
    assert shapely.is_valid(parts).all()
    assert shapely.area(parts).sum() == pytest.approx(25 + 1)
