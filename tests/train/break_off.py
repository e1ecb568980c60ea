"""A training that dies at a known step."""

from __future__ import annotations

from pathlib import Path

from train.checkpoints import LAST
from train.lightning import Callback, LightningModule, Trainer


class BreakOff(Callback):
    """Save, as the training does every few minutes, and die some steps later."""

    def __init__(self, at_step: int) -> None:
        self.at_step = at_step

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        if trainer.global_step == self.at_step:
            trainer.save_checkpoint(Path(trainer.default_root_dir) / LAST)
        if trainer.global_step == self.at_step + 2:
            raise RuntimeError("broken off")
