"""A card tells what its weights were trained on, and recognizes it again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stand_in import draw_field

from histo.cohort import Split
from histo.errors import BundleError
from histo.network import Bundle, Card, MuscleNet, save_bundle
from train.export import check_bundle
from train.field_list import FieldOrigin, write_field_list
from train.render import render_fields
from train.trained_data import TrainedData, after, recognizable, tell_data

CHANNELS = (4, 4, 4, 4)
RECIPE = Path("train/configs/lab.yaml")


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms")
    render_fields(folder / "train", range(3), 64, draw_field, "discs", 0)
    return folder


@pytest.fixture(scope="module")
def lab(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(phantoms / "train", folder / "train")
    write_field_list(
        folder, [origin("a", "P1", Split.TRAIN), origin("b", "P1", Split.TRAIN), origin("c", "P2", Split.TEST)]
    )
    return folder


def origin(slide: str, patient: str, split: Split) -> FieldOrigin:
    return FieldOrigin(f"{slide}.safetensors", split, slide, patient, slide, "Site A", "", 0, 0, True, slide * 64)


def settings(**model: object) -> dict[str, Any]:
    data = {"batch_size": 4, "crop_wpx": 128, "seed": 7}
    return {"data": data, "model": {"encoder": "compact", "pretrained": True, **model}, "seed_everything": 3}


def bundle_of(data: TrainedData, before: Bundle | None, folder: Path) -> Bundle:
    torch.manual_seed(0)
    known = recognizable(data, before)
    card = Card(
        "lab", "1", data.training, {}, {}, "Research use.", data.limits, "Apache-2.0", channels=CHANNELS, **known
    )
    return save_bundle(folder, MuscleNet(CHANNELS).state_dict(), card)


def test_phantoms_are_called_so_and_recognize_nobody(phantoms: Path) -> None:
    data = tell_data(settings(), [phantoms], RECIPE, steps=40)
    assert data.training.data == (
        "Digital phantoms only: 3 fields drawn by histo.phantom from seeds 0 to 2; 40 steps of 4 augmented crops of "
        "128 px at 0.5 um/px."
    )
    assert data.training.seeds == (3, 7)
    assert "phantoms alone" in data.limits[0]
    assert recognizable(data, None) == {}


def test_slides_are_counted_by_patient_and_only_those_of_training(lab: Path, tmp_path: Path) -> None:
    data = tell_data(settings(), [lab], RECIPE, steps=40, processes=2)
    assert data.training.data == (
        "Slides: 3 fields cut from slides (2 slides, 1 patients), taught by what was drawn on them; 40 steps of 8 "
        "augmented crops of 128 px at 0.5 um/px."
    )
    assert "patients of Site A" in data.limits[0]
    card = bundle_of(data, None, tmp_path / "bundle").card
    assert [card.was_trained_on(slide * 64) for slide in "abc"] == [True, True, False]
    assert [card.was_trained_on(patient) for patient in ("P1", "P2")] == [True, False]


def test_a_simulated_laboratory_is_never_told_of_as_a_real_one(lab: Path) -> None:
    data = tell_data(settings(), [lab], RECIPE, steps=40, simulated=True)
    assert data.training.data.startswith("Digital phantoms only: 3 fields cut from simulated slides (2 slides, 1 pat")
    assert "phantoms alone: no patient's slide" in data.limits[0]
    assert recognizable(data, None)["training_patients"]


def test_slides_and_phantoms_together_name_both(lab: Path, phantoms: Path) -> None:
    mixed = settings()
    mixed["data"] |= {"phantoms": str(phantoms), "phantom_share": 0.25}
    told = tell_data(mixed, [lab, phantoms], RECIPE, steps=1).training
    assert told.data.startswith("Slides: 3 fields cut from")
    assert told.data.endswith(", 25% of them of the phantoms.")
    assert "; 3 fields drawn by histo.phantom from seeds 0 to 2; " in told.data
    assert told.data_sha256 != tell_data(settings(), [lab], RECIPE, steps=1).training.data_sha256


def test_what_the_bundle_before_was_trained_on_stays_known(lab: Path, phantoms: Path, tmp_path: Path) -> None:
    first = bundle_of(tell_data(settings(), [lab], RECIPE, steps=5), None, tmp_path / "first")
    then = after(first, tell_data(settings(), [phantoms], RECIPE, steps=6))
    card = bundle_of(then, first, tmp_path / "then").card
    assert card.was_trained_on("a" * 64)
    assert card.was_trained_on("P1")
    assert card.limits == first.card.limits
    simulated = after(first, tell_data(settings(), [lab], RECIPE, steps=1, simulated=True))
    assert simulated.limits == first.card.limits
    assert card.training.data.startswith(f"{first.card.training.data} Then: Digital phantoms only")


def test_imagenet_is_named_where_it_was_used(phantoms: Path) -> None:
    def told(**model: object) -> str:
        return tell_data(settings(**model), [phantoms], RECIPE, steps=1).training.data

    assert told(encoder="resnet18").endswith("The encoder began with torchvision's ImageNet weights.")
    assert "ImageNet" not in told(encoder="resnet18", pretrained=False)
    assert "ImageNet" not in told(encoder="resnet18", start_from="bundle")


def test_a_bundle_that_gives_other_maps_is_refused(phantoms: Path, tmp_path: Path) -> None:
    bundle = bundle_of(tell_data(settings(), [phantoms], RECIPE, steps=1), None, tmp_path / "bundle")
    rgb = draw_field(1, 72).rgb
    check_bundle(bundle, bundle.network(), rgb)
    with pytest.raises(BundleError, match=r"its maps differ from the checkpoint's by 0\.\d+, at most 0\.001 is allow"):
        check_bundle(bundle, MuscleNet(CHANNELS), np.roll(rgb, 3))
    changed = replace(bundle, weights={**bundle.weights, "head.bias": bundle.weights["head.bias"] * torch.nan})
    with pytest.raises(BundleError, match="differ from the checkpoint's by nan"):
        check_bundle(changed, bundle.network(), rgb)
