"""The whole harness on fields of colored discs: fit, stop, go on, export, calibrate, evaluate."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from stand_in import draw_field
from typer.testing import CliRunner

from histo.network import load_bundle, make_engine
from train.checkpoints import LAST
from train.commands import application
from train.evaluate import maps_of
from train.export import export_bundle
from train.fit import FINAL, fit
from train.render import render_fields

RECIPE = Path(__file__).parents[2] / "train" / "configs" / "smoke.yaml"
STEPS = 40


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
    fit(arguments(fields, out))
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


def test_a_training_that_was_broken_off_ends_with_the_weights_of_one_that_was_not(
    fields: Path, trained: Path, tmp_path: Path
) -> None:
    settings = arguments(fields, tmp_path)
    with pytest.raises(RuntimeError, match="broken off"):
        fit([*settings, "--trainer.callbacks+=break_off.BreakOff", f"--trainer.callbacks.at_step={STEPS // 3}"])
    fit([*settings, "--ckpt_path", str(tmp_path / LAST)])
    whole, resumed = (torch.load(folder / FINAL, weights_only=True)["state_dict"] for folder in (trained, tmp_path))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_the_bundle_holds_the_averaged_weights_and_says_where_they_come_from(trained: Path, bundle: Path) -> None:
    loaded = load_bundle(bundle)
    state = torch.load(trained / FINAL, weights_only=True)["state_dict"]
    assert all(torch.equal(state[f"network.{name}"], weight) for name, weight in loaded.weights.items())
    assert f"{STEPS} steps of 4 augmented crops of 128 px" in loaded.card.training.data
    assert "seeds 0 to 11" in loaded.card.training.data
    assert loaded.card.training.recipe == "python -m train fit --config train/configs/smoke.yaml"
    assert loaded.card.channels == (8, 16, 16, 16)


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


def test_a_checkpoint_away_from_its_settings_is_refused(trained: Path, tmp_path: Path) -> None:
    moved = tmp_path / FINAL
    moved.write_bytes((trained / FINAL).read_bytes())
    with pytest.raises(FileNotFoundError, match="settings of its training are not beside it"):
        export_bundle(moved, RECIPE, tmp_path / "bundle", "smoke", "1")


def test_calibrating_and_evaluating_fill_the_card(fields: Path, bundle: Path, tmp_path: Path) -> None:
    run = CliRunner()
    chosen = run.invoke(application, ["calibrate", "--bundle", str(bundle), "--fields", str(fields / "validation")])
    assert chosen.exit_code == 0, chosen.output
    assert "merge_boundary" in chosen.output
    out = tmp_path / "figures.json"
    test = ["--fields", str(fields / "test"), "--out", str(out), "--card", "--healthy", "1", "--sections", "1"]
    measured = run.invoke(application, ["evaluate", "--bundle", str(bundle), *test])
    assert measured.exit_code == 0, measured.output
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["phantom"]["fields"] == 4
    assert report["phantom"]["seeds"] == [200, 203]
    card = load_bundle(bundle).card
    assert card.phantom_metrics["fiber.f1"].value == report["phantom"]["metrics"]["fiber.f1"]["value"]
    assert card.phantom_metrics["compartment.fiber.dice"].value > 0.8
    assert card.phantom_metrics["cell.all.f1"].value > 0.3


def test_maps_of_a_field_of_odd_multiples_are_those_of_the_padded_one(bundle: Path) -> None:
    engine = make_engine(load_bundle(bundle), kind="torch")
    rgb = draw_field(9, 224).rgb[:210, :198]
    maps = maps_of(engine, rgb)
    assert maps.shape == (26, 105, 99)
    assert np.array_equal(maps, engine.run(np.pad(rgb, ((0, 14), (0, 10), (0, 0)), mode="edge"))[:, :105, :99])
