"""The training itself: the network, its losses, its optimizer and schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from histo.errors import BundleError
from histo.network import MuscleNet, load_bundle
from histo.network.encoder import COMPACT
from train.lightning import LightningModule, OptimizerLRSchedulerConfig
from train.losses import Batch, LossWeights, loss_terms
from train.pretrained import imagenet_weights, start_with


class MuscleModule(LightningModule):
    """MuscleNet under AdamW with one cycle of the learning rate: warm-up, then a cosine down to nothing.

    Args:
        channels: Feature channels of the network at strides 2, 4, 8 and 16; those of the encoder if left out.
        learning_rate: At the top of the cycle.
        weight_decay: Of convolution weights; biases and normalizations have none.
        warm_up: Share of all steps that the learning rate rises.
        losses: Weights of the loss terms.
        start_from: A bundle whose weights training begins with; fresh ones if left out.
        encoder: `compact`, `resnet18` or `resnet34`.
        pretrained: Whether a ResNet begins with ImageNet weights; of no meaning for the compact encoder and where
            training begins with a bundle.

    Raises:
        BundleError: If that bundle cannot be used, or is of another network, or ImageNet weights cannot be had.
    """

    def __init__(
        self,
        channels: tuple[int, int, int, int] | None = None,
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-2,
        warm_up: float = 0.08,
        losses: LossWeights = LossWeights(),  # noqa: B008 - frozen, and the recipe's parser needs a value
        start_from: Path | None = None,
        encoder: str = COMPACT,
        pretrained: bool = True,
    ) -> None:
        """Build the network, in the memory order that convolutions run fastest in."""
        super().__init__()
        self.learning_rate, self.weight_decay, self.warm_up, self.losses = learning_rate, weight_decay, warm_up, losses
        network = MuscleNet(channels, encoder)
        if start_from is not None:
            network = _begun_with(start_from, network)
        elif pretrained and encoder != COMPACT:
            start_with(network, imagenet_weights(encoder))
        self.encoder, self.channels = network.encoder, network.channels
        self.network = cast(nn.Module, network.to(memory_format=torch.channels_last))  # type: ignore[call-overload]

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, H, W, 3) uint8 to (B, 26, H / 2, W / 2) float32 logits, so that losses are summed in float32."""
        return cast(Tensor, self.network(rgb.permute(0, 3, 1, 2))).float()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say which network the weights belong to, and how many processes trained it together."""
        checkpoint["channels"], checkpoint["encoder"] = list(self.channels), self.encoder
        checkpoint["processes"] = self.trainer.world_size

    def total_loss(self, batch: Batch) -> Tensor:
        """The sum of all terms, with nothing logged."""
        return torch.stack(list(self._terms(batch).values())).sum()

    def _terms(self, batch: Batch) -> dict[str, Tensor]:
        return loss_terms(self(batch["rgb"]), batch, self.losses)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """The sum of all terms."""
        terms = self._terms(batch)
        total = torch.stack(list(terms.values())).sum()
        self.log("loss", total, prog_bar=True)
        self.log_dict({f"loss/{name}": term for name, term in terms.items()})
        return total

    def validation_step(self, batch: Batch, _: int) -> None:
        """The same terms on whole fields that nothing was done to, with the averaged weights."""
        terms = self._terms(batch)
        size = len(batch["rgb"])
        total = torch.stack(list(terms.values())).sum()
        self.log("validation", total, prog_bar=True, batch_size=size, sync_dist=True)
        terms = {f"validation/{name}": term for name, term in terms.items()}
        self.log_dict(terms, batch_size=size, sync_dist=True)

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


def _begun_with(folder: Path, wanted: MuscleNet) -> MuscleNet:
    """The network of a bundle, if it is of the kind that the recipe wants."""
    bundle = load_bundle(folder)
    card = bundle.card
    if (card.encoder, card.channels) != (wanted.encoder, wanted.channels):
        problem = f"is {card.encoder} with channels {card.channels}, the recipe {wanted.encoder} with {wanted.channels}"
        raise BundleError(folder, problem, "give both the same encoder and channels")
    network = bundle.network()
    return network.train()
