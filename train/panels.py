"""Panels for TensorBoard: what the network finds beside what is true, as training goes on."""

from __future__ import annotations

import numpy as np
import torch

from histo.network import OperatingPoints, activate, decode_block, layout
from histo.network.encoder import ALIGNMENT_WPX
from train.drawing import Picture, draw_findings, lay_out, maps_of_sample
from train.lightning import Callback, LightningModule, TensorBoardLogger, Trainer
from train.losses import Batch


class Panels(Callback):
    """At every validation, draw the middle of some fields: pixels, truth, prediction.

    Both are decoded from maps in the same way, at the default operating points, so what the codec loses is lost in
    both. Nothing here touches the training: the same weights come out with and without it.

    Args:
        fields: How many validation fields to show.
        size_wpx: Largest width and height shown, a multiple of 16.
    """

    def __init__(self, fields: int = 4, size_wpx: int = 320) -> None:
        """Begin with nothing drawn."""
        self.fields, self.size_wpx = fields, size_wpx // ALIGNMENT_WPX * ALIGNMENT_WPX
        self._rows: list[list[Picture]] = []

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Draw a field, with the averaged weights."""
        if trainer.is_global_zero and len(self._rows) < self.fields:
            self._rows.append(_row(pl_module, batch, self.size_wpx))

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Hand the panels over."""
        if self._rows:
            for logger in trainer.loggers:
                if isinstance(logger, TensorBoardLogger):
                    logger.experiment.add_image(
                        "pixels, truth, prediction", lay_out(self._rows), trainer.global_step, dataformats="HWC"
                    )
        self._rows = []


def _row(module: LightningModule, batch: Batch, size_wpx: int) -> list[Picture]:
    """The middle of a batch's first field."""
    height, width = batch["rgb"].shape[1:3]
    side_y, side_x = min(size_wpx, height), min(size_wpx, width)
    y, x = (height - side_y) // 4 * 2, (width - side_x) // 4 * 2  # even, as map pixels are
    pixels = np.s_[y : y + side_y, x : x + side_x]
    stride = layout.STRIDE
    maps = np.s_[..., y // stride : (y + side_y) // stride, x // stride : (x + side_x) // stride]
    with torch.no_grad():
        found = activate(module(batch["rgb"][:1]))[0].cpu().numpy()
    sample = {name: value[0].cpu().numpy() for name, value in batch.items() if name != "rgb"}
    rgb = batch["rgb"][0].cpu().numpy()[pixels]
    points = OperatingPoints()
    drawn = [
        draw_findings(rgb, *decode_block(np.ascontiguousarray(shown[maps]), (0.0, 0.0), points))
        for shown in (maps_of_sample(sample), found)
    ]
    return [rgb, *drawn]
