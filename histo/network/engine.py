"""Engines: one interface over what runs the network, with an explicit device and precision."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from histo.errors import EngineError
from histo.network.bundle import Bundle
from histo.network.encoder import ALIGNMENT_WPX

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "f32", "bf16"]
Kind = Literal["auto", "torch", "openvino"]

F32_TOLERANCE = 1e-3
"""How far any two engines' f32 maps may differ in any value; measured: 1e-6 (OpenVINO 2026.4 against torch 2.13)."""

BF16_TOLERANCE = 0.05
"""How far bf16 maps may differ from f32 ones in any value; measured: 0.011, on average 0.0008 (torch, untrained)."""


class Engine(Protocol):
    """Runs one network, tile after tile. Calls from several threads are served one at a time."""

    @property
    def name(self) -> str:
        """Library and version, e.g. `openvino 2026.4.0`."""
        ...

    @property
    def device(self) -> str:
        """`cpu` or `cuda`: where it truly runs."""
        ...

    @property
    def precision(self) -> str:
        """`f32` or `bf16`: in which it truly computes."""
        ...

    def run(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Activated maps of one tile.

        A new shape prepares the engine anew (about a second); keep to one.

        Args:
            rgb: (H, W, 3) uint8 at 0.5 um/px; H and W are multiples of 16.

        Returns:
            (26, H / 2, W / 2) float32, by `histo.network.layout`; the caller's own.

        Raises:
            ValueError: If the tile has another form.
            EngineError: If the device fails.
        """

    def rest(self) -> None:
        """Give back the memory of intermediate maps until the next tile; what was computed does not change."""
        ...


def check_device(device: Device) -> None:
    """Make sure that this machine has a device; `auto` finds one anywhere.

    Raises:
        EngineError: If it has not.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise EngineError("device cuda", f"torch {torch.__version__} sees no usable CUDA GPU", "use --device cpu")


def make_engine(
    bundle: Bundle,
    device: Device = "auto",
    precision: Precision = "auto",
    kind: Kind = "auto",
    threads: int | None = None,
) -> Engine:
    """The engine that was asked for, or an error: never silently another one.

    Args:
        bundle: Weights and card.
        device: `auto` takes CUDA where it is usable.
        precision: `auto` is f32 everywhere: maps of different engines then differ by at most `F32_TOLERANCE`.
        kind: `auto` takes OpenVINO on a CPU and torch on CUDA.
        threads: CPU threads; None leaves the choice to the library. For torch this is a setting of the whole process.

    Returns:
        An engine whose `device` and `precision` say what it truly uses.

    Raises:
        EngineError: If the device or the precision is not to be had here.
        BundleError: If the weights do not fit the network.
    """
    check_device(device)
    cuda = torch.cuda.is_available()
    if threads is not None and threads < 1:
        raise EngineError(f"threads {threads}", "at least 1 is needed", "give a positive number")
    on_cuda = device == "cuda" or (device == "auto" and cuda and kind != "openvino")
    if on_cuda and kind == "openvino":
        raise EngineError("engine openvino", "runs on the CPU only", "use --device cpu, or the torch engine")
    wanted = "f32" if precision == "auto" else precision
    if on_cuda or kind == "torch":
        from histo.network.torch_engine import TorchEngine

        return TorchEngine(bundle.network(), "cuda" if on_cuda else "cpu", wanted, threads)
    from histo.network.openvino_engine import OpenVinoEngine

    return OpenVinoEngine(bundle.network(), wanted, threads)


def check_tile(rgb: NDArray[np.uint8]) -> None:
    """Refuse a tile that no engine can read.

    Raises:
        ValueError: Saying what was given and what is needed.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise ValueError(f"a tile must be uint8 of (H, W, 3), not {rgb.dtype} of {rgb.shape}")
    if rgb.shape[0] % ALIGNMENT_WPX or rgb.shape[1] % ALIGNMENT_WPX:
        raise ValueError(f"a tile's sides must be multiples of {ALIGNMENT_WPX}, not {rgb.shape[1]} x {rgb.shape[0]}")
