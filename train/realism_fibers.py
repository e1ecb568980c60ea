"""Size, spacing and nuclei of outlined fibers, from masks or from a phantom's truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

from histo.geometry import WORKING_MPP
from histo.network.outlines import min_feret

_UM = WORKING_MPP.um_per_px
_GAP_REACH_UM = 20.0
_RIM_UM = 2.5

PROFILE_UM = tuple(range(-8, 7))
"""Middles of the steps of a border profile: distance from the nearest outline, negative inside fibers."""


@dataclass(frozen=True, eq=False)
class FiberMeasures:
    """One value a fiber; fibers that the border of the field cuts are left out.

    Attributes:
        min_feret_um: (N,) smallest caliper width.
        area_um2: (N,).
        gap_um: (M,) median, along a fiber's outline, of the distance to the nearest other outline; fibers that have
            none within 20 um along half of their outline are left out.
        neighbor_um: (N,) from its center to the nearest other fiber's, cut fibers included.
        nuclei: (N,) nuclei in it or within 2.5 um of it, by the detector on pixels.
        inner_nuclei: (N,) of them, those more than 2.5 um inside.
        share: (1,) of the field's area, cut fibers included.
    """

    min_feret_um: NDArray[np.float64]
    area_um2: NDArray[np.float64]
    gap_um: NDArray[np.float64]
    neighbor_um: NDArray[np.float64]
    nuclei: NDArray[np.float64]
    inner_nuclei: NDArray[np.float64]
    share: NDArray[np.float64]


def measure_fibers(labels: NDArray[np.int32], nuclei_wpx: NDArray[np.int64]) -> FiberMeasures:
    """Measure every fiber that lies wholly in a field.

    Args:
        labels: (H, W) fiber numbers, 0 is no fiber; working pixels.
        nuclei_wpx: (N, 2) row and column of nuclei.
    """
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    numbers = np.unique(labels[labels > 0])
    whole = np.setdiff1d(numbers, border)
    centers = np.asarray(ndimage.center_of_mass(labels > 0, labels, numbers)).reshape(-1, 2)
    boxes = ndimage.find_objects(labels)
    rows = [_measure_one(labels, int(number), boxes[number - 1], nuclei_wpx) for number in whole]
    table = np.array(rows, np.float64).reshape(-1, 5)
    apart = np.full(len(whole), np.nan)
    if len(numbers) > 1:
        apart = KDTree(centers).query(centers[np.isin(numbers, whole)], k=2)[0][:, 1] * _UM
    feret, area, gap, nuclei, inner = table.T
    share = np.array([(labels > 0).mean()])
    return FiberMeasures(feret, area, gap[np.isfinite(gap)], apart[np.isfinite(apart)], nuclei, inner, share)


def border_profile(gray: NDArray[np.float64], labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Median gray at each of `PROFILE_UM` from the nearest outline; NaN where no pixel is so far from one.

    Args:
        gray: (H, W).
        labels: (H, W) fiber numbers, 0 is no fiber; working pixels. A border between touching fibers has no outside.
    """
    fiber = labels > 0
    edge = fiber & (ndimage.grey_dilation(labels, size=3) != ndimage.grey_erosion(labels, size=3))
    inside = ndimage.distance_transform_edt(~edge) + 0.5
    outside = ndimage.distance_transform_edt(~fiber) - 0.5
    depth_um = np.where(fiber, -inside, outside) * _UM
    rings = [gray[np.abs(depth_um - middle) <= 0.5] for middle in PROFILE_UM]
    return np.array([np.median(ring) if len(ring) else np.nan for ring in rings])


def _measure_one(
    labels: NDArray[np.int32], number: int, box: tuple[slice, slice], nuclei_wpx: NDArray[np.int64]
) -> tuple[float, float, float, float, float]:
    """Min Feret, area, gap (NaN if no neighbor is near), nuclei, inner nuclei."""
    reach = round(_GAP_REACH_UM / _UM) + 1
    top, left = max(box[0].start - reach, 0), max(box[1].start - reach, 0)
    window = labels[top : box[0].stop + reach, left : box[1].stop + reach]
    own = window == number
    inside = ndimage.distance_transform_edt(np.pad(own, 1))[1:-1, 1:-1]
    rim = own & (inside <= 1)
    others = (window > 0) & ~own
    gap = np.nan
    if others.any():
        to_other = (ndimage.distance_transform_edt(~others)[rim] - 1) * _UM
        near = to_other <= _GAP_REACH_UM
        gap = float(np.median(to_other[near])) if near.mean() >= 0.5 else np.nan
    rows, columns = np.nonzero(rim)
    corners = np.concatenate([np.stack([columns + dx, rows + dy], axis=1) for dy in (0, 1) for dx in (0, 1)])
    signed = np.where(own, -inside, ndimage.distance_transform_edt(~own)) * _UM
    at = nuclei_wpx - (top, left)
    at = at[np.all((at >= 0) & (at < window.shape), axis=1)]
    depth = signed[tuple(at.T)]
    return (
        min_feret(corners * _UM),
        float(own.sum()) * _UM**2,
        gap,
        float((depth <= _RIM_UM).sum()),
        float((depth < -_RIM_UM).sum()),
    )
