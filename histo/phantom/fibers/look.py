"""How a fiber looks beyond its class, its attributes and its stage."""

from __future__ import annotations

from enum import IntEnum


class FiberLook(IntEnum):
    """A look that a disease gives to single fibers."""

    PLAIN = 0
    LIPID = 1
    GLYCOGEN = 2
    GRANULAR_RIM = 3
    EATEN_INTO = 4
    """Hyaline sarcoplasm that macrophages dig into from the rim: smooth and dark to the edge of their holes."""
