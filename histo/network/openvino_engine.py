"""The OpenVINO engine: the fastest on CPUs. The only module that imports openvino."""

from __future__ import annotations

import importlib
import sys
import threading
import warnings
from functools import cache
from typing import Any, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from histo.errors import EngineError
from histo.network import layout
from histo.network.encoder import ALIGNMENT_WPX
from histo.network.engine import check_tile
from histo.network.model import MuscleNet, activate_parts


def _import_without_telemetry() -> Any:  # noqa: ANN401 (a module without types)
    """Import openvino so that it finds no telemetry: otherwise importing and converting report to its maker."""
    kept = sys.modules.get("openvino_telemetry")
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("openvino")
    finally:
        del sys.modules["openvino_telemetry"]
        if kept is not None:
            sys.modules["openvino_telemetry"] = kept


_openvino = _import_without_telemetry()


def openvino_devices() -> tuple[str, ...]:
    """What OpenVINO can run on here, e.g. `CPU`."""
    return tuple(_core().available_devices)


@cache
def _core() -> Any:  # noqa: ANN401 (a class without types)
    """OpenVINO itself, for as long as the process lives.

    Where a CPU has AMX its plugin sets a stack for signals of its own, and gives back the one before when it ends. Of
    two, ended in the order they began, it gives back one that is freed, and the next signal kills the process: Ctrl-C
    by a segmentation fault (openvino 2026.4).
    """
    return _openvino.Core()


_CAPABILITY = {"f32": "FP32", "bf16": "BF16"}


class OpenVinoEngine:
    """Runs a network on the CPU with OpenVINO, compiled for the shape of the last tile.

    Around the convolutions it does what OpenVINO's CPU plugin does slowly: the normalization of colors is looked up in
    a table of the 256 bytes, since a logarithm is a reference implementation there and in another memory order; and the
    maps are written where the caller gets them, since joining and then copying them costs as much as a convolution.
    """

    def __init__(self, network: MuscleNet, precision: str, threads: int | None = None) -> None:
        """Convert the network in memory.

        Args:
            network: In evaluation mode.
            precision: `f32` or `bf16`, always told to OpenVINO: left alone, it takes bf16 where the CPU has it.
            threads: CPU threads, or None for OpenVINO's choice.

        Raises:
            EngineError: If this CPU does not compute in that precision.
        """
        self.name = f"openvino {_openvino.__version__.split('-')[0]}"
        self.device = "cpu"
        self.precision = precision
        if _CAPABILITY[precision] not in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise _missing(precision)
        self._settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
        }
        if threads is not None:
            self._settings["INFERENCE_NUM_THREADS"] = threads
        self._color_of_byte = _table(network)
        self._model = _converted(network, precision)
        self._compiled: Any = None
        self._request: Any = None
        self._shape: tuple[int, ...] = ()
        self._lock = threading.Lock()

    def run(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Activated maps of one tile; see `histo.network.engine.Engine.run`."""
        check_tile(rgb)
        with self._lock:
            if rgb.shape != self._shape:
                self._compile(rgb.shape)
            if self._request is None:
                self._request = self._compiled.create_infer_request()
            height, width = rgb.shape[0] // layout.STRIDE, rgb.shape[1] // layout.STRIDE
            maps = np.empty((layout.CHANNELS, height, width), np.float32)
            for number, part in enumerate(layout.PARTS):
                place = maps[part].reshape(1, -1, height * width)
                self._request.set_output_tensor(number, _openvino.Tensor(place, shared_memory=True))
            colors = cv2.LUT(np.ascontiguousarray(rgb), self._color_of_byte)
            self._request.infer({0: colors[None]}, share_inputs=True)
            return maps

    def rest(self) -> None:
        """Give back the memory of intermediate maps; see `histo.network.engine.Engine.rest`."""
        with self._lock:
            self._request = None  # it holds the last tile and its maps
            if self._compiled is not None:
                self._compiled.release_memory()

    def _compile(self, shape: tuple[int, ...]) -> None:
        self._request = self._compiled = None
        model = self._model.clone()
        model.reshape([1, *shape])
        compiled = _core().compile_model(model, "CPU", self._settings)
        actual = compiled.get_property("INFERENCE_PRECISION_HINT")
        if actual != getattr(_openvino.Type, self.precision):
            raise _missing(self.precision)
        self._compiled, self._shape = compiled, shape


def _table(network: MuscleNet) -> NDArray[np.float32]:
    """(1, 256, 3), what the network's own normalization makes of each byte of each color."""
    with torch.inference_mode():
        bytes_ = torch.arange(256, dtype=torch.uint8).expand(1, 3, 1, 256)
        colors = network.normalize(bytes_)[0].permute(1, 2, 0)
    return np.ascontiguousarray(colors.numpy(), dtype=np.float32)


class _FromColors(nn.Module):
    """From normalized colors, (1, H, W, 3) as slides give them, to the parts of the maps, their pixels along one axis.

    Convolutions run with channels innermost, maps are wanted with channels outermost. In f32 a matrix product turns
    them in half the time of a convolution and OpenVINO's reordering; in bf16, where products at a network's end stay
    f32 and the reordering is another, it takes longer.
    """

    def __init__(self, network: MuscleNet, precision: str) -> None:
        super().__init__()
        self.network = network
        self._by_product = precision == "f32"

    def forward(self, colors: Tensor) -> tuple[Tensor, ...]:
        head = self.network.head
        features = self.network.features(colors.permute(0, 3, 1, 2))
        if not self._by_product:
            return activate_parts(head(features).flatten(2))
        pixels = features.permute(0, 2, 3, 1).flatten(1, 2)
        weight, bias = head.weight[:, :, 0, 0], cast(Tensor, head.bias)
        return activate_parts(weight @ pixels.transpose(1, 2) + bias[:, None])


def _converted(network: MuscleNet, precision: str) -> Any:  # noqa: ANN401 (an openvino.Model, which has no types)
    example = torch.zeros(1, 4 * ALIGNMENT_WPX, 4 * ALIGNMENT_WPX, 3)
    with warnings.catch_warnings():  # OpenVINO reads torch.jit's form best, which torch means to retire
        warnings.simplefilter("ignore", DeprecationWarning)
        # tracing here, without torch's check of the trace, takes 4 s off the start; the tests compare the maps instead
        module = _FromColors(network, precision).eval()
        traced = torch.jit.trace(module, example, check_trace=False)  # type: ignore[no-untyped-call]
        return _openvino.convert_model(traced, example_input=example)


def _missing(precision: str) -> EngineError:
    problem = "OpenVINO does not compute in it on this CPU"
    return EngineError(f"precision {precision}", problem, "use --precision f32")
