"""What bounds a training: how fast crops come, and how fast the network can learn from them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch.nn.utils import clip_grad_norm_

from train.fit import prepared
from train.lightning import Trainer
from train.losses import Batch
from train.module import MuscleModule

_MPX = 1e6


@dataclass(frozen=True)
class TrainingSpeed:
    """Measured rates, in megapixels of crops a second.

    Attributes:
        loader_mpx_per_s: Of making crops, while nothing else runs.
        network_mpx_per_s: Of forward, losses, backward and optimizer on a batch that is there already.
        workers: Processes that make crops; 0 makes them in the training's own, so that the two times add up.
        setting: What ran: device, precision, batch.
    """

    loader_mpx_per_s: float
    network_mpx_per_s: float
    workers: int
    setting: str

    @property
    def limit_mpx_per_s(self) -> float:
        """What a training can reach at best: the slower of the two, if they have cores of their own."""
        if self.workers:
            return min(self.loader_mpx_per_s, self.network_mpx_per_s)
        return 1 / (1 / self.loader_mpx_per_s + 1 / self.network_mpx_per_s)

    @property
    def verdict(self) -> str:
        """Which of them bounds the training, and what helps."""
        ratio = self.loader_mpx_per_s / self.network_mpx_per_s
        if not self.workers:
            return f"crops cost {1 / (1 + ratio):.0%} of the time; --data.workers 1 makes them beside the network"
        if ratio < 1:
            return f"crops bound it: more than {self.workers} --data.workers, if there are cores for them"
        return f"the network bounds it: crops come {ratio:.1f} times as fast as it learns"


def measure_training(arguments: Sequence[str], seconds: float) -> TrainingSpeed:
    """Measure what a recipe would do, without training anything.

    Args:
        arguments: As those of `python -m train fit`.
        seconds: Spent on each of the two, at least.

    Raises:
        FileNotFoundError: If there are no fields to crop.
    """
    with prepared(arguments) as (trainer, module, data):
        module.trainer = data.trainer = trainer
        batches = iter(data.train_dataloader())
        batch = cast(Batch, next(batches))  # workers start, and fill their queue
        count, height, width, _ = batch["rgb"].shape
        megapixels = count * height * width / _MPX
        queued = data.workers * _QUEUED_BATCHES
        for _ in range(queued):
            next(batches)
        began_s, made = time.perf_counter(), 0
        while time.perf_counter() - began_s < seconds or not made:
            batch, made = cast(Batch, next(batches)), made + 1
        loader_s = (time.perf_counter() - began_s) / made
        del batches
        setting = f"{trainer.strategy.root_device.type}, {trainer.precision}, {count} x {height} px"
        return TrainingSpeed(
            loader_mpx_per_s=megapixels / loader_s,
            network_mpx_per_s=megapixels / _seconds_of_step(trainer, module, batch, seconds),
            workers=data.workers,
            setting=setting,
        )


_QUEUED_BATCHES = 4
"""Batches that each worker has ready beforehand; they are taken before anything is timed."""


def _seconds_of_step(trainer: Trainer, module: MuscleModule, batch: Batch, seconds: float) -> float:
    """Of one step on a batch, the first ones left out: memory is laid out and kernels are chosen in them."""
    device = trainer.strategy.root_device
    module.to(device).train()
    batch = {name: tensor.to(device) for name, tensor in batch.items()}
    optimizer = module.configure_optimizers()["optimizer"]
    steps, began_s = -_FIRST_STEPS, time.perf_counter()
    while steps < 1 or time.perf_counter() - began_s < seconds:
        if steps == 0:
            began_s = time.perf_counter()
        optimizer.zero_grad()
        with trainer.precision_plugin.forward_context():
            loss = module.total_loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        if trainer.gradient_clip_val:
            clip_grad_norm_(module.parameters(), trainer.gradient_clip_val)
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        steps += 1
    return (time.perf_counter() - began_s) / steps


_FIRST_STEPS = 3
