"""From a manifest to fields on disk, on slides of colored discs."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_slides import write_drawn_slide
from stand_in import draw_field

from histo.annotations import Placement, PlacementVerdict, load_mapping
from histo.cohort import Split, load_manifest
from histo.errors import ManifestError
from histo.geometry import Mpp
from histo.slide import MemorySlide, SlideReader, open_slide
from train.augment import PoseRange
from train.dataset import CropDataset, MixedCrops, Needs
from train.field_list import FieldOrigin, read_field_list, write_field_list
from train.field_store import load_field, save_field, stored_fields
from train.prepare import Cutting, Prepared, prepare
from train.slide_fields import FieldSizes
from train.splits import read_splits

HEADER = ["biopsy", "patient", "slide", "annotation", "mpp", "split", "site", "label"]
SPLITS = ["train", "validation", "test", ""]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    for number in range(3):
        write_drawn_slide(folder, f"s{number}", number)
    write_drawn_slide(folder, "bare", 3, 128)
    (folder / "bare.geojson").unlink()
    rows = [[f"B{n}", f"P{n}", f"s{n}.png", f"s{n}.geojson", 0.5, SPLITS[n], "A", "normal"] for n in range(3)]
    write_manifest(folder / "manifest.csv", [*rows, ["B0", "P0", "bare.png", "", 0.5, "", "A", ""]])
    return folder


def write_manifest(path: Path, rows: list[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])


SITS_WELL = Placement(PlacementVerdict.SITS_WELL, (0.0, 0.0), 1.0, False, 1.0, 1, 1, 1.0, ())


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """Slides are opened in this process, and where outlines sit is not truly looked at: that takes seconds each."""

    def quickly(path: Path, mpp: float | None) -> SlideReader:
        pixels = cv2.imread(str(path)) if path.suffix == ".png" and mpp else None
        return MemorySlide(pixels[..., ::-1].copy(), Mpp(mpp), path.stem) if pixels is not None else open_slide(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("train.prepare.open_slide", quickly)
        patch.setattr("train.prepare.check_placement", lambda *_: SITS_WELL)
        yield


def run(manifest: Path, out: Path, cutting: Cutting = Cutting()) -> Prepared:  # noqa: B008
    return prepare(load_manifest(manifest), load_mapping(None), out, cutting, lambda _: None)


@pytest.fixture(scope="module")
def prepared(lab: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Prepared]:
    out = tmp_path_factory.mktemp("prepared")
    return out, run(lab / "manifest.csv", out)


def test_every_field_is_listed_with_where_it_comes_from(prepared: tuple[Path, Prepared]) -> None:
    out, done = prepared
    assert read_field_list(out) == done.fields
    on_disk = {path.relative_to(out).as_posix() for path in out.rglob("*.safetensors")}
    assert on_disk == {origin.field for origin in done.fields}
    assert {(origin.patient, origin.split) for origin in done.fields} == {
        ("P0", Split.TRAIN),
        ("P1", Split.VALIDATION),
        ("P2", Split.TEST),
    }
    assert done.cut == len(done.fields)
    assert done.without_annotation == 1
    assert done.patients == {Split.TRAIN: 1, Split.VALIDATION: 1, Split.TEST: 1}
    assert read_splits(out) == {"p0": Split.TRAIN, "p1": Split.VALIDATION, "p2": Split.TEST}


def test_a_field_holds_what_was_drawn_and_knows_where(prepared: tuple[Path, Prepared]) -> None:
    out, done = prepared
    origin = next(one for one in done.fields if one.split is Split.TEST)
    field, drawn = load_field(out / origin.field), draw_field(2, 640)
    height, width = field.rgb.shape[:2]
    place = np.s_[origin.y_wpx : origin.y_wpx + height, origin.x_wpx : origin.x_wpx + width]
    assert np.array_equal(field.rgb, drawn.rgb[place])
    known = field.truth.fibers_known
    assert known is not None
    assert 1.0 < np.count_nonzero(known) / (320 * 280) < 1.5  # the rectangle, and fibers that reach beyond it
    inner = np.s_[120:400, 100:420]
    expected = np.zeros((640, 640), bool)
    expected[place] = field.truth.fiber_labels > 0
    assert np.mean(expected[inner] == (drawn.truth.fiber_labels > 0)[inner]) > 0.99
    there = drawn.truth.fiber_labels[place]
    for number in np.unique(field.truth.fiber_labels[field.truth.fiber_labels > 0]):
        mask = field.truth.fiber_labels == number
        truly = np.bincount(there[mask]).argmax()
        assert field.truth.fiber_class[number] == drawn.truth.fiber_class[truly]


def test_preparing_again_cuts_nothing_and_what_was_lost_or_drawn_anew_is_cut(lab: Path, tmp_path: Path) -> None:
    for path in lab.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    manifest, out = tmp_path / "manifest.csv", tmp_path / "fields"
    (out / "train").mkdir(parents=True)
    save_field(out / "train" / "1000000.safetensors", draw_field(1, 64), "a phantom's fingerprint")
    first = run(manifest, out)
    assert run(manifest, out).cut == 0
    lost = out / first.fields[0].field
    lost.write_bytes(lost.read_bytes()[:1000])
    assert run(manifest, out).cut == 1
    text = (tmp_path / "s1.geojson").read_text(encoding="utf-8")
    (tmp_path / "s1.geojson").write_text(text.replace("Intact fiber", "Regenerating fiber"), encoding="utf-8")
    assert run(manifest, out).cut == sum(origin.patient == "P1" for origin in first.fields)
    smaller = run(manifest, out, Cutting(FieldSizes(128, 256)))
    assert smaller.cut == len(smaller.fields) > len(first.fields)
    there = {path.relative_to(out).as_posix() for path in out.rglob("*.safetensors")}
    assert there - {origin.field for origin in smaller.fields} == {"train/1000000.safetensors"}  # no business of ours


def test_the_faults_of_all_slides_are_told_together_and_nothing_is_written(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "text.svs").write_text("not a slide")
    (tmp_path / "odd.geojson").write_text('{"type": "Feature", "geometry": null, "properties": {"name": "Blob"}}')
    rows: list[list[object]] = [
        ["B1", "P1", "text.svs", "", "", "train", "", ""],
        ["B2", "P2", str(lab / "s0.png"), str(tmp_path / "odd.geojson"), 0.5, "train", "", ""],
        ["B3", "P3", str(lab / "s1.png"), "", "", "train", "", ""],
    ]
    write_manifest(tmp_path / "manifest.csv", rows)
    with pytest.raises(ManifestError) as caught:
        run(tmp_path / "manifest.csv", tmp_path / "out")
    for part in ("row 2: ", "text.svs", "row 3: ", "'Blob' (1)", "row 4: ", "s1.png", "mpp"):
        assert part in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_outlines_that_sit_badly_are_told_before_anything_is_cut_and_once(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    moved = replace(SITS_WELL, verdict=PlacementVerdict.MOVED, warnings=("outlines lie 30 um to the left",))
    monkeypatch.setattr("train.prepare.check_placement", lambda *_: moved)
    manifest, mapping = load_manifest(lab / "manifest.csv"), load_mapping(None)
    prepare(manifest, mapping, tmp_path, Cutting(), told.append)
    assert told == [f"row {n + 2}: s{n}.geojson: outlines lie 30 um to the left" for n in range(3)]
    prepare(manifest, mapping, tmp_path, Cutting(), told.append)
    assert len(told) == 3


def test_the_same_pixels_under_two_names_are_refused(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.png").write_bytes((lab / "s0.png").read_bytes())
    rows: list[list[object]] = [
        ["B1", "P1", str(lab / "s0.png"), str(lab / "s0.geojson"), 0.5, "train", "", ""],
        ["B2", "P2", "copy.png", str(lab / "s0.geojson"), 0.5, "test", "", ""],
    ]
    write_manifest(tmp_path / "manifest.csv", rows)
    with pytest.raises(ManifestError, match=r"the same slide is in train \(row 2\) and in test \(row 3\)"):
        run(tmp_path / "manifest.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_learning_curve_adds_patients_and_changes_none(lab: Path, tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [f"B{n}", f"P{n}", str(lab / f"s{n}.png"), str(lab / f"s{n}.geojson"), 0.5, split, "", ""]
        for n, split in enumerate(["train", "train", "test"])
    ]
    write_manifest(tmp_path / "manifest.csv", rows)
    one = run(tmp_path / "manifest.csv", tmp_path / "one", Cutting(training_patients=1))
    two = run(tmp_path / "manifest.csv", tmp_path / "two", Cutting(training_patients=2))
    assert set(one.fields) < set(two.fields)
    assert one.patients == {Split.TRAIN: 1, Split.VALIDATION: 0, Split.TEST: 1}


def test_the_list_of_fields_comes_back(tmp_path: Path) -> None:
    origin = FieldOrigin("test/a.safetensors", Split.TEST, "B, 1", "Ä", "s", 'x "y"', "", -3, 5, False, "ab")
    write_field_list(tmp_path, [origin])
    assert read_field_list(tmp_path) == (origin,)
    with pytest.raises(FileNotFoundError, match="no list of fields; make one with `python -m train prepare`"):
        read_field_list(tmp_path / "elsewhere")


def test_crops_of_slides_and_phantoms_are_mixed_by_number_in_the_stated_proportion(
    prepared: tuple[Path, Prepared], tmp_path: Path
) -> None:
    for seed in range(2):
        save_field(tmp_path / f"{seed}.safetensors", draw_field(seed, 320), "discs")
    slides, phantoms = (
        CropDataset(folder, 128, 7, Needs(), PoseRange()) for folder in (prepared[0] / "train", tmp_path)
    )
    mixed, again = (MixedCrops(slides, phantoms, 0.3, 7) for _ in range(2))
    kinds = [mixed.is_phantom(number) for number in range(600)]
    assert 0.24 < np.mean(kinds) < 0.36
    for number in (3, 1, 2, 0, kinds.index(True), kinds.index(False)):
        source = phantoms if kinds[number] else slides
        for name, array in mixed[number].items():
            assert np.array_equal(array, source[number][name]), name
            assert np.array_equal(array, again[number][name]), name
    assert not any(MixedCrops(slides, phantoms, 0.0, 1).is_phantom(number) for number in range(50))
    assert all(MixedCrops(slides, phantoms, 1.0, 1).is_phantom(number) for number in range(50))
    with pytest.raises(ValueError, match="share of phantoms must be 0 to 1"):
        MixedCrops(slides, phantoms, 1.5, 1)


def test_crops_of_a_slide_show_what_is_known(prepared: tuple[Path, Prepared]) -> None:
    crops = CropDataset(prepared[0] / "train", 128, 7, Needs(probability=0.0), PoseRange())
    shares = [float(np.mean(crops[number]["fibers_known"])) for number in range(12)]
    assert min(shares) > 0
    assert np.mean(shares) > 0.6
    assert len(stored_fields(prepared[0] / "train")) >= 1
