"""Laws of the comparison of real and phantom tissue, on pictures whose answer is known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stand_in import draw_field

from histo.mask_outlines import mask_polygons
from train.realism import compare, distance, tell_apart
from train.realism_fibers import PROFILE_UM, border_profile, measure_fibers
from train.realism_fields import Specimen, cut_crops, specimen_of
from train.realism_measures import Measures, measure_specimen
from train.realism_page import write_blind, write_comparison
from train.realism_pixels import (
    band_power,
    find_nuclei,
    inner_spectrum,
    scale_variances,
    separate,
    spectrum,
    waves_per_um,
)

SIDE = 128
NOWHERE = np.zeros((0, 2), np.int64)


def measured(seed: int, real: bool, tint: int = 0) -> Measures:
    specimen = specimen_of(draw_field(seed, 2 * SIDE), seed)
    rgb = np.clip(specimen.rgb.astype(int) - (0, tint, 0), 0, 255).astype(np.uint8)
    found = measure_specimen(replace(specimen, rgb=rgb, real=real), SIDE)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def phantoms() -> list[Measures]:
    return [measured(seed, real=False) for seed in range(6)]


@pytest.fixture(scope="module")
def real() -> list[Measures]:
    return [measured(seed, real=True) for seed in range(3)]


def test_a_set_beside_itself_is_at_no_distance(phantoms: list[Measures]) -> None:
    same = [replace(each, real=True) for each in phantoms]
    found = [distance(name, same, phantoms) for name in phantoms[0].values]
    assert any(each is not None and each.wasserstein is not None for each in found)
    for each in found:
        assert each is not None
        assert each.wasserstein is None or each.wasserstein == pytest.approx(0, abs=1e-9)
        assert each.percentile == pytest.approx(50, abs=25)  # ties count half
        assert each.images_inside >= len(each.real_medians) - 2  # of six, the two outermost are their own limits


def test_a_shifted_color_is_found(real: list[Measures], phantoms: list[Measures]) -> None:
    shifted = [measured(seed, real=True, tint=60) for seed in range(3)]
    before, after = (distance("pixels: CIELAB a", kind, phantoms) for kind in (real, shifted))
    assert before is not None
    assert after is not None
    assert before.images_inside == 3
    assert after.images_inside == 0
    assert after.percentile == 100
    assert before.wasserstein is not None
    assert after.wasserstein is not None
    assert after.wasserstein > before.wasserstein + 0.5
    assert distance("fibers: area_um2", shifted, phantoms) == distance("fibers: area_um2", real, phantoms)


def test_the_classifier_tells_only_what_differs() -> None:
    rng = np.random.default_rng(3)
    groups = np.repeat([f"{number}" for number in range(60)], 4)
    features = rng.normal(size=(240, 3)) + np.repeat(rng.normal(size=(60, 3)), 4, axis=0)
    is_real = np.repeat(np.arange(60) % 2 == 0, 4)
    names, even = ["color: one", "texture: one", "texture: two"], np.ones(240)
    same = tell_apart(features, names, is_real, groups.tolist(), even, seed=0, trees=15)
    assert same is not None
    assert 0.35 < same.auc < 0.65
    features[is_real, 1] += 8
    apart = tell_apart(features, names, is_real, groups.tolist(), even, seed=0, trees=15)
    assert apart is not None
    assert apart.auc > 0.97
    assert next(iter(apart.telling)) == "texture: one"
    assert apart.group_auc["texture"] > 0.97
    assert apart.group_auc["color"] < 0.65


def test_no_group_is_on_both_sides() -> None:
    """Groups that are known by heart and by nothing else: whoever saw a crop of one knows the others."""
    rng = np.random.default_rng(1)
    groups = np.repeat([f"{number}" for number in range(40)], 6)
    features = np.repeat(rng.normal(size=(40, 4)), 6, axis=0)
    is_real = np.repeat(rng.permutation(40) < 20, 6)
    found = tell_apart(
        features, ["a: 1", "a: 2", "a: 3", "a: 4"], is_real, groups.tolist(), np.ones(240), seed=0, trees=15
    )
    assert found is not None
    assert found.auc < 0.75


def test_white_noise_has_its_variance_at_every_wave() -> None:
    noise = np.random.default_rng(0).normal(100, 5, (256, 256))
    power = spectrum(noise)
    assert power[4:].mean() == pytest.approx(25, rel=0.03)
    assert np.log(power[100:128]).mean() == pytest.approx(np.log(power[20:40]).mean(), abs=0.1)
    inner = inner_spectrum(noise, np.ones(noise.shape, np.bool_))
    assert inner is not None
    assert inner[4:].mean() == pytest.approx(25, rel=0.05)
    assert inner_spectrum(noise, np.zeros(noise.shape, np.bool_)) is None


def test_waves_have_their_power_at_their_length() -> None:
    x = np.arange(256) * 0.5
    power = spectrum(np.tile(10 * np.sin(2 * np.pi * x / 4), (256, 1)))
    assert 1 / waves_per_um(256)[power.argmax()] == pytest.approx(4, rel=0.02)
    bands = band_power(spectrum(np.tile(10 * np.sin(2 * np.pi * x / 3), (256, 1))), 256)
    assert max(bands, key=lambda name: bands[name]) == "4-2um"


def test_the_variance_inside_fibers_knows_no_border() -> None:
    rng = np.random.default_rng(0)
    inside = np.zeros((120, 120), np.bool_)
    inside[20:100, 20:100] = True
    noise = rng.normal(100, 3, inside.shape)
    dark, pale = (scale_variances(np.where(inside, noise, level), inside) for level in (0.0, 255.0))
    assert dark == pytest.approx(pale)
    coarse = scale_variances(noise.repeat(4, 0).repeat(4, 1)[:120, :120], inside)
    assert coarse["1-2um"] > dark["1-2um"] + 0.2


def test_nuclei_are_counted_in_any_strength_of_stain() -> None:
    y, x = np.indices((200, 200))
    centers = [(40, 40), (40, 120), (120, 70), (150, 150)]
    nuclei = sum((((y - cy) / 5) ** 2 + ((x - cx) / 8) ** 2 < 1) for cy, cx in centers).astype(bool)
    for stain in ((70, 40, 120), (130, 90, 170)):
        rgb = np.where(nuclei[..., None], stain, (225, 130, 170)).astype(np.uint8)
        found = find_nuclei(separate(rgb).hematoxylin)
        assert len(found.center_wpx) == len(centers)
        assert found.area_um2 == pytest.approx(np.pi * 5 * 8 / 4, rel=0.25)
        assert found.elongation == pytest.approx(1.6, rel=0.15)
    even = np.full((200, 200, 3), (225, 130, 170), np.uint8)
    assert len(find_nuclei(separate(even).hematoxylin).center_wpx) == 0


def test_fibers_of_known_size_and_gap() -> None:
    labels = np.zeros((200, 260), np.int32)
    labels[20:100, 20:80] = 1
    labels[20:100, 90:150] = 2
    labels[110:200, 20:80] = 3  # cut by the border
    nuclei = np.array([[60, 50], [22, 50], [160, 200]])
    found = measure_fibers(labels, nuclei)
    assert found.area_um2 == pytest.approx([80 * 60 / 4] * 2)
    assert found.min_feret_um == pytest.approx([30.0, 30.0])
    assert found.gap_um[1] == pytest.approx(5.0)  # 10 px of 0.5 um
    assert found.neighbor_um == pytest.approx([35.0, 35.0])
    assert found.nuclei.tolist() == [2, 0]
    assert found.inner_nuclei.tolist() == [1, 0]
    assert mask_polygons(labels == 1)[0].area / 4 == pytest.approx(found.area_um2[0])


def test_a_border_profile_steps_at_the_outline() -> None:
    labels = np.zeros((120, 120), np.int32)
    labels[30:90, 30:90] = 1
    profile = dict(zip(PROFILE_UM, border_profile(np.where(labels > 0, 100.0, 200.0), labels), strict=True))
    assert [profile[-3], profile[-1]] == [100, 100]
    assert [profile[1], profile[3]] == [200, 200]


def test_crops_are_squares_of_tissue() -> None:
    rgb = np.full((300, 300, 3), 245, np.uint8)
    rgb[:, :150] = (215, 130, 165)
    crops = cut_crops(Specimen("one", "one", True, rgb, None), 64)
    assert len(crops) == 8
    assert all((crop.rgb == (215, 130, 165)).all() for crop in crops)
    assert len(cut_crops(Specimen("one", "one", True, rgb, None), 64, most=3)) == 3


def test_the_files_hold_what_was_found_and_the_blinded_sheet_tells_nothing(
    real: list[Measures], phantoms: list[Measures], tmp_path: Path
) -> None:
    crops = cut_crops(specimen_of(draw_field(1, 3 * SIDE), 1), SIDE)[:6]
    others = cut_crops(specimen_of(draw_field(2, 3 * SIDE), 2), SIDE)[:6]
    found = compare(real, phantoms, trees=5)
    found = replace(found, distances=found.distances[::6])
    files = write_comparison(found, real, phantoms, (crops, others), tmp_path)
    assert all(path.stat().st_size for path in files)
    kept = json.loads((tmp_path / "realism.json").read_text())
    assert kept["by_image"]["auc"] == found.by_image.auc
    assert len(kept["distances"]) == len(found.distances)
    page = (tmp_path / "realism.html").read_text()
    assert "only three real images" in page
    assert "http" not in page
    _, key = write_blind((crops, others), 1, tmp_path)
    lines = key.read_text().splitlines()
    assert lines[0] == "number,kind,specimen"
    assert sorted(line.split(",")[1] for line in lines[1:]) == ["phantom"] * 6 + ["real"] * 6
    kinds = [line.split(",")[1] for line in lines[1:]]
    write_blind((crops, others), 2, tmp_path)
    assert kinds != [line.split(",")[1] for line in key.read_text().splitlines()[1:]]
