"""The neutral form between a tool's file and its meaning: shapes with the tool's own class names, in level-0 pixels."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.geometry import Mpp, Size

Points = NDArray[np.float64]
"""(N, 2) x and y."""

FARTHEST_PX = 1e8
"""A slide has at most some hundred thousand pixels a side; what lies beyond this is no place on one."""

_ELLIPSE_VERTICES = 96


class Damaged(Exception):
    """Something in the file is not as its format says; the message names the place. Becomes an `AnnotationBroken`."""


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """One object that somebody has drawn. Frame: the pixels of `DrawnFile.frame_px`, or level-0 pixels.

    Attributes:
        class_name: As the tool has it; empty for an object without a class.
        shape: A polygon, point or line, or several of a kind; as it was drawn, so perhaps not valid, or empty.
        place: Where it stands in the file, for messages: `feature 12`.
        nucleus: A cell's nucleus, where the tool has one.
    """

    class_name: str
    shape: shapely.Geometry
    place: str
    nucleus: shapely.Geometry | None = None


@dataclass(frozen=True, eq=False, slots=True)
class DrawnFile:
    """All objects of a file.

    Attributes:
        format: The format in words.
        objects: In the order of the file.
        frame_px: Size of the picture that was drawn on, where the file tells it; level 0 if None.
        mpp: Scale that the file tells, if any.
    """

    format: str
    objects: tuple[Drawn, ...]
    frame_px: Size | None = None
    mpp: Mpp | None = None


def class_name(text: str) -> str:
    """A name as one line of text that can be written to a file."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def points_of(values: object, place: str) -> Points:
    """(N, 2) float64 from nested lists of numbers, or an array.

    A third number of each point (a height, which GeoJSON allows) is left out.

    Raises:
        Damaged: If the nesting is wrong, a value is no number, not finite, or no place on a slide.
    """
    if isinstance(values, list) and not values:
        return np.zeros((0, 2))
    try:
        array = np.asarray(values)
    except ValueError:
        raise Damaged(f"the points of {place} are not nested as pairs of numbers") from None
    if array.ndim != 2 or array.shape[1] not in (2, 3) or array.dtype.kind not in "iuf":
        raise Damaged(f"the points of {place} are not pairs of numbers")
    points = array[:, :2].astype(np.float64)
    if not np.all(np.isfinite(points)):
        raise Damaged(f"a point of {place} is not finite")
    if np.any(np.abs(points) > FARTHEST_PX):
        raise Damaged(f"a point of {place} lies at {np.abs(points).max():.3g} px, on no slide")
    return points


def number(value: object, place: str) -> float:
    """A finite number from text or JSON.

    Raises:
        Damaged: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Damaged(f"{value!r} in {place} is not a number")
    try:
        result = float(value)
    except (ValueError, OverflowError):
        raise Damaged(f"{str(value)[:40]!r} in {place} is not a number") from None
    if not np.isfinite(result):
        raise Damaged(f"{str(value)[:40]!r} in {place} is not finite")
    return result


def polygon(shell: Points, holes: Sequence[Points] = ()) -> shapely.Polygon:
    """A polygon as it was drawn, closed; empty if it has fewer than 3 points."""
    if len(shell) < 3:
        return shapely.Polygon()
    return shapely.Polygon(shell, [hole for hole in holes if len(hole) >= 3])


def rectangle(points: Points) -> shapely.Polygon:
    """The box around the points; empty for fewer than 2."""
    return shapely.box(*points.min(axis=0), *points.max(axis=0)) if len(points) > 1 else shapely.Polygon()


def ellipse(points: Points) -> shapely.Polygon:
    """The ellipse in the box around the points; empty for fewer than 2."""
    if len(points) < 2:
        return shapely.Polygon()
    low, high = points.min(axis=0), points.max(axis=0)
    return turned_ellipse((low + high) / 2, (high - low) / 2, 0.0)


def turned_ellipse(center: Points, semi_axes: Points, angle: float) -> shapely.Polygon:
    """An ellipse with its first axis at an angle (radians) from x to y."""
    turn = np.linspace(0, 2 * np.pi, _ELLIPSE_VERTICES, endpoint=False)
    across = np.stack([np.cos(turn), np.sin(turn)], axis=1) * semi_axes
    cosine, sine = np.cos(angle), np.sin(angle)
    return shapely.Polygon(across @ np.array([[cosine, sine], [-sine, cosine]]) + center)


def even_odd(rings: Sequence[Points]) -> shapely.Geometry:
    """Rings without an order as one shape: what lies within an odd number of them, so that holes are holes."""
    shapes = [shapely.make_valid(polygon(ring)) for ring in rings]
    if len(shapes) == 1:
        return polygon(rings[0])
    return functools.reduce(shapely.symmetric_difference, shapes, shapely.Polygon())
