"""A bundle: trained weights with their card, in a folder. No pickle is ever loaded."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from histo.errors import BundleError, OutputError
from histo.network.card import Card
from histo.network.card_file import card_from_json, card_to_json
from histo.network.model import MuscleNet

DEFAULT_BUNDLE = Path(__file__).parent / "default_bundle"
"""The bundle that ships in the package."""

CARD_FILE = "card.json"
WEIGHTS_FILE = "weights.safetensors"
COMPANIONS = ("distribution.json",)
"""What else a bundle's folder may hold: each names the weights it belongs to, and stays when a card is rewritten."""

ERRORS_FILE = "detector-errors.json"
"""What a laboratory has measured of these weights and thresholds."""

OF_FINDINGS = (ERRORS_FILE, "error_model.json", "pattern.json")
"""Further companions, which speak of what weights and operating points find together: they go where either changes."""

_LARGEST_CARD_BYTES = 4 << 20
_LARGEST_WEIGHTS_BYTES = 2 << 30


@dataclass(frozen=True, eq=False)
class Bundle:
    """Weights and their card, checked against each other.

    Attributes:
        folder: Where it was read.
        card: What it is.
        weights: The network's state, by name.
        sha256: Identity of the whole bundle: the digest of its card, which holds the digest of the weights.
    """

    folder: Path
    card: Card
    weights: Mapping[str, Tensor]
    sha256: str

    def network(self) -> MuscleNet:
        """A new network with these weights, in evaluation mode.

        Raises:
            BundleError: If the weights are not those of the network that the card names.
        """
        network = MuscleNet(self.card.channels, self.card.encoder)
        try:
            network.load_state_dict(self.weights)
        except RuntimeError as error:
            problem = f"the weights do not fit the network of the card ({' '.join(str(error).split())[:200]})"
            raise BundleError(self.folder / WEIGHTS_FILE, problem, "export the bundle again") from error
        return network.eval()


def load_bundle(path: Path | None = None) -> Bundle:
    """Read and check a bundle.

    Args:
        path: Its folder; None for the default bundle that ships in the package.

    Returns:
        The bundle, its weights verified by digest.

    Raises:
        BundleError: If a file is missing, damaged, or does not belong to the other.
    """
    folder = DEFAULT_BUNDLE if path is None else Path(path)
    remedy = (
        "train and export it with `python -m train fit` and `python -m train export`"
        if path is None
        else f"give a folder that holds {CARD_FILE} and {WEIGHTS_FILE}"
    )
    if not folder.is_dir():
        kind = "the default bundle is not there" if path is None else "is not a folder"
        raise BundleError(folder, kind, remedy)
    card_bytes = _content(folder / CARD_FILE, _LARGEST_CARD_BYTES, remedy)
    try:
        text = card_bytes.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleError(folder / CARD_FILE, "is not UTF-8 text", "copy the bundle again from its source") from error
    card = card_from_json(text, folder / CARD_FILE)
    weights_bytes = _content(folder / WEIGHTS_FILE, _LARGEST_WEIGHTS_BYTES, remedy)
    digest = hashlib.sha256(weights_bytes).hexdigest()
    if digest != card.weights_sha256:
        problem = f"has sha256 {digest[:12]}..., the card expects {card.weights_sha256[:12] or 'none'}..."
        raise BundleError(folder / WEIGHTS_FILE, problem, "copy both files again from one source")
    try:
        weights = safetensors.torch.load(weights_bytes)
    except SafetensorError as error:
        raise BundleError(folder / WEIGHTS_FILE, f"is not a safetensors file ({error})", remedy) from error
    for name, tensor in weights.items():
        if not torch.isfinite(tensor).all():
            raise BundleError(folder / WEIGHTS_FILE, f"{name} holds numbers that are not finite", "train again")
    return Bundle(folder=folder, card=card, weights=weights, sha256=hashlib.sha256(card_bytes).hexdigest())


def save_bundle(folder: Path, state_dict: Mapping[str, Tensor], card: Card) -> Bundle:
    """Write a bundle, whole or not at all; one that is there already is replaced.

    Args:
        folder: Where; its parent must exist.
        state_dict: The network's state.
        card: Its card; the digest of the weights is filled in here.

    Returns:
        The bundle, read back and checked.

    Raises:
        OutputError: If the folder cannot be written, or holds something that is not a bundle.
        BundleError: If what was given does not make a bundle that can be loaded.
    """
    folder = Path(folder)
    if folder.exists() and not (folder / CARD_FILE).is_file():
        raise OutputError(folder, "exists and is not a bundle", "give another folder")
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in state_dict.items()}
    weights_bytes = safetensors.torch.save(weights)
    card = replace(card, weights_sha256=hashlib.sha256(weights_bytes).hexdigest())
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise OutputError(folder, f"cannot be written ({error.strerror})", "give a writable place") from error
    try:
        _write(draft / WEIGHTS_FILE, weights_bytes)
        _write(draft / CARD_FILE, card_to_json(card).encode("utf-8"))
        for companion in (*COMPANIONS, *(OF_FINDINGS if _finds_the_same(folder, card) else ())):
            if (folder / companion).is_file():
                _write(draft / companion, (folder / companion).read_bytes())
        load_bundle(draft).network()
        draft.chmod(0o755)
        _exchange(draft, folder)
    except OSError as error:
        raise OutputError(folder, f"cannot be written ({error.strerror})", "free space or mend permissions") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return load_bundle(folder)


def _finds_the_same(folder: Path, card: Card) -> bool:
    """Whether a bundle is there already that finds exactly what one with this card will find."""
    if not folder.exists():
        return False
    try:
        before = card_from_json((folder / CARD_FILE).read_text(encoding="utf-8"), folder / CARD_FILE)
    except (BundleError, UnicodeDecodeError):
        return False  # a damaged bundle is replaced
    return (before.weights_sha256, before.operating_points) == (card.weights_sha256, card.operating_points)


def _content(file: Path, limit_bytes: int, remedy: str) -> bytes:
    try:
        size = file.stat().st_size
        if size > limit_bytes:
            raise BundleError(file, f"is {size} bytes, at most {limit_bytes} are allowed", "check where it comes from")
        return file.read_bytes()
    except OSError as error:
        raise BundleError(file, f"cannot be read ({error.strerror})", remedy) from error


def _exchange(draft: Path, folder: Path) -> None:
    """Put the draft in the folder's place; what was there before comes back if that fails."""
    if not folder.exists():
        draft.rename(folder)
        return
    before = draft.with_name(f"{draft.name}.before")
    folder.rename(before)
    try:
        draft.rename(folder)
    except OSError:
        before.rename(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)


def _write(file: Path, content: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
