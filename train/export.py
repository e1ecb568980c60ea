"""From a checkpoint to a bundle that `histo read` uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml  # type: ignore[import-untyped]
from numpy.typing import NDArray

from histo.errors import BundleError
from histo.network import ALIGNMENT_WPX, Bundle, Card, MuscleNet, activate, load_bundle, make_engine, save_bundle
from histo.network.encoder import COMPACT, ENCODERS
from histo.network.engine import F32_TOLERANCE
from histo.network.operating import OperatingPoints
from histo.records.atomic import make_folder
from train.field_store import load_field, stored_fields
from train.trained_data import after, recognizable, tell_data

INTENDED_USE = (
    "Research use only. Finds muscle fibers, nuclei and compartments on H&E cross-sections of skeletal muscle, so that "
    "a biopsy's pattern can be named and checked by a pathologist. A pattern, not a diagnosis."
)
LICENSE = "Apache-2.0"
"""Of the weights, where nobody says otherwise: that of the default bundle."""

_PREFIX = "network."
_CHECKED_WPX = 256
"""Width and height, at most, of the piece of a field that is read again for the check."""


def export_bundle(
    checkpoint: Path,
    recipe: Path,
    folder: Path,
    name: str,
    version: str,
    simulated: bool = False,
    terms: str = LICENSE,
) -> Bundle:
    """Write a bundle with the averaged weights of a checkpoint, and a card that has no figures yet.

    Args:
        checkpoint: Of `python -m train fit`.
        recipe: The recipe that it was made by, as the card names it; what was truly used is read beside the checkpoint.
        folder: Where the bundle goes.
        name: Of the bundle.
        version: Of the bundle.
        simulated: Whether slides that fields were cut from show phantoms: then the card says so.
        terms: License of the weights.

    Returns:
        The bundle, read back and checked: it gives the checkpoint's maps of a training field.

    Raises:
        FileNotFoundError: If the training's settings or fields are not there.
        BundleError: If the checkpoint cannot be read, or what was written does not give the checkpoint's maps.
        OutputError: If the bundle cannot be written.
    """
    state = _read_checkpoint(checkpoint)
    settings = _settings_beside(checkpoint)
    weights = {key.removeprefix(_PREFIX): value for key, value in state["state_dict"].items()}
    encoder = state.get("encoder", COMPACT)
    folders = _folders_of(settings["data"])
    steps, processes = int(state["global_step"]), int(state.get("processes", 1))
    data = tell_data(settings, folders, recipe, steps, processes, simulated)
    begun_with = settings["model"].get("start_from")
    before = None if begun_with is None else load_bundle(Path(begun_with))
    if before is not None:
        data = after(before, data)
    card = Card(
        name=name,
        version=version,
        training=data.training,
        phantom_metrics={},
        real_metrics={},
        intended_use=INTENDED_USE,
        limits=data.limits,
        license=terms,
        encoder=encoder,
        channels=tuple(state["channels"]),
        halo_wpx=ENCODERS[encoder].halo_wpx,
        operating_points=OperatingPoints() if before is None else before.card.operating_points,
        **recognizable(data, before),
    )
    make_folder(folder.parent)
    bundle = save_bundle(folder, weights, card)
    network = MuscleNet(card.channels, encoder)
    network.load_state_dict(weights)
    check_bundle(bundle, network, load_field(stored_fields(folders[0] / "train")[0]).rgb)
    return bundle


def check_bundle(bundle: Bundle, network: MuscleNet, rgb: NDArray[np.uint8]) -> None:
    """Read a piece of a field with a bundle as `histo read` does, and with the network it was made of.

    Args:
        bundle: What was written.
        network: What it should be.
        rgb: (H, W, 3), at 0.5 um/px, at least 16 wide and high.

    Raises:
        BundleError: If their maps differ by more than engines may.
    """
    height, width = (min(side, _CHECKED_WPX) // ALIGNMENT_WPX * ALIGNMENT_WPX for side in rgb.shape[:2])
    piece = np.ascontiguousarray(rgb[:height, :width])
    with torch.inference_mode():
        expected = activate(network.eval()(torch.from_numpy(piece).permute(2, 0, 1)[None]))[0].numpy()
    difference = float(np.abs(make_engine(bundle).run(piece) - expected).max())
    if not difference <= F32_TOLERANCE:
        problem = f"its maps differ from the checkpoint's by {difference:.2g}, at most {F32_TOLERANCE:g} is allowed"
        raise BundleError(bundle.folder, problem, "run `histo doctor`, then export it again")


def _read_checkpoint(checkpoint: Path) -> dict[str, Any]:
    remedy = "name one that `python -m train fit` wrote"
    if not checkpoint.is_file():
        raise BundleError(checkpoint, "there is no such checkpoint", remedy)
    try:
        state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise BundleError(checkpoint, f"cannot be read ({error.strerror})", "allow it to be read") from error
    except Exception as error:  # the unpickler raises whatever the bytes lead it to
        raise BundleError(checkpoint, "is no checkpoint, or a damaged one", remedy) from error
    if not isinstance(state, dict) or not {"state_dict", "channels", "global_step"} <= state.keys():
        raise BundleError(checkpoint, "is a checkpoint of something else", remedy)
    return state


def _folders_of(data: dict[str, Any]) -> list[Path]:
    """The folders of fields that a training took crops from."""
    mixed = data.get("phantoms") and data["phantom_share"] > 0
    return [Path(data[name]) for name in (("fields", "phantoms") if mixed else ("fields",))]


def _settings_beside(checkpoint: Path) -> dict[str, Any]:
    """Every setting of the training's latest start, as Lightning keeps them beside its figures."""
    starts = sorted(checkpoint.parent.glob("figures/version_*/config.yaml"), key=lambda path: path.stat().st_mtime)
    if not starts:
        raise FileNotFoundError(
            f"{checkpoint}: the settings of its training are not beside it; export it where it lies"
        )
    settings: dict[str, Any] = yaml.safe_load(starts[-1].read_text(encoding="utf-8"))
    return settings
