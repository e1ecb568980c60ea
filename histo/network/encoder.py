"""Encoders: what turns a tile into features at strides 2, 4, 8 and 16.

The compact one is the default. The ResNets (He 2016, arXiv 1512.03385) have the blocks and parameter names of
torchvision's, so that ImageNet weights can be copied into them, but are written out here: reading a bundle needs no
torchvision. They end at stride 16, without `layer4`: a deeper stride would need a wider halo and a coarser grid of
tiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import torch
from torch import Tensor, nn

Channels = tuple[int, int, int, int]

ALIGNMENT_WPX = 16
"""The deepest stride: tiles start on, and have sides of, multiples of this many working pixels."""

CHANNELS: Channels = (24, 48, 96, 192)
"""Feature channels of the compact encoder at strides 2, 4, 8 and 16."""

HALO_WPX = 128
"""Margin, in working pixels, that makes dense tiling exact for `MuscleNet` with the compact encoder.

The maps of any core whose sides lie on multiples of `ALIGNMENT_WPX` depend on pixels at most 124 beyond it. (A single
map pixel inside such a core reaches up to 129 from itself, since up- and downsampling are not centered on it.)
"""


@dataclass(frozen=True)
class EncoderShape:
    """What must be known of an encoder before it is built.

    Attributes:
        channels: Feature channels at strides 2, 4, 8 and 16.
        fixed: Whether no other channels are possible.
        halo_wpx: Margin that makes dense tiling exact, a multiple of `ALIGNMENT_WPX`; tests measure it from gradients.
        blocks: Residual blocks at strides 4, 8 and 16; none in the compact encoder.
    """

    channels: Channels
    fixed: bool
    halo_wpx: int
    blocks: tuple[int, int, int] | None = None


COMPACT = "compact"

ENCODERS: Mapping[str, EncoderShape] = MappingProxyType(
    {
        COMPACT: EncoderShape(CHANNELS, fixed=False, halo_wpx=HALO_WPX),
        "resnet18": EncoderShape((64, 64, 128, 256), fixed=True, halo_wpx=160, blocks=(2, 2, 2)),
        "resnet34": EncoderShape((64, 64, 128, 256), fixed=True, halo_wpx=336, blocks=(3, 4, 6)),
    }
)
"""Every encoder by name."""


class OpticalDensity(nn.Module):
    """Stain amounts from colors: uint8 RGB to centered optical density.

    Light falls exponentially with the amount of stain, so its logarithm is what adds up (Ruifrok and Johnston 2001, as
    in scikit-image's `rgb2hed`). The constants are buffers: a bundle carries its own normalization.
    """

    mean: Tensor
    spread: Tensor
    ceiling: Tensor

    def __init__(self) -> None:
        """Start from a typical H&E section: about 0.25-0.55 of optical density per color, seldom above 2.5."""
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.25, 0.50, 0.30]).view(1, 3, 1, 1))
        self.register_buffer("spread", torch.tensor([0.25, 0.35, 0.25]).view(1, 3, 1, 1))
        self.register_buffer("ceiling", torch.tensor(2.5))

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) uint8, or floats from 0 to 255, to float of the same shape."""
        density = -torch.log((rgb.to(self.mean.dtype) + 1.0) / 256.0)
        return (torch.minimum(density, self.ceiling) - self.mean) / self.spread


class ImageNetColors(nn.Module):
    """Colors as torchvision's ImageNet weights expect them: centered by ImageNet's mean and standard deviation."""

    mean: Tensor
    spread: Tensor

    def __init__(self) -> None:
        """Keep the constants, in units of bytes."""
        super().__init__()
        self.register_buffer("mean", 255 * torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("spread", 255 * torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) uint8, or floats from 0 to 255, to float of the same shape."""
        return (rgb.to(self.mean.dtype) - self.mean) / self.spread


class ConvBlock(nn.Sequential):
    """Convolution, batch normalization, ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1) -> None:
        """Pad so that only the stride changes the map's size."""
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around which the input is added, with torchvision's parameter names."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        """Project the input where its shape changes."""
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, features: Tensor) -> Tensor:
        """(B, inputs, h, w) to (B, outputs, h / stride, w / stride)."""
        kept = features if self.downsample is None else self.downsample(features)
        inner = torch.relu(self.bn1(self.conv1(features)))
        return torch.relu(cast(Tensor, self.bn2(self.conv2(inner))) + kept)


Stages = tuple[nn.Module, nn.Module, nn.Module, nn.Module, nn.Module]
"""Normalization of colors, then what leads to strides 2, 4, 8 and 16."""


def make_stages(encoder: str, channels: Channels) -> Stages:
    """Build an encoder with fresh weights.

    Args:
        encoder: A name of `ENCODERS`.
        channels: At strides 2, 4, 8 and 16.

    Raises:
        ValueError: If there is no such encoder, or it has other channels.
    """
    shape = ENCODERS.get(encoder)
    if shape is None:
        raise ValueError(f"encoder must be one of {', '.join(ENCODERS)}, not {encoder}")
    if shape.fixed and channels != shape.channels:
        raise ValueError(f"channels of {encoder} must be {shape.channels}, not {channels}")
    c2, c4, c8, c16 = channels
    if shape.blocks is None:
        return (
            OpticalDensity(),
            nn.Sequential(ConvBlock(3, c2, size=5, stride=2), ConvBlock(c2, c2)),
            nn.Sequential(nn.MaxPool2d(2), ConvBlock(c2, c4), ConvBlock(c4, c4)),
            nn.Sequential(nn.MaxPool2d(2), ConvBlock(c4, c8), ConvBlock(c8, c8)),
            nn.Sequential(nn.MaxPool2d(2), ConvBlock(c8, c16), ConvBlock(c16, c16), ConvBlock(c16, c16)),
        )
    n4, n8, n16 = shape.blocks
    return (
        ImageNetColors(),
        ConvBlock(3, c2, size=7, stride=2),
        nn.Sequential(nn.MaxPool2d(3, stride=2, padding=1), *_blocks(c2, c4, n4, stride=1)),
        nn.Sequential(*_blocks(c4, c8, n8, stride=2)),
        nn.Sequential(*_blocks(c8, c16, n16, stride=2)),
    )


def torchvision_names(encoder: str) -> dict[str, str]:
    """Which of torchvision's modules each stage of a ResNet is.

    Returns:
        From the prefix in `MuscleNet` to torchvision's, both ending in a dot.
    """
    shape = ENCODERS[encoder]
    if shape.blocks is None:
        return {}
    names = {"encoder2.0.": "conv1.", "encoder2.1.": "bn1."}
    stages = zip(("encoder4", "encoder8", "encoder16"), (1, 0, 0), shape.blocks, strict=True)
    for layer, (stage, before, count) in enumerate(stages, start=1):
        names |= {f"{stage}.{before + block}.": f"layer{layer}.{block}." for block in range(count)}
    return names


def _blocks(inputs: int, outputs: int, count: int, stride: int) -> list[nn.Module]:
    first = BasicBlock(inputs, outputs, stride)
    return [first, *(BasicBlock(outputs, outputs) for _ in range(count - 1))]
