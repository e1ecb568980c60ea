"""Outlines as they were drawn, made valid: crossings are resolved, and what was changed is told with its area."""

from __future__ import annotations

from dataclasses import dataclass

import shapely

SPECK_SHARE = 0.05
"""Pieces smaller than this part of an object are slips of the hand, not pieces (C)."""

TOLD_SHARE = 0.001
"""A change of the area below this part is rounding, and not told."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A shape's polygons.

    Attributes:
        pieces: Valid polygons of positive area, the largest first; none where the shape has no area.
        change: What was done and the areas, without naming the object; empty if nothing was.
    """

    pieces: tuple[shapely.Polygon, ...]
    change: str = ""


def mend(shape: shapely.Geometry) -> Mended:
    """Make a drawn shape valid.

    Args:
        shape: In slide micrometers.

    Returns:
        Its pieces, and what was changed.
    """
    if shape.is_empty:
        return Mended((), "has no area")
    # `structure` fills the small loop where a hand-drawn outline runs over its own start; `linework` would cut it out.
    valid = shape if shape.is_valid else shapely.make_valid(shape, method="structure", keep_collapsed=False)
    pieces = _polygons(valid)
    if not pieces:
        return Mended((), "has no area")
    if shape.is_valid:
        return Mended(pieces)
    before, after = _drawn_area(shape), sum(piece.area for piece in pieces)
    told = f"crossed itself and was mended: {before:.1f} um2 before, {after:.1f} after"
    return Mended(pieces, told)


def without_specks(mended: Mended) -> Mended:
    """The same without pieces that are slips of the hand."""
    whole = sum(piece.area for piece in mended.pieces)
    kept = tuple(piece for piece in mended.pieces if piece.area >= SPECK_SHARE * whole)
    if len(kept) == len(mended.pieces):
        return mended
    lost = whole - sum(piece.area for piece in kept)
    if lost < TOLD_SHARE * whole:
        return Mended(kept, mended.change)
    told = f"lost its specks: {whole:.1f} um2 before, {whole - lost:.1f} after"
    return Mended(kept, f"{mended.change}, and {told}" if mended.change else told)


def _polygons(shape: shapely.Geometry) -> tuple[shapely.Polygon, ...]:
    """All polygons of positive area in a valid shape, however it nests them, the largest first."""
    if shape.geom_type == "Polygon":
        return (shape,) if shape.area > 0 else ()
    if shape.geom_type not in ("MultiPolygon", "GeometryCollection"):
        return ()
    found = [piece for part in shapely.get_parts(shape) for piece in _polygons(part)]
    return tuple(sorted(found, key=lambda piece: (-piece.area, piece.bounds)))


def _drawn_area(shape: shapely.Geometry) -> float:
    """Area by the drawn rings, as the tool would tell it."""
    return float(sum(part.area for part in shapely.get_parts(shape) if part.geom_type == "Polygon"))
