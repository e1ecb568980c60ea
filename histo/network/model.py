"""The network: a compact, fully convolutional encoder and decoder that reads a whole tile at once.

Plain 3x3 convolutions only: depthwise ones run at a tenth of the speed on CPUs with matrix units. Nothing pools over
the tile, and the receptive field reaches less than the encoder's halo beyond an output pixel, so that a tile with a
halo gives the same maps as the whole slide would.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from histo.network import layout
from histo.network.encoder import CHANNELS, COMPACT, ENCODERS, Channels, ConvBlock, make_stages

_HEAD_INPUTS = 32
_RARE_LOGIT = -3.0


class MuscleNet(nn.Module):
    """Maps of fibers, cells and compartments at 1 um/px from RGB at 0.5 um/px.

    Args:
        channels: Feature channels at strides 2, 4, 8 and 16; None for those of the encoder.
        encoder: A name of `histo.network.encoder.ENCODERS`.

    Raises:
        ValueError: If there is no such encoder, or it has other channels.
    """

    def __init__(self, channels: Channels | None = None, encoder: str = COMPACT) -> None:
        """Build with fresh weights (PyTorch's default initialization, under the caller's seed)."""
        super().__init__()
        if channels is None:
            channels = ENCODERS[encoder].channels if encoder in ENCODERS else CHANNELS
        self.channels, self.encoder = channels, encoder
        c2, c4, c8, c16 = channels
        stages = make_stages(encoder, channels)
        self.normalize, self.encoder2, self.encoder4, self.encoder8, self.encoder16 = stages
        self.lateral8, self.reduce8 = nn.Conv2d(c8, c8, 1), nn.Conv2d(c16, c8, 1)
        self.lateral4, self.reduce4 = nn.Conv2d(c4, c4, 1), nn.Conv2d(c8, c4, 1)
        self.lateral2, self.reduce2 = nn.Conv2d(c2, c2, 1), nn.Conv2d(c4, c2, 1)
        self.decoder8 = nn.Sequential(ConvBlock(c8, c8), ConvBlock(c8, c8))
        self.decoder4 = nn.Sequential(ConvBlock(c4, c4), ConvBlock(c4, c4))
        self.decoder2 = ConvBlock(c2, _HEAD_INPUTS)
        self.head = nn.Conv2d(_HEAD_INPUTS, layout.CHANNELS, 1)
        with torch.no_grad():  # nuclei cover a few percent of the area: start by calling them rare
            cast(Tensor, self.head.bias)[layout.CELLS] = _RARE_LOGIT

    def forward(self, rgb: Tensor) -> Tensor:
        """Logits of all maps.

        Args:
            rgb: (B, 3, H, W), uint8 or floats from 0 to 255, at 0.5 um/px; H and W are multiples of 16.

        Returns:
            (B, 26, H / 2, W / 2) float, by `histo.network.layout`.
        """
        return cast(Tensor, self.head(self.features(self.normalize(rgb))))

    def features(self, colors: Tensor) -> Tensor:
        """What lies between `normalize`, which looks at one byte at a time, and `head`, which looks at one map pixel.

        Args:
            colors: (B, 3, H, W) float, as `normalize` gives them.

        Returns:
            (B, 32, H / 2, W / 2) float, what `head` turns into logits.
        """
        at2 = self.encoder2(colors)
        at4 = self.encoder4(at2)
        at8 = self.encoder8(at4)
        at16 = self.encoder16(at8)
        up8 = self.decoder8(self.lateral8(at8) + _doubled(self.reduce8(at16)))
        up4 = self.decoder4(self.lateral4(at4) + _doubled(self.reduce4(up8)))
        return cast(Tensor, self.decoder2(self.lateral2(at2) + _doubled(self.reduce2(up4))))


class ActivatedNet(nn.Module):
    """A network followed by `activate`: what engines run."""

    def __init__(self, network: nn.Module) -> None:
        """Wrap a network that returns logits."""
        super().__init__()
        self.network = network

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) RGB to (B, 26, H / 2, W / 2) float32 probabilities and distances."""
        return activate(self.network(rgb))


def activate(logits: Tensor) -> Tensor:
    """Probabilities and distances from logits.

    Args:
        logits: (B, 26, h, w) float of any precision.

    Returns:
        (B, 26, h, w) float32: softmax over the fiber classes and over the compartments, sigmoid everywhere else (the
        distance too: it runs from 0 at the rim to 1 in the middle).
    """
    return torch.cat(activate_parts(logits), dim=1)


def activate_parts(logits: Tensor) -> tuple[Tensor, ...]:
    """The same as `activate`, channels `layout.PARTS` each by themselves; pixels may lie along one axis or two."""
    values = logits.float()
    fiber, classes, single, compartments = (values[:, part] for part in layout.PARTS)
    return (
        torch.sigmoid(fiber),
        torch.softmax(classes, dim=1),
        torch.sigmoid(single),
        torch.softmax(compartments, dim=1),
    )


def _doubled(features: Tensor) -> Tensor:
    return functional.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)
