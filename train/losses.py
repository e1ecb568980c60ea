"""What the network is taught, map by map. All terms are means of order one, so their weights in a recipe compare.

Every mean is taken over what is known: a place that nobody drew neither teaches nor dilutes what was drawn elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from histo.findings import NECROTIC_CLASSES
from histo.network import IGNORE, layout

Batch = dict[str, Tensor]
"""A stack of samples: see `train.dataset.sample_of`."""

_FOCUS = 2.0
"""Exponent of the quality focal loss, as its paper has it."""


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts.

    Attributes:
        necrotic: How much more a pixel of a necrotic fiber counts in the three maps that outlines are made of: packed
            and cracked ones look like infiltrate, and would be cut to pieces.
        foreground: Binary cross-entropy and Dice of the fiber map.
        distance: Smooth L1 of the normalized distance, inside fibers.
        boundary: Binary cross-entropy of the border map.
        boundary_positive: How much more a border pixel counts than another.
        fiber_class: Cross-entropy of the class inside fibers; a whole fiber counts once, whatever its area.
        classes: Weight of each `FiberClass`; intact is common and is lowered.
        attributes: Binary cross-entropy of the attributes inside fibers, every fiber counting once.
        attribute_positive: How much more a present attribute counts than an absent one.
        cells: Quality focal loss of the nuclei.
        compartments: Cross-entropy of the compartment map.
        compartment_classes: Weight of each `Compartment`; small ones are raised. With all at 1 (fiber 0.6) vessels were
            hardly called: Dice 0.08 on ordinary sections.
    """

    necrotic: float = 3.0
    foreground: float = 1.0
    distance: float = 2.0
    boundary: float = 1.0
    boundary_positive: float = 2.0
    fiber_class: float = 1.0
    classes: tuple[float, float, float, float, float] = (0.4, 1.0, 1.0, 1.0, 1.0)
    attributes: float = 1.0
    attribute_positive: float = 4.0
    cells: float = 1.0
    compartments: float = 1.0
    compartment_classes: tuple[float, float, float, float, float, float, float, float] = (
        1.5, 0.4, 1.0, 1.2, 2.5, 1.2, 1.8, 2.0,
    )  # fmt: skip


def loss_terms(logits: Tensor, batch: Batch, weights: LossWeights) -> dict[str, Tensor]:
    """Every weighted term, by name; training minimizes their sum.

    Args:
        logits: (B, 26, h, w) float, by `histo.network.layout`.
        batch: The targets.
        weights: How much each term counts.
    """
    fiber_class = batch["fiber_class"]
    inside = (fiber_class != IGNORE).to(logits.dtype)
    fiber_weight = batch["fiber_weight"]
    known, cells_known = batch["fibers_known"].to(logits.dtype), batch["cells_known"].to(logits.dtype)
    outlined = known * (1 + (weights.necrotic - 1) * _is_necrotic(fiber_class).to(logits.dtype))
    # split at once: going back through a slice of its own each would fill a third of the training's time with zeros
    outlines, classes, attributes, cells, compartments = torch.split(logits, list(_PARTS), dim=1)
    foreground, distance, boundary = outlines.unbind(dim=1)
    return {
        "foreground": weights.foreground * _foreground(foreground, inside, known, outlined),
        "distance": weights.distance * _distance(distance, batch["distance"], inside * outlined),
        "boundary": weights.boundary * _boundary(boundary, batch["boundary"], outlined, weights.boundary_positive),
        "fiber_class": weights.fiber_class * _fiber_class(classes, fiber_class, fiber_weight, weights.classes),
        "attributes": weights.attributes
        * _attributes(
            attributes,
            batch["attributes"].to(logits.dtype),
            fiber_weight[:, None] * batch["attributes_known"][:, :, None, None],
            weights.attribute_positive,
        ),
        "cells": weights.cells * _cells(cells, batch["cells"], cells_known),
        "compartments": weights.compartments
        * _compartments(compartments, batch["compartments"].long(), weights.compartment_classes),
    }


_PARTS = (layout.CLASSES.start, *(
    part.stop - part.start for part in (layout.CLASSES, layout.ATTRIBUTES, layout.CELLS, layout.COMPARTMENTS)
))  # fmt: skip
"""How many maps outlines, classes, attributes, cells and compartments have, in the layout's order."""


def _is_necrotic(fiber_class: Tensor) -> Tensor:
    return torch.isin(fiber_class, fiber_class.new_tensor([int(kind) for kind in sorted(NECROTIC_CLASSES)]))


def _foreground(logits: Tensor, inside: Tensor, known: Tensor, weight: Tensor) -> Tensor:
    probability = torch.sigmoid(logits) * known
    overlap = (probability * inside).sum()
    dice = 1 - (2 * overlap + 1) / (probability.sum() + (inside * known).sum() + 1)
    error = functional.binary_cross_entropy_with_logits(logits, inside, reduction="none")
    return (error * weight).sum() / weight.sum().clamp(min=1) + dice


def _distance(logits: Tensor, distance: Tensor, counted: Tensor) -> Tensor:
    error = functional.smooth_l1_loss(torch.sigmoid(logits), distance, reduction="none", beta=0.1)
    return (error * counted).sum() / counted.sum().clamp(min=1)


def _boundary(logits: Tensor, boundary: Tensor, outlined: Tensor, positive: float) -> Tensor:
    error = functional.binary_cross_entropy_with_logits(logits, boundary, reduction="none")
    weight = outlined * (1 + (positive - 1) * boundary)
    return (error * weight).sum() / weight.sum().clamp(min=1)


def _fiber_class(logits: Tensor, fiber_class: Tensor, fiber_weight: Tensor, classes: tuple[float, ...]) -> Tensor:
    by_class = logits.new_tensor(classes)
    codes = fiber_class.long()
    error = functional.cross_entropy(logits, codes, ignore_index=IGNORE, reduction="none")
    # a pixel outside fibers has no weight of its fiber, so which class it borrows here does not matter
    weight = fiber_weight * by_class[codes.clamp(max=len(classes) - 1)]
    return (error * weight).sum() / weight.sum().clamp(min=1e-6)


def _attributes(logits: Tensor, present: Tensor, weight: Tensor, positive: float) -> Tensor:
    error = functional.binary_cross_entropy_with_logits(
        logits, present, reduction="none", pos_weight=logits.new_tensor(positive)
    )
    return (error * weight).sum() / weight.sum().clamp(min=1e-6)


def _compartments(logits: Tensor, codes: Tensor, classes: tuple[float, ...]) -> Tensor:
    by_class = logits.new_tensor(classes)
    error = functional.cross_entropy(logits, codes, weight=by_class, ignore_index=IGNORE, reduction="sum")
    weight = by_class[codes.clamp(max=len(classes) - 1)] * (codes != IGNORE)
    return error / weight.sum().clamp(min=1e-6)


def _cells(logits: Tensor, cells: Tensor, known: Tensor) -> Tensor:
    """Quality focal loss (Li 2020, arXiv 2006.04388), for bumps of any height, per expected nucleus."""
    distance_to_truth = (torch.sigmoid(logits) - cells).abs().pow(_FOCUS)
    error = functional.binary_cross_entropy_with_logits(logits, cells, reduction="none")
    peaks = ((cells > _PEAK) * known).sum()
    return (distance_to_truth * error * known).sum() / peaks.clamp(min=1)


_PEAK = 0.8
"""Bumps are this high within about 1 um of their middle: a few pixels a nucleus, so that the mean is of order one."""
