"""Weights between two sittings of one training: less of what the last one learned by heart, and of what it forgot.

Between weights of which one began with the other lies no barrier, and on images unlike those trained on the middle is
often better than either end (Wortsman 2022, arXiv 2109.01903).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from histo.cohort import Split
from histo.errors import BundleError, UsageError
from histo.network import Bundle, MuscleNet, load_bundle, save_bundle
from train.augment import PoseRange
from train.datamodule import CropRange, batches_of
from train.dataset import CropDataset, Needs

CROPS, BATCH, CROP_WPX, SEED = 1600, 8, 320, 11
"""What normalizations are estimated on: as many crops a step, and as large, as the default recipe learns from."""


def blend_bundles(
    earlier: Path, later: Path, share: float, fields: Path, out: Path, name: str, version: str, crops: int = CROPS
) -> Bundle:
    """A bundle whose weights lie between those of two, its normalizations estimated anew.

    Args:
        earlier: The bundle that the later one's training began with.
        later: The bundle that came of it; its thresholds are kept until `calibrate` chooses others.
        share: Of the later weights, 0 to 1.
        fields: Holds the folder of training fields.
        out: The new bundle's folder.
        name: Of the new bundle.
        version: Of the new bundle.
        crops: How many training crops the normalizations are estimated on.

    Returns:
        The bundle, read back and checked.

    Raises:
        UsageError: If the share is no share, or there are too few crops for one batch.
        BundleError: If a bundle is missing, damaged, or of another network than the other.
        OutputError: If the bundle cannot be written.
    """
    if not 0 <= share <= 1:
        raise UsageError(f"share {share:g}", "is no share", "give a number from 0 to 1")
    if crops < BATCH:
        raise UsageError(f"{crops} crops", f"make no batch of {BATCH}", "give more")
    first, last = load_bundle(earlier), load_bundle(later)
    if (first.card.encoder, first.card.channels) != (last.card.encoder, last.card.channels):
        raise BundleError(earlier, f"is of another network than {later}", "blend a training with what it began with")
    network = MuscleNet(last.card.channels, last.card.encoder)
    network.load_state_dict(between(first.weights, last.weights, share))
    dataset = CropDataset(fields / Split.TRAIN, CROP_WPX, SEED, Needs(), PoseRange())
    numbers = CropRange(0, crops // BATCH, BATCH)
    normalize_anew(network, (sample["rgb"] for sample in batches_of(dataset, numbers, BATCH, workers=1)))
    told = (
        f"{last.card.training.data} These weights are {share:.0%} of the way from those that the last sitting began "
        f"with ({first.card.name} {first.card.version}) to its end; normalizations are of {crops} crops."
    )
    command = f"; then python -m train blend --share {share:g}"
    training = replace(last.card.training, data=told, recipe=f"{last.card.training.recipe}{command}")
    card = replace(last.card, name=name, version=version, training=training, phantom_metrics={}, real_metrics={})
    return save_bundle(out, network.state_dict(), card)


def between(first: Mapping[str, Tensor], last: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """Every tensor so far from the first to the last, in the last one's type."""
    return {
        name: ((1 - share) * first[name].float() + share * tensor.float()).to(tensor.dtype)
        for name, tensor in last.items()
    }


def normalize_anew(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Estimate the statistics of all batch normalizations, in place: they are no weights, and their mean is not theirs.

    Args:
        network: Left in evaluation mode.
        batches: (B, H, W, 3) uint8 each; all count alike.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.train()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for rgb in batches:
            network(rgb.permute(0, 3, 1, 2))
    network.eval()
