"""ImageNet weights for a ResNet encoder, as torchvision gives them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError

from torch import Tensor

from histo.errors import BundleError
from histo.network import MuscleNet
from histo.network.encoder import torchvision_names
from train.torchvision_door import ensure_torchvision

_REMEDY = (
    "connect to the internet once, or give `--model.pretrained false` for fresh weights, or `--model.encoder compact`"
)


def imagenet_weights(encoder: str) -> Mapping[str, Tensor]:
    """The weights that torchvision calls the default ones: downloaded once, checked by digest, kept in its cache.

    Args:
        encoder: `resnet18` or `resnet34`.

    Raises:
        BundleError: If they are not in the cache and cannot be downloaded.
    """
    ensure_torchvision()
    models: Any = importlib.import_module("torchvision.models")
    try:
        weights: Mapping[str, Tensor] = models.get_model_weights(encoder).DEFAULT.get_state_dict(
            progress=False, check_hash=True
        )
    except (URLError, OSError, RuntimeError) as error:  # no network, a full disk, a digest that does not fit
        why = " ".join(str(getattr(error, "reason", error)).split())[:200]
        problem = f"ImageNet weights cannot be downloaded ({why})"
        raise BundleError(f"encoder {encoder}", problem, _REMEDY) from error
    return weights


def start_with(network: MuscleNet, weights: Mapping[str, Tensor]) -> None:
    """Copy a torchvision ResNet's weights into the encoder, in place; the decoder keeps its fresh ones.

    Args:
        network: With that ResNet as its encoder.
        weights: torchvision's state; its `layer4` and `fc` are left out.

    Raises:
        KeyError: If a weight of the encoder is not among them.
    """
    prefixes = torchvision_names(network.encoder)
    state = network.state_dict()
    for name in state:
        ours = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
        if ours is not None:
            state[name] = weights[prefixes[ours] + name.removeprefix(ours)]
    network.load_state_dict(state)
