"""The OpenVINO engine: the fastest on CPUs. The only module that imports openvino."""

from __future__ import annotations

import importlib
import sys
import threading
import warnings
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from histo.errors import EngineError
from histo.network.encoder import ALIGNMENT_WPX
from histo.network.engine import check_tile
from histo.network.model import ActivatedNet


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
    return tuple(_openvino.Core().available_devices)


_CAPABILITY = {"f32": "FP32", "bf16": "BF16"}


class OpenVinoEngine:
    """Runs a network on the CPU with OpenVINO, compiled for the shape of the last tile."""

    def __init__(self, network: nn.Module, precision: str, threads: int | None = None) -> None:
        """Convert the network in memory.

        Args:
            network: In evaluation mode, giving logits.
            precision: `f32` or `bf16`, always told to OpenVINO: left alone, it takes bf16 where the CPU has it.
            threads: CPU threads, or None for OpenVINO's choice.

        Raises:
            EngineError: If this CPU does not compute in that precision.
        """
        self.name = f"openvino {_openvino.__version__.split('-')[0]}"
        self.device = "cpu"
        self.precision = precision
        self._core = _openvino.Core()
        if _CAPABILITY[precision] not in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise _missing(precision)
        self._settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
        }
        if threads is not None:
            self._settings["INFERENCE_NUM_THREADS"] = threads
        self._model = _converted(network)
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
            self._request.infer({0: np.ascontiguousarray(rgb)[None]}, share_inputs=True)
            return np.array(self._request.get_output_tensor(0).data[0], dtype=np.float32)

    def rest(self) -> None:
        """Give back the memory of intermediate maps; see `histo.network.engine.Engine.rest`."""
        with self._lock:
            if self._compiled is not None:
                self._compiled.release_memory()

    def _compile(self, shape: tuple[int, ...]) -> None:
        self._request = self._compiled = None
        model = self._model.clone()
        model.reshape([1, *shape])
        compiled = self._core.compile_model(model, "CPU", self._settings)
        actual = compiled.get_property("INFERENCE_PRECISION_HINT")
        if actual != getattr(_openvino.Type, self.precision):
            raise _missing(self.precision)
        self._compiled, self._request, self._shape = compiled, compiled.create_infer_request(), shape


class _FromImage(nn.Module):
    """Takes (1, H, W, 3) bytes as slides give them, so that no copy is needed to reorder them."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = ActivatedNet(network)

    def forward(self, rgb: Tensor) -> Tensor:
        activated: Tensor = self.network(rgb.permute(0, 3, 1, 2))
        return activated


def _converted(network: nn.Module) -> Any:  # noqa: ANN401 (an openvino.Model, which has no types)
    example = torch.zeros(1, 4 * ALIGNMENT_WPX, 4 * ALIGNMENT_WPX, 3, dtype=torch.uint8)
    with warnings.catch_warnings():  # OpenVINO reads torch.jit's form best, which torch means to retire
        warnings.simplefilter("ignore", DeprecationWarning)
        # tracing here, without torch's check of the trace, takes 4 s off the start; the tests compare the maps instead
        module = _FromImage(network).eval()
        traced = torch.jit.trace(module, example, check_trace=False)  # type: ignore[no-untyped-call]
        return _openvino.convert_model(traced, example_input=example)


def _missing(precision: str) -> EngineError:
    problem = "OpenVINO does not compute in it on this CPU"
    return EngineError(f"precision {precision}", problem, "use --precision f32")
