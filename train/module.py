"""The training itself: the network, its losses, its optimizer and schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from histo.errors import BundleError
from histo.network import MuscleNet, load_bundle
from train.lightning import LightningModule, OptimizerLRSchedulerConfig
from train.losses import Batch, LossWeights, loss_terms


class MuscleModule(LightningModule):
    """MuscleNet under AdamW with one cycle of the learning rate: warm-up, then a cosine down to nothing.

    Args:
        channels: Feature channels of the network at strides 2, 4, 8 and 16.
        learning_rate: At the top of the cycle.
        weight_decay: Of convolution weights; biases and normalizations have none.
        warm_up: Share of all steps that the learning rate rises.
        losses: Weights of the loss terms.
        start_from: A bundle whose weights training begins with; fresh ones if left out.

    Raises:
        BundleError: If that bundle cannot be used, or has other channels.
    """

    def __init__(
        self,
        channels: tuple[int, int, int, int] = (24, 48, 96, 128),
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-2,
        warm_up: float = 0.08,
        losses: LossWeights = LossWeights(),  # noqa: B008 - frozen, and the recipe's parser needs a value
        start_from: Path | None = None,
    ) -> None:
        """Build the network, in the memory order that convolutions run fastest in."""
        super().__init__()
        self.learning_rate, self.weight_decay, self.warm_up, self.losses = learning_rate, weight_decay, warm_up, losses
        self.channels = channels
        network = MuscleNet(channels)
        if start_from is not None:
            bundle = load_bundle(start_from)
            if tuple(bundle.card.channels) != tuple(channels):
                problem = f"has channels {bundle.card.channels}, the recipe {channels}"
                raise BundleError(start_from, problem, "give both the same channels")
            network = bundle.network().train()
        self.network = cast(nn.Module, network.to(memory_format=torch.channels_last))  # type: ignore[call-overload]

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, H, W, 3) uint8 to (B, 26, H / 2, W / 2) logits."""
        return cast(Tensor, self.network(rgb.permute(0, 3, 1, 2)))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say which network the weights belong to."""
        checkpoint["channels"] = list(self.channels)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """The sum of all terms."""
        terms = loss_terms(self(batch["rgb"]), batch, self.losses)
        total = torch.stack(list(terms.values())).sum()
        self.log("loss", total, prog_bar=True)
        self.log_dict({f"loss/{name}": term for name, term in terms.items()})
        return total

    def validation_step(self, batch: Batch, _: int) -> None:
        """The same terms on whole fields that nothing was done to, with the averaged weights."""
        terms = loss_terms(self(batch["rgb"]), batch, self.losses)
        size = len(batch["rgb"])
        self.log("validation", torch.stack(list(terms.values())).sum(), prog_bar=True, batch_size=size)
        self.log_dict({f"validation/{name}": term for name, term in terms.items()}, batch_size=size)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW and one cycle over all steps of the training."""
        decayed = [weight for weight in self.network.parameters() if weight.ndim > 1]
        others = [weight for weight in self.network.parameters() if weight.ndim <= 1]
        groups: list[dict[str, Any]] = [{"params": decayed}, {"params": others, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=self.learning_rate, weight_decay=self.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=self.learning_rate,
            total_steps=self.trainer.max_steps,
            pct_start=self.warm_up,
            cycle_momentum=False,
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
