"""The whole harness on fields of colored discs: fit, stop, go on, export, calibrate, evaluate."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from break_off import KeepEverything
from stand_in import draw_field
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.testing import assert_close
from typer.testing import CliRunner

import train.study.normal_sections
from histo.errors import UsageError
from histo.network import Metric, load_bundle, make_engine, save_bundle
from train.bench import measure_training
from train.checkpoints import BEST, LAST
from train.commands import application
from train.evaluate import maps_of
from train.export import export_bundle
from train.fit import FINAL, fit
from train.render import render_fields

RECIPE = Path(__file__).parents[2] / "train" / "configs" / "smoke.yaml"
STEPS = 40
KEEP = "--trainer.callbacks+=break_off.KeepEverything"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fields")
    for split, first, count in (("train", 0, 12), ("validation", 100, 3), ("test", 200, 4)):
        render_fields(folder / split, range(first, first + count), 256, draw_field, "discs", 0)
    return folder


def arguments(fields: Path, out: Path) -> list[str]:
    return ["--config", str(RECIPE), "--data.fields", str(fields), "--trainer.default_root_dir", str(out)]


@pytest.fixture(scope="module")
def trained(fields: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained")
    fit([*arguments(fields, out), KEEP])
    return out


@pytest.fixture(scope="module")
def bundle(trained: Path) -> Path:
    return export_bundle(trained / FINAL, Path("train/configs/smoke.yaml"), trained / "bundle", "smoke", "1").folder


def test_training_lowers_the_loss(trained: Path) -> None:
    with (trained / "figures" / "version_0" / "metrics.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    losses = [float(row["loss"]) for row in rows if row["loss"]]
    assert np.mean(losses[-3:]) < 0.75 * np.mean(losses[:3])
    assert [row["validation"] for row in rows if row["validation"]]
    assert all(float(row["mpx_per_s"]) > 0 for row in rows if row.get("mpx_per_s"))


def test_a_training_that_was_killed_goes_on_to_the_same_last_bit(fields: Path, trained: Path, tmp_path: Path) -> None:
    step = int(np.random.default_rng().integers(2, STEPS - 3))
    deadly = ["--trainer.callbacks+=break_off.BreakOff", f"--trainer.callbacks.at_step={step}"]
    killed = subprocess.run(
        [sys.executable, "-m", "train", "fit", *arguments(fields, tmp_path), *deadly],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not (tmp_path / FINAL).exists()
    fit([*arguments(fields, tmp_path), KEEP, "--ckpt_path", str(tmp_path / LAST)])
    whole, resumed = (torch.load(folder / KeepEverything.name, weights_only=False) for folder in (trained, tmp_path))
    assert whole["global_step"] == resumed["global_step"] == STEPS
    told = f"killed after step {step + 2}, went on from {step}"
    for part in ("current_model_state", "state_dict", "averaging_state", "optimizer_states"):
        assert_close(resumed[part], whole[part], rtol=0, atol=0, msg=lambda text, part=part: f"{told}: {part}: {text}")
    assert resumed["lr_schedulers"] == whole["lr_schedulers"]
    raw, averaged = whole["current_model_state"], whole["state_dict"]
    assert not torch.equal(raw["network.head.weight"], averaged["network.head.weight"])
    finals = [torch.load(folder / FINAL, weights_only=True)["state_dict"] for folder in (trained, tmp_path)]
    assert all(torch.equal(finals[0][name], finals[1][name]) for name in finals[0])
    assert all(torch.equal(finals[0][name], averaged[name]) for name in finals[0])


def test_the_best_weights_are_kept_and_panels_are_drawn(trained: Path) -> None:
    with (trained / "figures" / "version_0" / "metrics.csv").open(encoding="utf-8") as file:
        totals = {int(row["step"]) + 1: float(row["validation"]) for row in csv.DictReader(file) if row["validation"]}
    best = torch.load(trained / BEST, weights_only=True)
    assert best["global_step"] == min(totals, key=totals.__getitem__)
    events = EventAccumulator(str(trained / "tensorboard" / "version_0"))
    events.Reload()
    panels = events.Images("pixels, truth, prediction")
    assert [panel.step for panel in panels] == [20, 40]
    assert (panels[0].width, panels[0].height) == (3 * (192 + 4), 2 * (192 + 4))
    assert [point.value for point in events.Scalars("validation")] == pytest.approx(list(totals.values()))


def test_training_stops_when_validation_no_longer_improves(fields: Path, tmp_path: Path) -> None:
    impatient = {"monitor": "validation/cells", "patience": 1, "min_delta": 10, "check_on_train_epoch_end": "false"}
    stop = ["--trainer.callbacks+=EarlyStopping", *(f"--trainer.callbacks.{k}={v}" for k, v in impatient.items())]
    fit([*arguments(fields, tmp_path), "--trainer.val_check_interval", "2", *stop])
    assert torch.load(tmp_path / FINAL, weights_only=True)["global_step"] == 4


def test_training_in_bf16_learns_too(fields: Path, tmp_path: Path) -> None:
    few = ["--trainer.max_steps", "10", "--trainer.limit_val_batches", "0", "--trainer.precision", "bf16-mixed"]
    fit([*arguments(fields, tmp_path), *few])
    with (tmp_path / "figures" / "version_0" / "metrics.csv").open(encoding="utf-8") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file) if row["loss"]]
    assert losses[-1] < losses[0]
    state = torch.load(tmp_path / FINAL, weights_only=True)["state_dict"]
    assert {tensor.dtype for tensor in state.values()} == {torch.float32, torch.int64}


def test_what_bounds_a_training_is_measured_without_training(fields: Path, tmp_path: Path) -> None:
    speed = measure_training(arguments(fields, tmp_path / "none"), seconds=0.2)
    assert 0 < speed.limit_mpx_per_s < min(speed.loader_mpx_per_s, speed.network_mpx_per_s)
    assert speed.setting == "cpu, 32-true, 4 x 128 px"
    assert "--data.workers 1" in speed.verdict
    assert not (tmp_path / "none").exists()


def test_a_training_without_an_end_is_refused(fields: Path) -> None:
    with pytest.raises(UsageError) as caught:
        measure_training(["--data.fields", str(fields)], seconds=0.1)
    assert str(caught.value) == (
        "trainer.max_steps: is not set, and the learning rate follows it; give a recipe (--config "
        "train/configs/NAME.yaml) or --trainer.max_steps"
    )


def test_crops_are_shown(fields: Path, tmp_path: Path) -> None:
    out = tmp_path / "crops.png"
    asked = ["show", "--fields", str(fields / "train"), "--out", str(out), "--count", "3", "--crop", "64"]
    shown = CliRunner().invoke(application, asked)
    assert shown.exit_code == 0, shown.output
    assert cv2.imread(str(out)).shape == (2 * (64 + 4), 8 * (64 + 4), 3)


def test_the_bundle_holds_the_averaged_weights_and_says_where_they_come_from(trained: Path, bundle: Path) -> None:
    loaded = load_bundle(bundle)
    state = torch.load(trained / FINAL, weights_only=True)["state_dict"]
    assert all(torch.equal(state[f"network.{name}"], weight) for name, weight in loaded.weights.items())
    assert f"{STEPS} steps of 4 augmented crops of 128 px" in loaded.card.training.data
    assert "seeds 0 to 11" in loaded.card.training.data
    assert loaded.card.training.recipe == "python -m train fit --config train/configs/smoke.yaml"
    assert loaded.card.channels == (8, 16, 16, 16)


def test_phantoms_that_no_crop_is_of_are_not_looked_for(fields: Path, tmp_path: Path) -> None:
    without = ["--data.phantoms", str(tmp_path / "none"), "--data.phantom_share", "0"]
    few = ["--trainer.max_steps", "2", "--trainer.val_check_interval", "2", "--trainer.log_every_n_steps", "1"]
    fit([*arguments(fields, tmp_path), *without, *few])
    told = export_bundle(tmp_path / FINAL, RECIPE, tmp_path / "bundle", "smoke", "1").card.training.data
    assert "2 steps of 4 augmented crops" in told
    assert "%" not in told


def test_weights_that_began_with_a_bundle_tell_of_both_trainings(
    fields: Path, trained: Path, bundle: Path, tmp_path: Path
) -> None:
    few = ["--trainer.max_steps", "6", "--trainer.val_check_interval", "6", "--data.seed", "5"]
    fit([*arguments(fields, tmp_path), "--model.start_from", str(bundle), *few])
    second = export_bundle(tmp_path / FINAL, Path("second.yaml"), tmp_path / "bundle", "second", "1")
    first = load_bundle(bundle).card.training
    training = second.card.training
    assert training.data.startswith(f"{first.data} Then: ")
    assert "; 6 steps of 4" in training.data
    assert training.recipe == f"{first.recipe}; then python -m train fit --config second.yaml"
    assert training.seeds == (*first.seeds, 1, 5)
    assert training.data_sha256 != first.data_sha256
    before = load_bundle(bundle).weights
    moved = max(float((second.weights[name] - before[name]).abs().max()) for name in before if name.endswith("weight"))
    assert 0 < moved < 0.1


def test_a_resnet_is_trained_exported_and_read(fields: Path, tmp_path: Path) -> None:
    resnet = ["--model.encoder", "resnet18", "--model.channels", "null", "--model.pretrained", "false"]
    few = [
        "--trainer.max_steps",
        "2",
        "--trainer.limit_val_batches",
        "0",
        "--data.batch_size",
        "2",
        "--trainer.log_every_n_steps",
        "1",
    ]
    fit([*arguments(fields, tmp_path), *resnet, *few])
    card = export_bundle(tmp_path / FINAL, RECIPE, tmp_path / "bundle", "resnet", "1").card
    assert (card.encoder, card.channels, card.halo_wpx) == ("resnet18", (64, 64, 128, 256), 160)


def test_a_checkpoint_away_from_its_settings_is_refused(trained: Path, tmp_path: Path) -> None:
    moved = tmp_path / FINAL
    moved.write_bytes((trained / FINAL).read_bytes())
    with pytest.raises(FileNotFoundError, match="settings of its training are not beside it"):
        export_bundle(moved, RECIPE, tmp_path / "bundle", "smoke", "1")


def test_calibrating_and_evaluating_fill_the_card(
    fields: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train.study.normal_sections, "RENDERED_MM2", 0.3)
    run = CliRunner()
    validation = ["--fields", str(fields / "validation"), "--healthy", "1", "--sections", "1", "--looked", "1"]
    loaded = load_bundle(bundle)
    earlier = replace(loaded.card, phantom_metrics={"fiber.f1": Metric(0.5, None, None, 1)})
    save_bundle(bundle, loaded.weights, earlier)
    chosen = run.invoke(application, ["calibrate", "--bundle", str(bundle), *validation])
    assert chosen.exit_code == 0, chosen.output
    assert "merge_boundary" in chosen.output
    assert load_bundle(bundle).card.phantom_metrics == {}, "figures of other thresholds are not of these"
    assert "false inflammatory cells per mm2 when healthy" in chosen.output
    out = tmp_path / "figures.json"
    test = ["--fields", str(fields / "test"), "--out", str(out), "--card"]
    test += ["--normal", "2", "--processes", "0"]
    test += ["--healthy", "1", "--sections", "1", "--infiltrated", "1", "--unfamiliar", "0", "--familiar", "0"]
    measured = run.invoke(application, ["evaluate", "--bundle", str(bundle), *test])
    assert measured.exit_code == 0, measured.output
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["phantom"]["fields"] == 4
    assert report["phantom"]["seeds"] == [200, 203]
    assert out.with_suffix(".html").stat().st_size > 10_000
    card = load_bundle(bundle).card
    assert card.phantom_metrics["fiber.f1"].value == report["phantom"]["metrics"]["fiber.f1"]["value"]
    assert card.phantom_metrics["compartment.fiber.dice"].value > 0.8
    assert card.phantom_metrics["cell.all.f1"].value > 0.3
    assert card.phantom_metrics["false_necrotic_per_1000_fibers"].n == 2
    assert "false_necrotic_variation_between_sections" not in card.phantom_metrics, "two sections cannot show it"


def test_maps_of_a_field_of_odd_multiples_are_those_of_the_padded_one(bundle: Path) -> None:
    engine = make_engine(load_bundle(bundle), kind="torch")
    rgb = draw_field(9, 224).rgb[:210, :198]
    maps = maps_of(engine, rgb)
    assert maps.shape == (26, 105, 99)
    assert np.array_equal(maps, engine.run(np.pad(rgb, ((0, 14), (0, 10), (0, 0)), mode="edge"))[:, :105, :99])
