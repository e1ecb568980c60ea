"""How spoiled sections look, and what their truth loses: folds and debris of the scene, and the section's blemishes."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.findings import Compartment
from histo.phantom.drawing.canvas import Canvas, Haze, Ink, Plane, near
from histo.phantom.look import HIDING, JUDGED_THROUGH, Blemishes, BlemishKind, Look
from histo.phantom.scene import Scene

FOLD_SHIFT_WPX = 12
"""By how much the upper layer of a fold may be shifted; the margin around a region must be wider."""

PEN_DENSITIES = ((1.9, 1.3, 0.25), (1.7, 0.5, 1.4), (0.15, 1.5, 1.3), (1.7, 1.7, 1.6), (1.2, 1.6, 0.5))
"""Blue, green, red, black and violet ink."""

LINT_DENSITIES = ((0.9, 0.9, 0.85), (1.3, 0.8, 0.3), (0.3, 0.9, 0.8), (0.5, 0.6, 0.9))


def paint_artefacts(canvas: Canvas, scene: Scene, blemishes: Blemishes, look: Look) -> None:
    """Lay artefacts over everything; what lies under opaque dirt cannot be seen and is no longer true."""
    if look.veil:
        tissue = (canvas.compartments == Compartment.FIBER) | (canvas.compartments == Compartment.ENDOMYSIUM)
        tissue |= canvas.compartments == Compartment.PERIMYSIUM
        np.add(canvas.eosin, np.float32(look.veil * look.eosin_level), out=canvas.eosin, where=tissue)
    if look.section.uneven_thickness:
        thickness = canvas.noise("drift", 19)
        thickness *= np.float32(look.section.uneven_thickness)
        _thicken(canvas, thickness)
    part = canvas.around(scene.structures.folds, 32)
    if part is not None:
        _fold(part, part.mask(scene.structures.folds), 0.5, np.random.default_rng(scene.seed))
        _spoil(part, part.mask(scene.structures.folds), hidden=False)
    part = canvas.around(scene.structures.debris, 16)
    if part is not None:
        rng = np.random.default_rng([scene.seed, 8])
        debris = part.mask(scene.structures.debris)
        part.dirt[:] += _soft(debris, rng.uniform(0.8, 2.5)) * np.float32(rng.uniform(1.3, 3.0))
        _spoil(part, debris, hidden=True)
    tree = canvas.trees.get(id(blemishes.shapes))
    rows = near(tree, canvas.area.grown(16)) if tree is not None else np.arange(len(blemishes.shapes))
    for row in rows.tolist():
        kind, strength = blemishes.kinds[row], float(blemishes.strength[row])
        mask = canvas.mask([blemishes.shapes[row]])
        if mask.any():
            rng = np.random.default_rng([blemishes.seed, 7, row])
            _PAINTERS[kind](canvas, mask, strength, rng)
            if kind not in JUDGED_THROUGH:
                _spoil(canvas, mask, hidden=kind in HIDING)


def _spoil(canvas: Canvas, mask: NDArray[np.bool_], *, hidden: bool) -> None:
    if hidden:
        canvas.labels[mask] = 0
        canvas.compartments[mask] = Compartment.ARTEFACT
    else:  # what spoils tissue spoils no empty glass
        canvas.compartments[mask & (canvas.compartments != Compartment.GLASS)] = Compartment.ARTEFACT


def _soft(mask: NDArray[np.bool_], sigma: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma), np.float32)


def _thicken(canvas: Canvas, relative: Plane) -> None:
    """Make the section thicker by a relative amount; `relative` is changed."""
    np.maximum(relative, np.float32(-0.8), out=relative)
    relative += 1
    for plane in (canvas.eosin, canvas.hematoxylin, canvas.red_cell):
        plane *= relative


def _chatter(canvas: Canvas, mask: NDArray[np.bool_], strength: float, rng: np.random.Generator) -> None:
    period, angle = rng.uniform(14, 90), rng.uniform(0, np.pi)
    x = np.arange(canvas.area.x, canvas.area.right, dtype=np.float32) * np.float32(np.cos(angle) * 2 * np.pi / period)
    y = np.arange(canvas.area.y, canvas.area.bottom, dtype=np.float32) * np.float32(np.sin(angle) * 2 * np.pi / period)
    bands = x[None, :] + y[:, None] + np.float32(0.6) * canvas.noise("drift", 21)
    np.sin(bands, out=bands)
    bands *= _soft(mask, 7.0)
    bands *= np.float32(0.12 + 0.38 * strength)
    _thicken(canvas, bands)


def _ice(canvas: Canvas, mask: NDArray[np.bool_], strength: float, rng: np.random.Generator) -> None:
    coarse = np.float32(rng.uniform(0.3, 1.0))
    level = canvas.noise("mottle", 23)
    level *= coarse
    level += (np.float32(1.2) - coarse) * canvas.noise("grain", 25)
    level += np.float32(0.4) * canvas.noise("cloud", 27)
    holes = (level < np.float32(-1.9 + 1.0 * strength)) & mask & (canvas.labels > 0)
    left = 1 - np.float32(0.9) * _soft(holes, 0.7)
    canvas.eosin[:] *= left
    canvas.hematoxylin[:] *= left


def _hemorrhage(canvas: Canvas, mask: NDArray[np.bool_], strength: float, rng: np.random.Generator) -> None:
    between = (canvas.compartments == Compartment.ENDOMYSIUM) | (canvas.compartments == Compartment.PERIMYSIUM)
    lake = mask & between
    lake &= canvas.noise("cloud", 29) > np.float32(-0.6 - 1.5 * strength)
    weight = _soft(lake, 0.8)
    cells = canvas.noise("red_cells", int(rng.integers(100)))
    cells *= weight
    cells *= np.float32(rng.uniform(0.5, 1.1))
    canvas.red_cell[:] += cells
    weight *= np.float32(-0.8)
    weight += 1
    canvas.eosin[:] *= weight
    canvas.hematoxylin[:] *= weight


def _crush(canvas: Canvas, mask: NDArray[np.bool_], strength: float, rng: np.random.Generator) -> None:
    weight = _soft(mask & (canvas.compartments != Compartment.GLASS), 4.0)
    angle, length = rng.uniform(0, np.pi), 12
    kernel = np.zeros((2 * length + 1,) * 2, np.float32)
    reach = np.round(np.array([np.cos(angle), np.sin(angle)]) * length).astype(int)
    start, stop = (length - reach).tolist(), (length + reach).tolist()
    cv2.line(kernel, start, stop, 1.0, 1)
    kernel /= kernel.sum()
    smeared: Plane = np.asarray(cv2.filter2D(canvas.hematoxylin, cv2.CV_32F, kernel), np.float32)
    smeared *= np.float32(2.0 + 2.5 * strength)
    smeared += np.float32(0.4 * strength) * np.maximum(canvas.noise("strands", 31), 0)
    canvas.hematoxylin[:] += weight * (smeared - canvas.hematoxylin)
    dull = cv2.GaussianBlur(canvas.eosin, (0, 0), 2.5)
    canvas.eosin[:] += weight * (dull - canvas.eosin)


def _fold(canvas: Canvas, mask: NDArray[np.bool_], strength: float, rng: np.random.Generator) -> None:
    """The section lies double: the same tissue once more, shifted, and darker creases at both sides."""
    weight = _soft(mask & (canvas.compartments != Compartment.GLASS), 3.0)
    dx, dy = (float(shift) for shift in rng.uniform(-FOLD_SHIFT_WPX, FOLD_SHIFT_WPX, 2))
    crease = 4 * weight * (1 - weight) * np.float32(0.2 + 0.4 * strength)
    matrix = np.array([[1, 0, dx], [0, 1, dy]])
    for plane in (canvas.eosin, canvas.hematoxylin, canvas.red_cell):
        size = (plane.shape[1], plane.shape[0])
        upper = np.asarray(cv2.warpAffine(plane, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.float32)
        upper *= weight
        upper *= np.float32(0.6 + 0.5 * strength)
        upper += crease * plane
        plane += upper


def _soft_focus(canvas: Canvas, mask: NDArray[np.bool_], strength: float, rng: np.random.Generator) -> None:
    canvas.hazes.append(Haze(_soft(mask, 7.0), 1.2 + 1.2 * strength))


def _defocus(canvas: Canvas, mask: NDArray[np.bool_], strength: float, rng: np.random.Generator) -> None:
    canvas.hazes.append(Haze(_soft(mask, 7.0), 2.4 + 2.8 * strength))


def _bubble(canvas: Canvas, mask: NDArray[np.bool_], strength: float, rng: np.random.Generator) -> None:
    """A dark refracting rim with a bright line in it; inside, pale and out of focus."""
    inside = mask.astype(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3) - cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
    np.clip(depth, -24, 24, out=depth)
    width = rng.uniform(2.0, 5.0)
    rim = np.exp(-(((depth - 2 * width) / np.float32(width)) ** 2)) * np.float32(0.5 + 1.2 * strength)
    rim -= np.exp(-(((depth - 4 * width) / np.float32(0.5 * width)) ** 2)) * np.float32(0.35 * strength)
    canvas.dirt[:] += rim
    _thicken(canvas, _soft(mask, 1.5) * np.float32(-0.1 - 0.4 * rng.random()))
    canvas.hazes.append(Haze(_soft(mask, 1.5), 2.0 + 3.0 * strength))


def _lint(canvas: Canvas, mask: NDArray[np.bool_], strength: float, rng: np.random.Generator) -> None:
    amount = _soft(mask, rng.uniform(0.8, 3.0))
    amount *= np.float32(0.5 + 1.2 * strength)
    canvas.inks.append(Ink(amount, LINT_DENSITIES[rng.integers(len(LINT_DENSITIES))]))


def _dust(canvas: Canvas, mask: NDArray[np.bool_], strength: float, rng: np.random.Generator) -> None:
    dark = _soft(mask, rng.uniform(0.7, 2.5))
    dark *= np.float32(1.4 + 2.0 * strength)
    dark *= 1 + np.float32(0.25) * np.clip(canvas.noise("mottle", 33), -2, 2)
    canvas.dirt[:] += dark


def _pen(canvas: Canvas, mask: NDArray[np.bool_], strength: float, rng: np.random.Generator) -> None:
    amount = 1 + np.float32(0.04) * canvas.noise("strands", 35)
    amount += np.float32(0.12) * canvas.noise("drift", 37)
    amount += np.float32(0.05) * canvas.noise("grain", 39)
    np.clip(amount, 0.4, 1.8, out=amount)
    rim = _soft(mask, 5.0)
    amount *= 1 + np.float32(1.6) * rim * (1 - rim)  # ink dries darker at the rim
    amount *= _soft(mask, 1.5)
    amount *= np.float32(1.4 + 1.2 * strength)
    canvas.inks.append(Ink(amount, PEN_DENSITIES[rng.integers(len(PEN_DENSITIES))]))


_Painter = Callable[[Canvas, NDArray[np.bool_], float, np.random.Generator], None]

_PAINTERS: dict[BlemishKind, _Painter] = {
    BlemishKind.CHATTER: _chatter,
    BlemishKind.ICE: _ice,
    BlemishKind.HEMORRHAGE: _hemorrhage,
    BlemishKind.CRUSH: _crush,
    BlemishKind.FOLD: _fold,
    BlemishKind.SOFT_FOCUS: _soft_focus,
    BlemishKind.DEFOCUS: _defocus,
    BlemishKind.BUBBLE: _bubble,
    BlemishKind.LINT: _lint,
    BlemishKind.DUST: _dust,
    BlemishKind.PEN: _pen,
}
