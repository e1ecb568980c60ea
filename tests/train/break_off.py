"""Callbacks for trainings that die, and for looking at one that did not."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from train.checkpoints import LAST
from train.lightning import Callback, LightningModule, Trainer


class BreakOff(Callback):
    """Save, as the training does every few minutes, and be killed some steps later, with no chance to tidy up."""

    def __init__(self, at_step: int) -> None:
        self.at_step = at_step

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        if trainer.global_step == self.at_step:
            trainer.save_checkpoint(Path(trainer.default_root_dir) / LAST)
        if trainer.global_step == self.at_step + 2:
            os.kill(os.getpid(), signal.SIGKILL)


class KeepEverything(Callback):
    """Save the whole state of the last step: raw and averaged weights, optimizer, schedule."""

    name = "everything.ckpt"

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        if trainer.global_step == trainer.max_steps:
            trainer.save_checkpoint(Path(trainer.default_root_dir) / self.name)
