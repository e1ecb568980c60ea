"""The one door of Lightning: torchvision is made importable first, and the names the harness uses are given on."""

import os

from train.torchvision_door import ensure_torchvision

ensure_torchvision()
os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")  # Lightning's own calls, not ours

from pytorch_lightning import Callback, LightningDataModule, LightningModule, Trainer  # noqa: E402
from pytorch_lightning.callbacks import (  # noqa: E402
    ModelCheckpoint,
)
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI  # noqa: E402
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger  # noqa: E402
from pytorch_lightning.utilities.types import OptimizerLRSchedulerConfig  # noqa: E402

__all__ = [
    "CSVLogger",
    "Callback",
    "LightningArgumentParser",
    "LightningCLI",
    "LightningDataModule",
    "LightningModule",
    "ModelCheckpoint",
    "OptimizerLRSchedulerConfig",
    "TensorBoardLogger",
    "Trainer",
]
