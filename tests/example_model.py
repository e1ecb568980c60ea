"""A bundle with random weights, for tests of everything but what the network sees."""

from __future__ import annotations

from pathlib import Path

import torch

from histo.network import Card, MuscleNet, Training, save_bundle


def save_random_bundle(folder: Path) -> Path:
    """Write a small bundle that finds nothing real."""
    torch.manual_seed(0)
    channels = (4, 4, 4, 4)
    card = Card(
        name="random",
        version="0",
        training=Training(
            data="Never trained: random weights.", data_sha256="0" * 64, recipe="tests/example_model.py", seeds=(0,)
        ),
        phantom_metrics={},
        real_metrics={},
        intended_use="Tests only.",
        limits=("It finds nothing real.",),
        license="Apache-2.0",
        channels=channels,
    )
    save_bundle(folder, MuscleNet(channels).state_dict(), card)
    return folder
