"""From a checkpoint to a bundle that `histo read` uses."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
import yaml  # type: ignore[import-untyped]

from histo.network import Bundle, Card, Training, load_bundle, save_bundle
from train.field_store import digest_of, seed_of, stored_fields

INTENDED_USE = (
    "Research use only. Finds muscle fibers, nuclei and compartments on H&E cross-sections of skeletal muscle, so that "
    "a biopsy's pattern can be named and checked by a pathologist. A pattern, not a diagnosis."
)
LIMITS = (
    "Trained on digital phantoms alone: no patient's slide, and no pathologist's label, was used.",
    "Accuracy for patients has not been measured.",
    "Subtypes of necrosis were not judged on real images, because no ground truth exists.",
    "The lineage of a nucleus on H&E is a likeness, not a proof.",
    "Operating points were chosen on phantoms from validation seeds.",
)
_PREFIX = "network."


def export_bundle(checkpoint: Path, recipe: Path, folder: Path, name: str, version: str) -> Bundle:
    """Write a bundle with the averaged weights of a checkpoint, and a card that has no figures yet.

    Args:
        checkpoint: Of `python -m train fit`.
        recipe: The recipe that it was made by, as the card names it; what was truly used is read beside the checkpoint.
        folder: Where the bundle goes.
        name: Of the bundle.
        version: Of the bundle.

    Returns:
        The bundle, read back and checked.
    """
    state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    settings = _settings_beside(checkpoint)
    weights = {key.removeprefix(_PREFIX): value for key, value in state["state_dict"].items()}
    card = Card(
        name=name,
        version=version,
        training=_training_of(settings, recipe, int(state["global_step"])),
        phantom_metrics={},
        real_metrics={},
        intended_use=INTENDED_USE,
        limits=LIMITS,
        license="Apache-2.0",
        channels=tuple(state["channels"]),
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    return save_bundle(folder, weights, card)


def _training_of(settings: dict[str, Any], recipe: Path, steps: int) -> Training:
    """Where the weights come from; a training that began with a bundle's weights tells of that one's too."""
    data = settings["data"]
    fields = Path(data["fields"]) / "train"
    paths = stored_fields(fields)
    this = Training(
        data=(
            f"Digital phantoms only: {len(paths)} fields drawn by histo.phantom from seeds {seed_of(paths[0])} to "
            f"{seed_of(paths[-1])}; {steps} steps of {data['batch_size']} augmented crops of {data['crop_wpx']} px at "
            f"0.5 um/px."
        ),
        data_sha256=digest_of(fields),
        recipe=f"python -m train fit --config {recipe.as_posix()}",
        seeds=(int(settings["seed_everything"]), int(data["seed"])),
    )
    begun_with = settings["model"].get("start_from")
    if begun_with is None:
        return this
    before = load_bundle(Path(begun_with)).card.training
    return Training(
        data=f"{before.data} Then: {this.data}",
        data_sha256=hashlib.sha256(f"{before.data_sha256}\n{this.data_sha256}\n".encode()).hexdigest(),
        recipe=f"{before.recipe}; then {this.recipe}",
        seeds=(*before.seeds, *this.seeds),
    )


def _settings_beside(checkpoint: Path) -> dict[str, Any]:
    """Every setting of the training's latest start, as Lightning keeps them beside its figures."""
    starts = sorted(checkpoint.parent.glob("figures/version_*/config.yaml"), key=lambda path: path.stat().st_mtime)
    if not starts:
        raise FileNotFoundError(
            f"{checkpoint}: the settings of its training are not beside it; export it where it lies"
        )
    settings: dict[str, Any] = yaml.safe_load(starts[-1].read_text(encoding="utf-8"))
    return settings
