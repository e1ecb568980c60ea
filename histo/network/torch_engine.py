"""The torch engine: CPU or CUDA, f32 or bf16."""

from __future__ import annotations

import copy
import threading

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from histo.errors import EngineError
from histo.network.engine import check_tile
from histo.network.model import ActivatedNet


class TorchEngine:
    """Runs a network with torch, batch normalization folded into the convolutions.

    In bf16 the convolutions are computed in bfloat16, the optical density before them and the activations after them in
    f32. In f32 no TF32 is used on CUDA.
    """

    def __init__(self, network: nn.Module, device: str, precision: str, threads: int | None = None) -> None:
        """Prepare a copy of the network.

        Args:
            network: In evaluation mode, giving logits.
            device: `cpu` or `cuda`.
            precision: `f32` or `bf16`.
            threads: CPU threads of this process, or None to leave them as they are.

        Raises:
            EngineError: If the GPU cannot compute in bf16.
        """
        if device == "cuda" and precision == "bf16" and not torch.cuda.is_bf16_supported():
            raise EngineError("precision bf16", "this GPU does not compute in bf16", "use --precision f32")
        if threads is not None:
            torch.set_num_threads(threads)
        self.name = f"torch {torch.__version__}"
        self.device = device
        self.precision = precision
        folded = _fold_batch_norm(copy.deepcopy(network).eval())
        self._network = ActivatedNet(folded).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._lock = threading.Lock()

    def run(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Activated maps of one tile; see `histo.network.engine.Engine.run`."""
        check_tile(rgb)
        with (
            self._lock,
            torch.inference_mode(),
            torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.precision == "bf16"),
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False),
        ):
            try:
                tile = torch.tensor(rgb, device=self.device).permute(2, 0, 1)[None]
                maps = self._network(tile)[0].contiguous().cpu().numpy()
            except torch.OutOfMemoryError as error:
                problem = f"has too little memory for a tile of {rgb.shape[1]} x {rgb.shape[0]}"
                raise EngineError("device cuda", problem, "use --device cpu") from error
        return np.asarray(maps, dtype=np.float32)

    def rest(self) -> None:
        """Give back the GPU's cached memory; see `histo.network.engine.Engine.rest`."""
        if self.device == "cuda":
            torch.cuda.empty_cache()


def _fold_batch_norm(network: nn.Module) -> nn.Module:
    """Multiply each batch normalization into the convolution right before it, in place."""
    for module in network.modules():
        if not isinstance(module, nn.Sequential):
            continue
        for place in range(len(module) - 1):
            convolution, norm = module[place], module[place + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module[place], module[place + 1] = fuse_conv_bn_eval(convolution, norm), nn.Identity()
    return network
