"""What a training leaves behind on its way: where to go on from after a stop, and the best weights so far."""

from __future__ import annotations

from datetime import timedelta

from train.lightning import LightningModule, ModelCheckpoint, Trainer

LAST = "last.ckpt"
BEST = "best.ckpt"


class LastCheckpoint(ModelCheckpoint):
    """Keep `last.ckpt` in the training's folder, written whole or not at all.

    Args:
        minutes: Between two of them.
    """

    def __init__(self, minutes: float = 4.0) -> None:
        """One file, overwritten."""
        super().__init__(filename="last", train_time_interval=timedelta(minutes=minutes), enable_version_counter=False)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Use the training's folder."""
        self.dirpath = trainer.default_root_dir
        super().setup(trainer, pl_module, stage)


class BestCheckpoint(ModelCheckpoint):
    """Keep `best.ckpt` in the training's folder: the averaged weights with the lowest validation total so far.

    What `python -m train export` should take where few fields are trained on for long, or training stopped early.
    """

    def __init__(self) -> None:
        """One file, overwritten."""
        super().__init__(
            filename="best",
            monitor="validation",
            save_top_k=1,
            save_weights_only=True,
            enable_version_counter=False,
        )

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Use the training's folder."""
        self.dirpath = trainer.default_root_dir
        super().setup(trainer, pl_module, stage)
