"""What a crop's pixels say, by one rule for real and for phantom crops: stain, color, nuclei, texture."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.color import rgb2gray, rgb2hed, rgb2lab
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.measure import regionprops_table
from skimage.morphology import remove_small_objects

from histo.geometry import WORKING_MPP

Floats = NDArray[np.float64]
Rgb = NDArray[np.uint8]

SCALES_UM = (0.5, 1.0, 2.0, 4.0)
"""Standard deviations of the Gaussians between which gray-level variance is measured."""

PERIODS_UM = ((16.0, 8.0), (8.0, 4.0), (4.0, 2.0), (2.0, 1.0))
"""Octaves of the power spectrum, as lengths of waves."""

PATCH_WPX = 32
"""Side of the squares inside fibers whose spectra are taken: 16 um."""

_OD_PER_UNIT = 6.0
"""scikit-image gives the logarithm to the base of a millionth."""

_UM = WORKING_MPP.um_per_px
_NUCLEUS_SIGMA_UM = 1.8
_NUCLEUS_LEAST_OD = 0.08
_NUCLEUS_AREA_UM2 = (8.0, 400.0)


@dataclass(frozen=True, eq=False)
class Stains:
    """Optical densities by the vectors of Ruifrok and Johnston (2001), to the base of ten.

    Attributes:
        hematoxylin: (H, W).
        eosin: (H, W).
    """

    hematoxylin: Floats
    eosin: Floats


@dataclass(frozen=True, eq=False)
class Nuclei:
    """Dark blue blobs.

    Attributes:
        center_wpx: (N, 2) row and column of each.
        mask: (H, W) bool, their pixels.
        area_um2: (K,) of pieces that hold one center.
        elongation: (K,) long axis over short axis.
        hematoxylin_od: (K,) mean inside, above the crop's median.
    """

    center_wpx: NDArray[np.int64]
    mask: NDArray[np.bool_]
    area_um2: Floats
    elongation: Floats
    hematoxylin_od: Floats


def separate(rgb: Rgb) -> Stains:
    """Hematoxylin and eosin of each pixel."""
    hed = rgb2hed(rgb) * _OD_PER_UNIT
    return Stains(hed[..., 0], hed[..., 1])


def find_nuclei(hematoxylin: Floats) -> Nuclei:
    """Blobs of hematoxylin by a threshold between the crop's median and its darkest, and peaks of a LoG filter.

    Args:
        hematoxylin: (H, W) optical density.
    """
    smooth = ndimage.gaussian_filter(hematoxylin, 0.6 / _UM)
    middle, dark = np.percentile(smooth, (50, 99.5))
    least = middle + max(0.45 * (dark - middle), _NUCLEUS_LEAST_OD)
    mask = ndimage.binary_opening(smooth > least, _disc(1))
    mask = remove_small_objects(mask, max_size=round(_NUCLEUS_AREA_UM2[0] / _UM**2))
    response = -ndimage.gaussian_laplace(hematoxylin, _NUCLEUS_SIGMA_UM / _UM)
    pieces, count = ndimage.label(mask)
    centers = peak_local_max(  # type: ignore[no-untyped-call]
        response, min_distance=round(2.5 / _UM), labels=pieces, exclude_border=False
    )
    peaks = np.bincount(pieces[tuple(centers.T)], minlength=count + 1)
    wanted = ("label", "area", "axis_major_length", "axis_minor_length", "intensity_mean")
    found = regionprops_table(pieces, hematoxylin, properties=wanted)  # type: ignore[no-untyped-call]
    area = found["area"] * _UM**2
    single = (peaks[found["label"]] == 1) & (area < _NUCLEUS_AREA_UM2[1])
    axes = found["axis_major_length"] / np.maximum(found["axis_minor_length"], 1.0)
    return Nuclei(
        centers.astype(np.int64), mask, area[single], axes[single], (found["intensity_mean"] - middle)[single]
    )


def find_sarcoplasm(stains: Stains, nuclei: Nuclei) -> NDArray[np.bool_]:
    """Inner parts of what stains evenly with eosin, nuclei left out: mostly sarcoplasm, whether outlined or not.

    Returns:
        (H, W) bool, 1.5 um away from what is paler and from nuclei.
    """
    smooth = ndimage.gaussian_filter(stains.eosin, 1.0 / _UM)
    eosin = smooth > threshold_otsu(smooth)  # type: ignore[no-untyped-call]
    opened = ndimage.binary_opening(eosin, _disc(round(3.0 / _UM)))
    away = ~ndimage.binary_dilation(nuclei.mask, _disc(2))
    inner: NDArray[np.bool_] = ndimage.binary_erosion(opened & away, _disc(round(1.5 / _UM)))
    return inner


def spectrum(gray: Floats) -> Floats:
    """Radial power spectrum of a square.

    Args:
        gray: (S, S).

    Returns:
        (S // 2,) power in each ring of k waves per side, from k = 1; white noise of variance v gives v everywhere.
    """
    side = len(gray)
    window = np.hanning(side)[:, None] * np.hanning(side)[None, :]
    power = np.abs(np.fft.fft2((gray - gray.mean()) * window)) ** 2 / (window**2).sum()
    waves = np.fft.fftfreq(side, 1 / side)
    ring = np.rint(np.hypot(waves[:, None], waves[None, :])).astype(int)
    sums = np.bincount(ring.ravel(), power.ravel())
    return (sums / np.bincount(ring.ravel()))[1 : side // 2 + 1]


def waves_per_um(side_wpx: int) -> Floats:
    """Frequencies of the rings of `spectrum`."""
    return np.arange(1, side_wpx // 2 + 1) / (side_wpx * _UM)


def inner_spectrum(gray: Floats, inside: NDArray[np.bool_]) -> Floats | None:
    """Mean spectrum of squares that lie wholly inside fibers; None if there is no such square.

    Args:
        gray: (H, W).
        inside: (H, W) bool.
    """
    step = PATCH_WPX // 2
    height, width = gray.shape
    corners = [(y, x) for y in range(0, height - PATCH_WPX + 1, step) for x in range(0, width - PATCH_WPX + 1, step)]
    squares = [np.s_[y : y + PATCH_WPX, x : x + PATCH_WPX] for y, x in corners]
    spectra = [spectrum(gray[square]) for square in squares if inside[square].all()]
    return np.mean(spectra, axis=0) if spectra else None


def band_power(power: Floats, side_wpx: int) -> dict[str, float]:
    """log10 of the mean power of each octave of `PERIODS_UM` that a square of this side resolves."""
    frequency = waves_per_um(side_wpx)
    bands = {}
    for longest, shortest in PERIODS_UM:
        there = (frequency >= 1 / longest) & (frequency <= 1 / shortest)
        bands[f"{longest:g}-{shortest:g}um"] = float(np.log10(power[there].mean() + 1e-9))
    return bands


def scale_variances(gray: Floats, inside: NDArray[np.bool_]) -> dict[str, float]:
    """log10 of the standard deviation of gray levels inside fibers between neighboring `SCALES_UM`, and below all.

    What lies outside is left out of the blurs (normalized convolution), so that a fiber's border does not count.
    """
    weight = inside.astype(np.float64)

    def blurred(sigma_um: float) -> Floats:
        norm = np.maximum(ndimage.gaussian_filter(weight, sigma_um / _UM), 1e-6)
        return np.asarray(ndimage.gaussian_filter(gray * weight, sigma_um / _UM) / norm)

    levels = [gray, *(blurred(scale) for scale in SCALES_UM)]
    names = [f"below_{SCALES_UM[0]:g}um", *(f"{fine:g}-{2 * fine:g}um" for fine in SCALES_UM[:-1])]
    if not inside.any():
        return dict.fromkeys(names, float("nan"))
    steps = zip(names, pairwise(levels), strict=True)
    return {name: float(np.log10((fine - coarse)[inside].std() + 1e-6)) for name, (fine, coarse) in steps}


def gray_of(rgb: Rgb) -> Floats:
    """(H, W) luminance, 0 to 255."""
    return np.asarray(rgb2gray(rgb) * 255, np.float64)


def lab_of(rgb: Rgb) -> Floats:
    """(H, W, 3) CIELAB."""
    return np.asarray(rgb2lab(rgb), np.float64)


def edge_steepness(gray: Floats) -> float:
    """99th percentile of the gray gradient per um, over the crop's range of grays (5th to 95th percentile)."""
    rows, columns = np.gradient(gray)
    low, high = np.percentile(gray, (5, 95))
    return float(np.percentile(np.hypot(rows, columns), 99) / _UM / max(high - low, 1.0))


def _disc(radius_wpx: int) -> NDArray[np.bool_]:
    y, x = np.indices((2 * radius_wpx + 1, 2 * radius_wpx + 1)) - radius_wpx
    within: NDArray[np.bool_] = x**2 + y**2 <= radius_wpx**2
    return within
