"""What is measured on a specimen: values for distributions, and one row of features for each crop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.geometry import WORKING_MPP
from train.realism_fibers import border_profile, measure_fibers
from train.realism_fields import Crop, Specimen, cut_crops
from train.realism_pixels import (
    PATCH_WPX,
    band_power,
    edge_steepness,
    find_nuclei,
    find_sarcoplasm,
    gray_of,
    inner_spectrum,
    lab_of,
    scale_variances,
    separate,
    spectrum,
)

Values = Mapping[str, NDArray[np.float64]]

_PIXELS_OF_CROP = 2000
_LEAST_INSIDE = 400
_FEWEST_NUCLEI = 3


@dataclass(frozen=True, eq=False)
class Measures:
    """Of one specimen.

    Attributes:
        name: Of the specimen.
        source: Of the specimen.
        real: Whether it shows real tissue.
        values: For each measure its values, one a pixel, fiber, nucleus or crop.
        features: One dictionary a crop, for the classifier; NaN where a crop does not show what is measured.
        whole_spectra: (crops, S // 2) radial power spectra of whole crops.
        inner_spectra: (crops that have one, 16) of squares inside fibers.
        border_profile: Median gray across the outlines, at `PROFILE_UM`; None without outlines.
    """

    name: str
    source: str
    real: bool
    values: Values
    features: tuple[Mapping[str, float], ...]
    whole_spectra: NDArray[np.float64]
    inner_spectra: NDArray[np.float64]
    border_profile: NDArray[np.float64] | None


@dataclass(frozen=True, eq=False)
class _CropMeasures:
    values: Values
    features: Mapping[str, float]
    whole_spectrum: NDArray[np.float64]
    inner_spectrum: NDArray[np.float64] | None


def measure_specimen(specimen: Specimen, side_wpx: int) -> Measures | None:
    """Measure a specimen in crops, and its fibers as a whole; None if no crop of it shows enough tissue.

    Args:
        specimen: Where from.
        side_wpx: Width and height of a crop.
    """
    crops = [_measure_crop(crop) for crop in cut_crops(specimen, side_wpx)]
    if not crops:
        return None
    values = _joined(crop.values for crop in crops)
    profile = None
    if specimen.labels is not None:
        nuclei = find_nuclei(separate(specimen.rgb).hematoxylin)
        fibers = measure_fibers(specimen.labels, nuclei.center_wpx)
        values |= {f"fibers: {name}": measured for name, measured in vars(fibers).items()}
        profile = border_profile(gray_of(specimen.rgb), specimen.labels)
    inner = [crop.inner_spectrum for crop in crops if crop.inner_spectrum is not None]
    return Measures(
        specimen.name,
        specimen.source,
        specimen.real,
        values,
        tuple(crop.features for crop in crops),
        np.stack([crop.whole_spectrum for crop in crops]),
        np.stack(inner) if inner else np.zeros((0, PATCH_WPX // 2)),
        profile,
    )


def _measure_crop(crop: Crop) -> _CropMeasures:
    stains, lab, gray = separate(crop.rgb), lab_of(crop.rgb), gray_of(crop.rgb)
    nuclei = find_nuclei(stains.hematoxylin)
    inside = find_sarcoplasm(stains, nuclei)
    between = ~inside & ~nuclei.mask
    if inside.sum() < _LEAST_INSIDE:
        inside = np.zeros_like(inside)
    images = {"hematoxylin OD": stains.hematoxylin, "eosin OD": stains.eosin}
    images |= {f"CIELAB {axis}": lab[..., number] for number, axis in enumerate("Lab")}
    drawn = np.random.default_rng(0).integers(0, gray.size, _PIXELS_OF_CROP)
    pixels = {f"pixels: {name}": image.ravel()[drawn] for name, image in images.items()}
    of_nuclei = {
        "nuclei: area_um2": nuclei.area_um2,
        "nuclei: elongation": nuclei.elongation,
        "nuclei: hematoxylin OD above crop": nuclei.hematoxylin_od,
    }
    colors: dict[str, float] = {}
    quantiles: dict[str, float] = {}
    for name, image in images.items():
        quantiles |= {f"whole color: {name} p{share}": float(np.percentile(image, share)) for share in (5, 50, 95)}
        colors[f"fiber color: {name}"] = _median(image[inside])
        colors[f"fiber color: {name} spread"] = _spread(image[inside])
        colors[f"between: {name}"] = _median(image[between])
        colors[f"nuclei: {name}"] = _median(image[nuclei.mask])
    whole, inner = spectrum(gray), inner_spectrum(gray, inside)
    bands = band_power(inner if inner is not None else np.full(PATCH_WPX // 2, np.nan), PATCH_WPX)
    texture = {f"whole texture: power {band}": power for band, power in band_power(whole, len(gray)).items()}
    texture |= {"whole texture: edge steepness_per_um": edge_steepness(gray)}
    texture |= {f"fiber texture: power {band}": power for band, power in bands.items()}
    texture |= {f"fiber texture: sd {scale}": sd for scale, sd in scale_variances(gray, inside).items()}
    single = {"fiber color: share of area": float(inside.mean()), **quantiles, **colors, **texture}
    single["nuclei: per_mm2"] = len(nuclei.center_wpx) / float(WORKING_MPP.area_mm2(gray.size))
    typical = {name: _median(each) if len(each) >= _FEWEST_NUCLEI else np.nan for name, each in of_nuclei.items()}
    values = {**pixels, **of_nuclei, **{name: _known(value) for name, value in single.items()}}
    return _CropMeasures(values, single | typical, whole, inner)


def _joined(several: Iterable[Values]) -> dict[str, NDArray[np.float64]]:
    parts: dict[str, list[NDArray[np.float64]]] = {}
    for values in several:
        for name, array in values.items():
            parts.setdefault(name, []).append(array)
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def _known(value: float) -> NDArray[np.float64]:
    return np.array([value] if np.isfinite(value) else [], np.float64)


def _median(values: NDArray[np.float64]) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _spread(values: NDArray[np.float64]) -> float:
    return float(np.subtract(*np.percentile(values, (84, 16)))) / 2 if len(values) else float("nan")
