from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from network_fields import SMALL_CHANNELS, small_card

from histo.errors import EngineError
from histo.network import layout
from histo.network.bundle import Bundle
from histo.network.engine import BF16_TOLERANCE, F32_TOLERANCE, Engine, make_engine
from histo.network.model import MuscleNet


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """A bundle whose network is not trained, but whose maps vary as much as a trained one's."""
    torch.manual_seed(5)
    network = MuscleNet(SMALL_CHANNELS)
    with torch.no_grad():
        network.train()
        for _ in range(10):
            network(torch.from_numpy(tile(128, 128).transpose(2, 0, 1).copy())[None])
        network.head.weight.mul_(10)
    return Bundle(Path("memory"), small_card(), network.state_dict(), hashlib.sha256(b"").hexdigest())


@pytest.fixture(scope="module")
def openvino(bundle: Bundle) -> Engine:
    return make_engine(bundle, device="cpu", kind="openvino", threads=1)


@pytest.fixture
def keep_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def tile(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_openvino_and_torch_give_the_same_maps(bundle: Bundle, openvino: Engine) -> None:
    by_torch = make_engine(bundle, device="cpu", kind="torch")
    rgb = tile(96, 160)
    expected = by_torch.run(rgb)
    found = openvino.run(rgb)
    assert expected.shape == found.shape == (layout.CHANNELS, 48, 80)
    assert expected.dtype == found.dtype == np.float32
    assert float(np.ptp(expected[layout.FOREGROUND])) > 0.5  # maps worth comparing
    assert np.abs(expected - found).max() < F32_TOLERANCE
    assert (by_torch.device, by_torch.precision, openvino.device, openvino.precision) == ("cpu", "f32", "cpu", "f32")
    assert by_torch.name.startswith("torch 2.")
    assert openvino.name.startswith("openvino 20")


def test_a_resnet_reads_the_same_colors_by_table() -> None:
    from histo.network.openvino_engine import OpenVinoEngine
    from histo.network.torch_engine import TorchEngine

    torch.manual_seed(6)
    network, rgb = MuscleNet(encoder="resnet18").eval(), tile(64, 96)
    expected = TorchEngine(network, "cpu", "f32").run(rgb)
    assert np.abs(OpenVinoEngine(network, "f32", 1).run(rgb) - expected).max() < F32_TOLERANCE
    assert np.abs(OpenVinoEngine(network, "f32", 1).run(255 - rgb) - expected).max() > F32_TOLERANCE


def test_folding_the_normalization_changes_nothing_that_matters(bundle: Bundle) -> None:
    from histo.network.model import activate

    rgb = tile(64, 64)
    with torch.no_grad():
        plain = activate(bundle.network()(torch.from_numpy(rgb.transpose(2, 0, 1).copy())[None]))[0].numpy()
    folded = make_engine(bundle, device="cpu", kind="torch").run(rgb)
    assert np.abs(plain - folded).max() < F32_TOLERANCE


def test_bf16_stays_near_f32(bundle: Bundle) -> None:
    rgb = tile(96, 96)
    exact = make_engine(bundle, device="cpu", kind="torch").run(rgb)
    engine = make_engine(bundle, device="cpu", kind="torch", precision="bf16")
    assert engine.precision == "bf16"
    difference = np.abs(engine.run(rgb) - exact).max()
    assert 0 < difference < BF16_TOLERANCE


def test_openvino_never_pretends_a_precision(bundle: Bundle) -> None:
    """On a CPU without bf16 it must refuse; on one with it, it must truly compute in it."""
    try:
        engine = make_engine(bundle, device="cpu", kind="openvino", precision="bf16")
    except EngineError as error:
        assert str(error) == ("precision bf16: OpenVINO does not compute in it on this CPU; use --precision f32")
        return
    rgb = tile(96, 96)
    exact = make_engine(bundle, device="cpu", kind="openvino").run(rgb)
    assert 0 < np.abs(engine.run(rgb) - exact).max() < BF16_TOLERANCE


def test_a_new_shape_is_taken_and_the_old_one_still_gives_the_same(openvino: Engine) -> None:
    first = openvino.run(tile(64, 64))
    assert openvino.run(tile(32, 96)).shape == (layout.CHANNELS, 16, 48)
    again = openvino.run(tile(64, 64))
    np.testing.assert_array_equal(first, again)
    assert first.flags.writeable
    assert not np.shares_memory(first, again)


def test_after_a_rest_the_maps_are_the_same(bundle: Bundle, openvino: Engine) -> None:
    rgb = np.random.default_rng(5).integers(0, 256, (64, 96, 3), np.uint8)
    for engine in (openvino, make_engine(bundle, kind="torch")):
        before = engine.run(rgb)
        engine.rest()
        np.testing.assert_array_equal(engine.run(rgb), before)


def test_the_number_of_threads_changes_nothing(bundle: Bundle, openvino: Engine) -> None:
    rgb = tile(96, 96)
    two = make_engine(bundle, device="cpu", kind="openvino", threads=2)
    np.testing.assert_array_equal(openvino.run(rgb), two.run(rgb))


@pytest.mark.usefixtures("keep_threads")
def test_torch_takes_the_threads_it_is_given(bundle: Bundle) -> None:
    make_engine(bundle, device="cpu", kind="torch", threads=1)
    assert torch.get_num_threads() == 1


def test_calls_from_several_threads_do_not_mix(openvino: Engine) -> None:
    tiles = [tile(64, 64, seed) for seed in range(4)]
    expected = [openvino.run(rgb) for rgb in tiles]
    found: dict[int, np.ndarray] = {}
    workers = [threading.Thread(target=lambda n=n: found.update({n: openvino.run(tiles[n])})) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for number, maps in enumerate(expected):
        np.testing.assert_array_equal(found[number], maps)


def test_the_default_is_f32_on_the_fastest_that_is_there(bundle: Bundle) -> None:
    engine = make_engine(bundle)
    assert engine.precision == "f32"
    assert engine.name.split()[0] == ("torch" if torch.cuda.is_available() else "openvino")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "openvino", "threads": 0}, "threads 0: at least 1 is needed; give a positive number"),
        (
            {"device": "cuda"},
            f"device cuda: torch {torch.__version__} sees no usable CUDA GPU; use --device cpu",
        ),
    ],
)
def test_what_is_not_to_be_had_is_refused(
    bundle: Bundle, arguments: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(EngineError) as caught:
        make_engine(bundle, **arguments)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_openvino_on_cuda_is_refused(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(EngineError, match="engine openvino: runs on the CPU only"):
        make_engine(bundle, device="cuda", kind="openvino")


@pytest.mark.parametrize(
    ("rgb", "message"),
    [
        (np.zeros((64, 64, 4), np.uint8), r"uint8 of \(H, W, 3\), not uint8 of \(64, 64, 4\)"),
        (np.zeros((64, 64, 3), np.float32), "not float32"),
        (np.zeros((0, 64, 3), np.uint8), "of \\(0, 64, 3\\)"),
        (np.zeros((64, 60, 3), np.uint8), "multiples of 16, not 60 x 64"),
    ],
)
def test_a_tile_of_another_form_is_refused(openvino: Engine, rgb: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        openvino.run(rgb)


def test_a_process_whose_engines_are_gone_still_hears_a_signal() -> None:
    """Ctrl-C ended such a process by a segmentation fault, where the CPU has AMX."""
    script = (
        "import gc, signal\n"
        "from histo.network import MuscleNet\n"
        "from histo.network.openvino_engine import OpenVinoEngine\n"
        "network = MuscleNet((8, 8, 8, 8)).eval()\n"
        "engines = [OpenVinoEngine(network, 'f32') for _ in range(2)]\n"
        "while engines:\n"
        "    engines.pop(0)\n"
        "    gc.collect()\n"
        "signal.signal(signal.SIGINT, lambda *_: print('heard'))\n"
        "signal.raise_signal(signal.SIGINT)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "heard\n"), done.stderr


def test_openvino_reports_to_nobody() -> None:
    script = (
        "import sys, torch, histo.network.openvino_engine as engine\n"
        "from histo.network import MuscleNet\n"
        "engine.OpenVinoEngine(MuscleNet((4, 8, 8, 16)).eval(), 'f32')\n"
        "assert 'openvino.tools.ovc.telemetry_stub' in sys.modules\n"
        "assert not any(name.startswith('openvino_telemetry') for name in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
@pytest.mark.parametrize(("precision", "tolerance"), [("f32", F32_TOLERANCE), ("bf16", BF16_TOLERANCE)])
def test_cuda_agrees_with_the_cpu(bundle: Bundle, openvino: Engine, precision: str, tolerance: float) -> None:
    rgb = tile(96, 160)
    engine = make_engine(bundle, device="cuda", precision=precision)  # type: ignore[arg-type]
    assert engine.device == "cuda"
    assert np.abs(engine.run(rgb) - openvino.run(rgb)).max() < tolerance
