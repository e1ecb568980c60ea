"""Weights between two bundles: the ends are the bundles, and normalizations are estimated anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from example_model import save_random_bundle
from torch import nn
from typer.testing import CliRunner

from histo.errors import BundleError, UsageError
from histo.network import MuscleNet, load_bundle, save_bundle
from histo.phantom import make_field
from train.blend import between, blend_bundles, normalize_anew
from train.commands import application
from train.field_store import field_path, save_field


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fields")
    save_field(field_path(folder / "train", 5), make_field(5, 512), "test")
    return folder


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("bundles")
    first = load_bundle(save_random_bundle(folder / "first"))
    torch.manual_seed(3)
    later = {name: w + 0.01 * torch.randn_like(w) if w.is_floating_point() else w for name, w in first.weights.items()}
    return first.folder, save_bundle(folder / "later", later, first.card).folder


def test_the_ends_are_the_bundles_and_the_middle_is_their_mean(bundles: tuple[Path, Path]) -> None:
    first, later = (load_bundle(folder).weights for folder in bundles)
    for share, ends in ((0.0, first), (1.0, later)):
        assert all(torch.equal(tensor, ends[name]) for name, tensor in between(first, later, share).items())
    middle = between(first, later, 0.5)
    name = "head.weight"
    assert torch.allclose(middle[name], (first[name] + later[name]) / 2)


def test_normalizations_become_those_of_what_was_seen() -> None:
    torch.manual_seed(0)
    network = MuscleNet((8, 8, 8, 8))
    seen = [torch.randint(0, 255, (2, 64, 64, 3), dtype=torch.uint8) for _ in range(3)]
    normalize_anew(network, seen)
    assert not network.training
    (convolution, norm) = (module for module in list(network.encoder2[0])[:2])  # type: ignore[index]
    assert isinstance(norm, nn.BatchNorm2d)
    with torch.no_grad():
        values = [convolution(network.normalize(rgb.permute(0, 3, 1, 2))) for rgb in seen]
    expected = torch.stack([value.mean(dim=(0, 2, 3)) for value in values]).mean(dim=0)
    assert norm.running_mean is not None
    assert torch.allclose(norm.running_mean, expected, atol=0.02), "bf16 keeps three digits"


def test_a_blend_repeats_and_says_what_it_is(bundles: tuple[Path, Path], fields: Path, tmp_path: Path) -> None:
    one, two = (blend_bundles(*bundles, 0.5, fields, tmp_path / out, "blend", "7", crops=8) for out in ("one", "two"))
    assert one.sha256 == two.sha256
    assert (one.card.name, one.card.version) == ("blend", "7")
    assert "50% of the way" in one.card.training.data
    assert "train blend --share 0.5" in one.card.training.recipe
    assert one.card.operating_points == load_bundle(bundles[1]).card.operating_points
    assert np.isfinite(one.weights["head.weight"].numpy()).all()


def test_what_cannot_be_blended_is_named(bundles: tuple[Path, Path], fields: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no share"):
        blend_bundles(*bundles, 1.5, fields, tmp_path / "x", "b", "1")
    with pytest.raises(UsageError, match="make no batch"):
        blend_bundles(*bundles, 0.5, fields, tmp_path / "x", "b", "1", crops=3)
    given = ["blend", "--earlier", str(bundles[0]), "--later", str(tmp_path / "nowhere"), "--fields", str(fields)]
    result = CliRunner().invoke(application, given)
    assert isinstance(result.exception, BundleError | SystemExit)
    assert not (tmp_path / "x").exists()
