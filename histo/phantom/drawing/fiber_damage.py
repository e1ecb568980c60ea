"""What is wrong with single fibers: cracks and retraction of hyaline ones, vacuoles, ragged rims, freezing cracks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES, FiberAttribute, FiberClass
from histo.phantom.chance import log_uniform
from histo.phantom.drawing.canvas import Plane
from histo.phantom.fibers import FiberLook
from histo.phantom.scene import Scene


def _fissure(
    ring: NDArray[np.float64], center: NDArray[np.float64], radius: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A jagged cleft that runs from the rim towards the other side."""
    start = ring[rng.integers(len(ring))]
    through = center + rng.normal(0, 0.3 * radius, 2)
    reach = rng.uniform(0.25, 1.9)
    along = np.linspace(0, reach, int(rng.integers(4, 9)))[:, None]
    path: NDArray[np.float64] = start + (through - start) * along
    path[1:] += rng.normal(0, 0.07 * radius, (len(path) - 1, 2))
    return path


def _notch(
    ring: NDArray[np.float64], center: NDArray[np.float64], radius: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A wedge that opens at the rim and ends in a point, a little crooked, as where cells eat into a hyaline fiber."""
    start = ring[rng.integers(len(ring))]
    inward = center - start + rng.normal(0, 0.4 * radius, 2)
    inward /= max(float(np.hypot(*inward)), 1e-6)
    across = np.array([-inward[1], inward[0]])
    depth, half = rng.uniform(0.15, 0.7) * radius, rng.uniform(0.02, 0.1) * radius + 0.7
    bend = rng.normal(0, 0.12) * depth * across
    outer = start - 2 * inward
    return np.stack([outer - half * across, start + 0.5 * depth * inward + bend - 0.4 * half * across,
                     start + depth * inward,
                     start + 0.5 * depth * inward + bend + 0.4 * half * across, outer + half * across])  # fmt: skip


def _burrow(
    ring: NDArray[np.float64], nucleus: NDArray[np.float64], room: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A crooked way from the nearest point of the rim to a macrophage that has dug itself in."""
    start = ring[np.argmin(np.hypot(*(ring - nucleus).T))]
    way = nucleus - start
    across = np.array([-way[1], way[0]]) / max(float(np.hypot(*way)), 1e-6)
    half = room * rng.uniform(0.15, 0.8)
    bend = across * rng.normal(0, 0.3) * room
    return np.stack([start - 0.4 * way - half * across, start + 0.5 * way + bend - 0.7 * half * across,
                     nucleus - 0.6 * room * across, nucleus + 0.6 * room * across,
                     start + 0.5 * way + bend + 0.7 * half * across, start - 0.4 * way + half * across])  # fmt: skip


def _width(radius: float, rng: np.random.Generator) -> int:
    return max(1, round(radius * log_uniform(rng, 0.01, 0.11)))


def is_damaged(scene: Scene, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(R,) bool, which of these fibers `paint_damage` has something to draw in."""
    necrotic = np.isin(scene.fiber_class[rows], NECROTIC_CLASSES)
    vacuolated = scene.fiber_attributes[rows, FiberAttribute.VACUOLATED]
    damaged: NDArray[np.bool_] = necrotic | vacuolated | _is_cracked(scene.fiber_class[rows], scene.stage[rows])
    return damaged


def _is_cracked(fiber_class: NDArray[np.uint8], stage: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(R,) bool, intact fibers with one straight freezing crack: decoys of hyaline necrosis."""
    cracked: NDArray[np.bool_] = (fiber_class == FiberClass.INTACT) & (stage < 0.015)
    return cracked


def paint_damage(scene: Scene, row: int, eosin: Plane, mask: NDArray[np.bool_], origin_px: tuple[float, float]) -> None:
    """Draw, in place, what belongs to single fibers: cracks and retraction of hyaline ones, vacuoles, ragged pale rims.

    Args:
        scene: The scene.
        row: Which fiber.
        eosin: (H, W) float32 amount of eosin.
        mask: (H, W) bool, where this fiber is.
        origin_px: Pixel position, in the scene's working pixels, of the array's first pixel.
    """
    rng = np.random.default_rng([scene.seed, 2, row])
    ring = np.asarray(scene.fibers[row].exterior.coords) * 2 - origin_px
    low, high = ring.min(0), ring.max(0)
    radius = float(np.sqrt(scene.fibers[row].area / np.pi)) * 2
    center = ring[:-1].mean(0)
    loss = np.zeros(eosin.shape, np.uint8)
    kind = scene.fiber_class[row]

    def polyline(points: NDArray[np.float64], strength: float, width: int) -> None:
        whole = np.round((points - 0.5) * 16).astype(np.int32)
        cv2.polylines(loss, [whole], False, int(255 * strength), width, cv2.LINE_AA, 4)

    def disc(x: float, y: float, size: float, strength: float) -> None:
        cv2.circle(
            loss,
            (round((x - 0.5) * 16), round((y - 0.5) * 16)),
            round(size * 16),
            int(255 * strength),
            -1,
            cv2.LINE_AA,
            4,
        )

    if scene.fiber_look[row] == FiberLook.EATEN_INTO:
        nuclei = scene.nuclei.center_um[scene.nuclei.host == row] * 2 - origin_px
        pale = rng.uniform(0.45, 1.0)
        for nucleus in nuclei:
            room = rng.uniform(6.0, 12.0)
            disc(nucleus[0], nucleus[1], room, pale * rng.uniform(0.7, 1.0))
            wedge = np.round((_burrow(ring[:-1], nucleus, room, rng) - 0.5) * 16).astype(np.int32)
            cv2.fillPoly(loss, [wedge], int(255 * pale), cv2.LINE_AA, 4)
        for _ in range(rng.integers(0, 2 + len(nuclei))):
            polyline(_fissure(ring[:-1], center, radius, rng), pale, _width(0.5 * radius, rng))
    elif kind == FiberClass.NECROTIC_HYALINE:
        notches = int(rng.integers(2, 8)) if rng.random() < 0.45 else 0
        for _ in range(notches):
            wedge = np.round((_notch(ring[:-1], center, radius, rng) - 0.5) * 16).astype(np.int32)
            cv2.fillPoly(loss, [wedge], int(255 * rng.uniform(0.6, 1.0)), cv2.LINE_AA, 4)
        for _ in range(rng.integers(0, 3) if notches else rng.integers(2, 7)):
            polyline(_fissure(ring[:-1], center, radius, rng), rng.uniform(0.6, 1.0), _width(radius, rng))
        if rng.random() < (0.25 if notches else 0.6):
            first, length = rng.integers(len(ring)), rng.integers(len(ring) // 5 + 1, len(ring) // 2 + 3)
            polyline(np.roll(ring[:-1], -first, axis=0)[:length], 1.0, int(rng.integers(2, 7)))
    elif kind in (FiberClass.NECROTIC_PALE, FiberClass.MYOPHAGOCYTOSIS):
        for _ in range(rng.integers(0, 7)):
            x, y = rng.uniform(low, high)
            disc(x, y, rng.uniform(0.05, 0.25) * radius, rng.uniform(0.4, 0.95))
        if rng.random() < 0.5:
            for point in ring[rng.integers(len(ring), size=rng.integers(3, 12))]:
                disc(point[0], point[1], rng.uniform(0.05, 0.2) * radius, rng.uniform(0.6, 1.0))
    elif _is_cracked(kind, scene.stage[row]):
        first, second = rng.choice(len(ring), 2)
        polyline(
            np.stack([ring[first], ring[second]]) + rng.normal(0, 2, (2, 2)),
            rng.uniform(0.4, 1.0),
            int(rng.integers(1, 3)),
        )
    if scene.fiber_attributes[row, FiberAttribute.VACUOLATED]:
        look = scene.fiber_look[row]
        fine = look == FiberLook.LIPID or (look == FiberLook.PLAIN and rng.random() < 0.5)
        for _ in range(rng.integers(15, 70) if fine else rng.integers(2, 12)):
            x, y = rng.uniform(low, high)
            size = rng.uniform(0.8, 2.2) if fine else rng.uniform(2.0, 0.3 * radius + 2)
            disc(x, y, size, rng.uniform(0.6, 1.0))
    eosin *= 1 - loss * np.float32(0.95 / 255) * mask
