"""The channels of the network's output, in one place.

The network maps (B, 3, H, W) uint8 RGB at 0.5 um/px to (B, 26, H / 2, W / 2): every map has a scale of 1 um/px
(`MAP_MPP`). Its `forward` gives logits for training; `activate` turns them into probabilities (and distances), and that
is what engines return.
"""

from __future__ import annotations

from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass
from histo.geometry import WORKING_MPP, Mpp

STRIDE = 2
"""Input pixels per map pixel."""

MAP_MPP = Mpp(WORKING_MPP.um_per_px * STRIDE)

FOREGROUND = 0
"""Probability of lying inside a fiber."""
DISTANCE = 1
"""Distance to the fiber's outline, divided by the fiber's largest such distance: 0 at the rim, 1 at the middle."""
BOUNDARY = 2
"""Probability of lying on a border between a fiber and anything else, another fiber included."""
CLASSES = slice(3, 3 + len(FiberClass))
"""Softmax over `FiberClass`; meaningful inside fibers."""
ATTRIBUTES = slice(CLASSES.stop, CLASSES.stop + len(FiberAttribute))
"""Sigmoid each over `FiberAttribute`; meaningful inside fibers."""
CELLS = slice(ATTRIBUTES.stop, ATTRIBUTES.stop + len(CellClass))
"""Sigmoid each over `CellClass`; a Gaussian bump of height 1 at every nucleus."""
COMPARTMENTS = slice(CELLS.stop, CELLS.stop + len(Compartment))
"""Softmax over `Compartment`."""
CHANNELS = COMPARTMENTS.stop
PARTS = (slice(0, CLASSES.start), CLASSES, slice(ATTRIBUTES.start, CELLS.stop), COMPARTMENTS)
"""All channels, cut where their activation changes: sigmoid, softmax, sigmoid, softmax."""
