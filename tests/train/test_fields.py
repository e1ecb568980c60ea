from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_in import draw_field

from histo.cohort import Split
from histo.findings import FiberClass
from histo.network import IGNORE, encode_targets
from histo.phantom.truth import Field
from train.augment import Pose, PoseRange, draw_pose, eval_look, train_look
from train.dataset import CropDataset, NeedIndex, Needs, WholeFieldDataset, sample_of
from train.field_store import digest_of, field_path, load_field, load_objects, made_by, save_field, stored_fields
from train.render import phantom_fingerprint, render_fields
from train.seeds import seeds_of, take_seeds

seeds = st.integers(0, 2**32 - 1)

_DRAWN = draw_field(0, 320)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("fields")
    render_fields(place, range(6), 320, draw_field, "discs", 0)
    return place


@pytest.fixture(scope="module")
def field() -> Field:
    return draw_field(3, 320)


@given(st.sampled_from(Split), st.sampled_from(Split), st.integers(1, 2000), st.integers(0, 5000))
def test_splits_never_share_a_seed(one: Split, other: Split, count: int, first: int) -> None:
    taken = take_seeds(one, count, first)
    assert len(taken) == count
    assert (taken[0] in seeds_of(other)) == (taken[-1] in seeds_of(other)) == (one == other)


def test_a_split_does_not_lend_seeds() -> None:
    with pytest.raises(ValueError, match="train has seeds 0 to 999999, not 999999 to 1000000"):
        take_seeds(Split.TRAIN, 2, 999_999)


def test_a_stored_field_comes_back_unchanged(folder: Path) -> None:
    drawn, stored = draw_field(2, 320), load_field(field_path(folder, 2))
    assert np.array_equal(stored.rgb, drawn.rgb)
    for name in drawn.truth.__dataclass_fields__:
        one, other = getattr(drawn.truth, name), getattr(stored.truth, name)
        assert np.array_equal(one, other), name
        assert getattr(one, "dtype", None) == getattr(other, "dtype", None), name


def test_objects_lie_where_the_field_has_them(folder: Path) -> None:
    objects, truth = load_objects(field_path(folder, 1)), load_field(field_path(folder, 1)).truth
    column, row = objects.fiber_center_px.astype(int).T
    labels = truth.fiber_labels[row, column]
    assert np.all(labels > 0)
    assert np.array_equal(truth.fiber_class[labels], objects.fiber_class)


def test_rendering_goes_on_where_it_stopped_and_replaces_fields_of_other_code(tmp_path: Path) -> None:
    assert render_fields(tmp_path, range(3), 64, draw_field, "one", 0) == 3
    before = field_path(tmp_path, 1).stat().st_mtime_ns
    field_path(tmp_path, 2).write_bytes(b"broken off")
    digest = digest_of(tmp_path)
    assert render_fields(tmp_path, range(4), 64, draw_field, "one", 2) == 2
    assert field_path(tmp_path, 1).stat().st_mtime_ns == before
    assert len(stored_fields(tmp_path)) == 4
    assert digest_of(tmp_path) != digest
    assert render_fields(tmp_path, range(4), 64, draw_field, "another", 0) == 4
    assert made_by(field_path(tmp_path, 0)) == "another"
    assert not list(tmp_path.glob("*.partial"))


def test_the_fingerprint_tells_sizes_apart() -> None:
    assert phantom_fingerprint(64) == phantom_fingerprint(64) != phantom_fingerprint(128)


def test_a_folder_without_fields_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no rendered fields; make some with `python -m train render`"):
        stored_fields(tmp_path)


@settings(deadline=None, max_examples=15)
@given(seeds)
def test_a_pose_moves_pixels_truth_and_nuclei_together(seed: int) -> None:
    field = _DRAWN
    rng = np.random.default_rng(seed)
    pose = draw_pose(rng, PoseRange(still=0.5), 128, (320, 320), rng.uniform(0, 320, 2))
    crop = pose.take(field, 128, 16)
    assert crop.rgb.shape == (128, 128, 3)
    assert crop.truth.fiber_labels.shape == (160, 160)
    inner = crop.truth.fiber_labels[16:-16, 16:-16]
    hyaline = np.flatnonzero(crop.truth.fiber_class == FiberClass.NECROTIC_HYALINE)
    bare = cv2.erode(np.isin(inner, hyaline[hyaline > 0]).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    colors = np.median(crop.rgb[bare], axis=0) if np.count_nonzero(bare) > 400 else np.array([200, 60, 110])
    assert np.abs(colors - [200, 60, 110]).max() < 12
    for x, y in crop.truth.cell_center_px - 16:
        if 4 < x < 124 and 4 < y < 124:
            around = crop.rgb[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2, 1].mean()
            assert around < 60


def test_an_unmoved_crop_is_the_field_itself(field: Field) -> None:
    crop = Pose(np.eye(2), np.array([100.0, 140.0])).take(field, 64, 0)
    assert np.array_equal(crop.rgb, field.rgb[108:172, 68:132])
    assert np.array_equal(crop.truth.fiber_labels, field.truth.fiber_labels[108:172, 68:132])


def test_a_crop_that_does_not_fit_is_refused(field: Field) -> None:
    with pytest.raises(ValueError, match="does not fit into a field"):
        draw_pose(np.random.default_rng(0), PoseRange(), 336, (320, 320), np.zeros(2))


def test_the_margin_of_the_truth_keeps_targets_as_in_the_whole_field(field: Field) -> None:
    pose = Pose(np.eye(2), np.array([160.0, 160.0]))
    crop = pose.take(field, 128, 64)
    sample, whole = sample_of(crop.rgb, crop.truth, 64), encode_targets(field.truth)
    inner = np.s_[48:112, 48:112]
    assert np.array_equal(sample["fiber_class"], whole.fiber_class[inner])
    assert np.allclose(sample["distance"], whole.distance[inner], atol=0.02)
    assert np.allclose(sample["boundary"], whole.boundary[inner])
    assert np.allclose(sample["cells"], whole.cells[:, 48:112, 48:112])


def test_every_whole_fiber_weighs_the_same(field: Field) -> None:
    sample = sample_of(field.rgb, field.truth)
    labels = encode_targets(field.truth).fiber_labels
    total = np.bincount(labels.ravel(), sample["fiber_weight"].ravel())[1:]
    area = np.bincount(labels.ravel())[1:]
    assert np.allclose(total[area >= 300], 1, atol=1e-4)
    assert np.all(total[area < 300] < 1)
    assert np.all(sample["fiber_weight"][sample["fiber_class"] == IGNORE] == 0)


def test_crops_depend_on_their_number_alone(folder: Path) -> None:
    one, other = (CropDataset(folder, 128, 7, Needs(), PoseRange()) for _ in range(2))
    _ = other[3]
    for number in (5, 2):
        for name, array in one[number].items():
            assert np.array_equal(array, other[number][name]), name
    assert not np.array_equal(one[0]["rgb"], one[1]["rgb"])


def test_crops_are_centered_on_what_is_needed(folder: Path) -> None:
    index = NeedIndex(stored_fields(folder))
    rng = np.random.default_rng(0)
    needs = Needs(probability=0.5, weights={"myophagocytosis": 1.0})
    drawn = [index.draw(rng, needs) for _ in range(200)]
    assert 70 < sum(place is not None for place in drawn) < 130
    for place in filter(None, drawn):
        truth = load_field(stored_fields(folder)[place[0]]).truth
        label = truth.fiber_labels[int(place[1][1]), int(place[1][0])]
        assert truth.fiber_class[label] == FiberClass.MYOPHAGOCYTOSIS


def test_an_unknown_need_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unknown needs necrosis; known are"):
        Needs(weights={"necrosis": 1.0})


def test_looks_change_colors_but_not_places(field: Field) -> None:
    look, still = train_look(), eval_look()
    assert np.array_equal(still(image=field.rgb)["image"], field.rgb)
    seen = []
    for seed in range(12):
        look.set_random_seed(seed)
        seen.append(look(image=field.rgb)["image"])
    look.set_random_seed(3)
    assert np.array_equal(look(image=field.rgb)["image"], seen[3])
    means = np.array([image.mean(axis=(0, 1)) for image in seen])
    assert np.all(means.std(axis=0) > 4)
    for image in seen:
        assert image.dtype == np.uint8
        assert np.corrcoef(image[..., 1].ravel(), field.rgb[..., 1].ravel())[0, 1] > 0.7


def test_validation_reads_whole_fields_unchanged(folder: Path) -> None:
    dataset = WholeFieldDataset(folder, 2)
    assert len(dataset) == 2
    assert np.array_equal(dataset[1]["rgb"], draw_field(1, 320).rgb)


def test_a_field_is_never_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr("train.field_store.save_file", full_disk)
    with pytest.raises(OSError, match="no space"):
        save_field(tmp_path / "0000001.safetensors", draw_field(1, 64), "discs")
    assert not list(tmp_path.glob("*.safetensors"))
