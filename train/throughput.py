"""How fast a training goes, and how much of its time it waits for crops."""

from __future__ import annotations

import time

from train.lightning import Callback, LightningModule, Trainer
from train.losses import Batch


class Throughput(Callback):
    """Log megapixels a second and the share of time spent waiting for data, over the last steps.

    Args:
        every_steps: Steps a figure is taken over.
    """

    def __init__(self, every_steps: int = 25) -> None:
        """Start counting at the first batch."""
        self.every_steps = every_steps
        self._megapixels = self._waited_s = 0.0
        self._began_s = self._ready_s = time.perf_counter()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Forget the time before training."""
        self._restart()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Forget the time that validation took."""
        self._restart()

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int) -> None:
        """A batch has come."""
        self._waited_s += time.perf_counter() - self._ready_s

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: Batch, batch_idx: int
    ) -> None:
        """A batch is done."""
        count, height, width, _ = batch["rgb"].shape
        self._megapixels += count * height * width / 1e6
        self._ready_s = time.perf_counter()
        if (batch_idx + 1) % self.every_steps == 0:
            spent_s = self._ready_s - self._began_s
            pl_module.log("mpx_per_s", self._megapixels / spent_s, prog_bar=True)
            pl_module.log("waiting", self._waited_s / spent_s, prog_bar=True)
            self._restart()

    def _restart(self) -> None:
        self._megapixels = self._waited_s = 0.0
        self._began_s = self._ready_s = time.perf_counter()
