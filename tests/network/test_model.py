from __future__ import annotations

import pytest
import torch
from network_fields import SMALL_CHANNELS
from torch import nn

from histo.network import layout
from histo.network.encoder import ALIGNMENT_WPX, COMPACT, ENCODERS, HALO_WPX
from histo.network.model import ActivatedNet, MuscleNet, activate


@pytest.fixture(scope="module")
def network() -> MuscleNet:
    torch.manual_seed(7)
    return MuscleNet().eval()


def random_rgb(height: int, width: int, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (1, 3, height, width), generator=generator, dtype=torch.uint8)


def receptive(encoder: str) -> MuscleNet:
    """The same connections and positive weights only, so that no gradient can cancel or die."""
    copy = MuscleNet(SMALL_CHANNELS if encoder == COMPACT else None, encoder)
    for module in copy.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 0.01)
            if module.bias is not None:
                nn.init.ones_(module.bias)
        if isinstance(module, nn.MaxPool2d):  # a maximum follows one input; a mean reaches all of them
            mean = nn.AvgPool2d(module.kernel_size, module.stride, module.padding)
            module.forward = mean.forward  # type: ignore[method-assign]
    copy.normalize = nn.Identity()
    return copy.double().eval()


def reach_wpx(network: MuscleNet, row: int, height_wpx: int = 1024) -> int:
    """How far beyond its 16 pixels of alignment a map row looks."""
    rgb = torch.ones((1, 3, height_wpx, 16), dtype=torch.float64, requires_grad=True)
    network(rgb)[0, layout.FOREGROUND, row, 4].backward()
    assert rgb.grad is not None
    touched = rgb.grad.abs().amax(dim=(0, 1, 3)).nonzero().ravel()
    first = row * layout.STRIDE // ALIGNMENT_WPX * ALIGNMENT_WPX  # tiles begin and end on this alignment
    return max(first - int(touched.min()), int(touched.max()) - (first + ALIGNMENT_WPX - 1))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_receptive_field_fills_the_halo_and_stays_within_it(encoder: str) -> None:
    network, halo = receptive(encoder), ENCODERS[encoder].halo_wpx
    rows = range(256, 264) if encoder == COMPACT else (256, 263)  # the first and the last look farthest
    assert halo - ALIGNMENT_WPX < max(reach_wpx(network, row) for row in rows) < halo
    assert halo % ALIGNMENT_WPX == 0


def test_a_crop_with_halo_gives_the_maps_of_the_whole(network: MuscleNet) -> None:
    rgb = random_rgb(512, 544)
    y, x, side = 176, 160, 64
    read = rgb[:, :, y - HALO_WPX : y + side + HALO_WPX, x - HALO_WPX : x + side + HALO_WPX]
    with torch.no_grad():
        whole, crop = network(rgb), network(read)
    halo = HALO_WPX // layout.STRIDE
    expected = whole[:, :, y // 2 : (y + side) // 2, x // 2 : (x + side) // 2]
    torch.testing.assert_close(crop[:, :, halo:-halo, halo:-halo], expected, rtol=0, atol=1e-4)


def test_a_crop_with_halo_gives_the_maps_of_the_whole_with_a_resnet_too() -> None:
    torch.manual_seed(2)
    network, halo, side = MuscleNet(encoder="resnet18").eval(), ENCODERS["resnet18"].halo_wpx, 32
    rgb = random_rgb(480, 480)
    y, x = 208, 224
    read = rgb[:, :, y - halo : y + side + halo, x - halo : x + side + halo]
    with torch.no_grad():
        whole, crop = network(rgb), network(read)
    expected = whole[:, :, y // 2 : (y + side) // 2, x // 2 : (x + side) // 2]
    inner = slice(halo // 2, -halo // 2)
    torch.testing.assert_close(crop[:, :, inner, inner], expected, rtol=0, atol=1e-4)


def test_an_encoder_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="encoder must be one of compact, resnet18, resnet34, not vgg"):
        MuscleNet(encoder="vgg")
    with pytest.raises(ValueError, match=r"channels of resnet34 must be \(64, 64, 128, 256\), not \(4, 8, 8, 16\)"):
        MuscleNet(SMALL_CHANNELS, "resnet34")


def test_a_pixel_beyond_the_halo_changes_nothing(network: MuscleNet) -> None:
    rgb = random_rgb(64, 512)
    other = rgb.clone()
    other[:, :, :, 300] = 255 - other[:, :, :, 300]
    with torch.no_grad():
        change = (network(rgb) - network(other)).abs().amax(dim=(0, 1, 2))
    reach = HALO_WPX // layout.STRIDE
    assert change[: 150 - reach].max() == 0
    assert change[150 + reach + 1 :].max() == 0
    assert change[150] > 0


def test_activated_maps_are_probabilities() -> None:
    logits = torch.randn(2, layout.CHANNELS, 8, 8, generator=torch.Generator().manual_seed(3)) * 5
    maps = activate(logits)
    assert maps.shape == logits.shape
    assert float(maps.min()) >= 0
    assert float(maps.max()) <= 1
    for group in (layout.CLASSES, layout.COMPARTMENTS):
        torch.testing.assert_close(maps[:, group].sum(dim=1), torch.ones(2, 8, 8))
        assert torch.equal(maps[:, group].argmax(1), logits[:, group].argmax(1))
    torch.testing.assert_close(maps[:, layout.CELLS], torch.sigmoid(logits[:, layout.CELLS]))
    assert activate(logits.bfloat16()).dtype == torch.float32


def test_bytes_and_floats_are_read_alike(network: MuscleNet) -> None:
    rgb = random_rgb(ALIGNMENT_WPX, 2 * ALIGNMENT_WPX)
    with torch.no_grad():
        assert torch.equal(ActivatedNet(network)(rgb), ActivatedNet(network)(rgb.float()))


def test_the_network_stays_compact(network: MuscleNet) -> None:
    assert 1.1e6 < sum(parameter.numel() for parameter in network.parameters()) < 1.3e6
