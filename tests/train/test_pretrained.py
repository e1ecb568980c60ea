"""ResNet encoders begin with ImageNet weights, or say in one line why not."""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from example_model import save_random_bundle

from histo.errors import BundleError
from histo.network import MuscleNet
from histo.network.encoder import ENCODERS
from train.module import MuscleModule
from train.pretrained import imagenet_weights, start_with
from train.torchvision_door import ensure_torchvision

ensure_torchvision()

from torchvision import models  # noqa: E402 - after its door

RESNETS = [name for name, shape in ENCODERS.items() if shape.blocks is not None]


@pytest.mark.parametrize("name", RESNETS)
def test_the_encoder_computes_what_torchvisions_resnet_does(name: str) -> None:
    torch.manual_seed(3)
    theirs = models.get_model(name, weights=None).eval()
    network = MuscleNet(encoder=name).eval()
    start_with(network, theirs.state_dict())
    rgb = torch.randint(0, 256, (1, 3, 64, 96), dtype=torch.uint8)
    with torch.no_grad():
        features = network.normalize(rgb)
        expected = theirs.layer1(theirs.maxpool(theirs.relu(theirs.bn1(theirs.conv1(features)))))
        assert torch.equal(network.encoder4(network.encoder2(features)), expected)
        deepest = network.encoder16(network.encoder8(expected))
        assert torch.equal(deepest, theirs.layer3(theirs.layer2(expected)))
    assert deepest.shape == (1, 256, 4, 6)


def test_colors_are_those_that_torchvision_trained_with() -> None:
    white = torch.full((1, 3, 16, 16), 255, dtype=torch.uint8)
    preset = models.ResNet18_Weights.DEFAULT.transforms()
    expected = (torch.ones(3) - torch.tensor(preset.mean)) / torch.tensor(preset.std)
    torch.testing.assert_close(MuscleNet(encoder="resnet18").normalize(white)[0, :, 0, 0], expected)


def test_without_a_network_the_error_names_the_ways_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unreachable)
    with pytest.raises(BundleError) as caught:
        MuscleModule(encoder="resnet18")
    assert str(caught.value) == (
        "encoder resnet18: ImageNet weights cannot be downloaded (Name or service not known); connect to the internet "
        "once, or give `--model.pretrained false` for fresh weights, or `--model.encoder compact`"
    )
    assert MuscleModule(encoder="resnet18", pretrained=False).channels == (64, 64, 128, 256)


def test_downloaded_weights_are_copied_into_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    state = models.resnet18(weights=None).state_dict()
    asked = []

    def downloaded(url: str, **options: object) -> dict[str, torch.Tensor]:
        asked.append((url, options["check_hash"]))
        return state

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", downloaded)
    assert imagenet_weights("resnet18").keys() == state.keys()
    module = MuscleModule(encoder="resnet18")
    assert asked[-1][0].startswith("https://download.pytorch.org/models/resnet18")
    assert asked[-1][1] is True
    assert torch.equal(module.network.state_dict()["encoder16.1.conv2.weight"], state["layer3.1.conv2.weight"])


def test_a_bundle_of_another_network_is_not_begun_with(tmp_path: Path) -> None:
    folder = save_random_bundle(tmp_path / "bundle")
    with pytest.raises(BundleError, match=r"is compact with channels \(4, 4, 4, 4\), the recipe resnet18 with"):
        MuscleModule(encoder="resnet18", start_from=folder)
    begun = MuscleModule(channels=(4, 4, 4, 4), start_from=folder)
    assert begun.network.training
