"""Crops of stored fields, drawn by need, with the targets that the network should answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from histo.findings import CellClass, FiberAttribute, FiberClass
from histo.network import encode_targets
from histo.network.layout import STRIDE
from histo.phantom.truth import FieldTruth
from train.augment import PoseRange, draw_pose, train_look
from train.field_store import load_field, load_objects, stored_fields

Sample = dict[str, NDArray[np.generic]]
"""One training example, by name; see `sample_of`."""

SMALLEST_FIBER_UM2 = 300.0
"""Smaller pieces of fibers weigh by their area, so that a sliver at a crop's edge does not count as a whole fiber."""

_TRUTH_MARGIN_WPX = 32


@dataclass(frozen=True)
class Needs:
    """What crops are centered on, so that rare findings are seen.

    Attributes:
        probability: Share of crops that are centered on something; the others lie anywhere.
        weights: How often each kind is asked for, relative to the others; names of fiber classes, attributes and cell
            classes, in lower case.
    """

    probability: float = 0.6
    weights: Mapping[str, float] = field(
        default_factory=lambda: {
            "regenerating": 2.0,
            "necrotic_pale": 2.0,
            "necrotic_hyaline": 2.0,
            "myophagocytosis": 2.0,
            "internal_nucleus": 0.5,
            "invasion_candidate": 1.0,
            "vacuolated": 1.0,
            "opaque": 1.0,
            "oblique": 0.5,
            "remnant": 1.0,
            "lymphocyte": 1.0,
            "macrophage": 1.0,
        }
    )

    def __post_init__(self) -> None:
        """Refuse names that mean nothing."""
        known = {member.name.lower() for kind in (FiberClass, FiberAttribute, CellClass) for member in kind}
        if unknown := sorted(set(self.weights) - known):
            raise ValueError(f"unknown needs {', '.join(unknown)}; known are {', '.join(sorted(known))}")


class NeedIndex:
    """Where everything that may be needed lies in a set of fields.

    Args:
        paths: Stored fields.
    """

    def __init__(self, paths: tuple[Path, ...]) -> None:
        """Read the objects of every field, not its pixels."""
        places: dict[str, list[NDArray[np.float32]]] = {}
        for number, path in enumerate(paths):
            objects = load_objects(path)
            found = {kind.name: objects.fiber_center_px[objects.fiber_class == kind] for kind in FiberClass}
            found |= {kind.name: objects.fiber_center_px[objects.fiber_attributes[:, kind]] for kind in FiberAttribute}
            found |= {kind.name: objects.cell_center_px[objects.cell_class == kind] for kind in CellClass}
            for name, centers in found.items():
                row = np.insert(centers.astype(np.float32), 0, number, axis=1)
                places.setdefault(name.lower(), []).append(row)
        self.places = {name: np.concatenate(rows) for name, rows in places.items()}

    def draw(self, rng: np.random.Generator, needs: Needs) -> tuple[int, NDArray[np.float32]] | None:
        """A field's number and the (x, y) of something needed in it; None if nothing is asked for now."""
        if rng.random() >= needs.probability:
            return None
        names = [name for name, weight in needs.weights.items() if weight > 0 and len(self.places[name])]
        if not names:
            return None
        weights = np.array([needs.weights[name] for name in names])
        rows = self.places[str(rng.choice(names, p=weights / weights.sum()))]
        row = rows[rng.integers(len(rows))]
        return int(row[0]), row[1:]


def sample_of(rgb: NDArray[np.uint8], truth: FieldTruth, margin_wpx: int = 0) -> Sample:
    """Pixels and targets as the losses take them.

    Args:
        rgb: (H, W, 3) uint8.
        truth: Wider than the pixels by the margin on every side.
        margin_wpx: A multiple of 2.

    Returns:
        `rgb` (H, W, 3) uint8 and, at 1 um/px: `distance`, `boundary` float32, `fiber_class` uint8 (`IGNORE` outside
        fibers), `fiber_weight` float32 (a whole fiber's pixels sum to 1), `attributes` (6, h, w) bool, `cells`
        (4, h, w) float32, `compartments` uint8 (`IGNORE` where not known), `fibers_known` bool, `cells_known`
        (4, h, w) bool; and `attributes_known` (6,) bool.
    """
    targets = encode_targets(truth)
    margin = margin_wpx // STRIDE
    keep = np.s_[..., margin : targets.fiber_class.shape[0] - margin, margin : targets.fiber_class.shape[1] - margin]
    area = np.bincount(targets.fiber_labels.ravel(), minlength=len(truth.fiber_class))
    weight = (1 / np.maximum(area, SMALLEST_FIBER_UM2)).astype(np.float32)
    weight[0] = 0
    return {
        "rgb": rgb,
        "distance": targets.distance[keep].copy(),
        "boundary": targets.boundary[keep].copy(),
        "fiber_class": targets.fiber_class[keep].copy(),
        "fiber_weight": weight[targets.fiber_labels[keep]],
        "attributes": targets.attributes[keep].copy(),
        "cells": targets.cells[keep].copy(),
        "compartments": targets.compartments[keep].copy(),
        "fibers_known": targets.fibers_known[keep].copy(),
        "cells_known": targets.cells_known[keep].copy(),
        "attributes_known": targets.attributes_known.copy(),
    }


class CropDataset(Dataset[Sample]):
    """Endless augmented crops.

    Crop i depends on the seed and i alone, so a training that was broken off goes on as if it had not been.

    Args:
        folder: Of stored fields.
        crop_wpx: Width and height, a multiple of 16.
        seed: Of all chance.
        needs: What to look for.
        reach: How far geometry may go.
    """

    def __init__(self, folder: Path, crop_wpx: int, seed: int, needs: Needs, reach: PoseRange) -> None:
        """Index the fields."""
        self.paths = stored_fields(folder)
        self.crop_wpx, self.seed, self.needs, self.reach = crop_wpx, seed, needs, reach
        self.index = NeedIndex(self.paths)
        self.look = train_look()

    def __getitem__(self, number: int) -> Sample:
        """Crop `number`."""
        cv2.setNumThreads(1)
        rng = np.random.default_rng([self.seed, number])
        place = self.index.draw(rng, self.needs)
        path = self.paths[place[0] if place else int(rng.integers(len(self.paths)))]
        stored = load_field(path)
        shape = stored.rgb.shape[:2]
        jitter = rng.uniform(-0.25, 0.25, 2) * self.crop_wpx
        wish = place[1] + jitter if place else _anywhere(rng, stored.truth)
        pose = draw_pose(rng, self.reach, self.crop_wpx, (shape[0], shape[1]), wish)
        crop = pose.take(stored, self.crop_wpx, _TRUTH_MARGIN_WPX)
        self.look.set_random_seed(int(rng.integers(2**31)))
        return sample_of(self.look(image=crop.rgb)["image"], crop.truth, _TRUTH_MARGIN_WPX)


def _anywhere(rng: np.random.Generator, truth: FieldTruth) -> NDArray[np.float64]:
    """(2,) x and y of any place in the field; of a field that is known in part, of any known place."""
    if truth.fibers_known is None or not truth.fibers_known.any():
        return rng.uniform(0, 1, 2) * truth.fiber_labels.shape[::-1]
    places = np.flatnonzero(truth.fibers_known)
    row, column = divmod(int(places[rng.integers(len(places))]), truth.fibers_known.shape[1])
    return np.array([column + 0.5, row + 0.5])


class MixedCrops(Dataset[Sample]):
    """Crops of slides and of phantoms in a stated proportion.

    Which of the two crop i is of depends on the seed and i alone, and so does the crop.

    Args:
        slides: Crops of real slides.
        phantoms: Crops of phantoms.
        phantom_share: Share of the crops that are of phantoms, 0 to 1.
        seed: Of the choice.

    Raises:
        ValueError: If the share is no share.
    """

    def __init__(self, slides: CropDataset, phantoms: CropDataset, phantom_share: float, seed: int) -> None:
        """Keep both."""
        if not 0 <= phantom_share <= 1:
            raise ValueError(f"the share of phantoms must be 0 to 1, not {phantom_share}")
        self.slides, self.phantoms, self.phantom_share, self.seed = slides, phantoms, phantom_share, seed

    def is_phantom(self, number: int) -> bool:
        """Whether crop `number` is of a phantom."""
        return bool(np.random.default_rng([self.seed, number, 1]).random() < self.phantom_share)

    def __getitem__(self, number: int) -> Sample:
        """Crop `number`."""
        return (self.phantoms if self.is_phantom(number) else self.slides)[number]


class WholeFieldDataset(Dataset[Sample]):
    """Whole fields as they were drawn, for validation.

    Args:
        folder: Of stored fields.
        limit: How many of them to use at most.
    """

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        """List the fields."""
        self.paths = stored_fields(folder)[:limit]

    def __len__(self) -> int:
        """Number of fields."""
        return len(self.paths)

    def __getitem__(self, number: int) -> Sample:
        """Field `number`."""
        field = load_field(self.paths[number])
        return sample_of(field.rgb, field.truth)
