"""Pen, opaque debris and folds, told by their colors. Each rule was set on real slides and is tested on real pen marks.

Not told: air bubbles, knife chatter, hemorrhage and crush. They are left to the network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from histo.tissue.density import Densities
from histo.tissue.tissue_map import TISSUE_MPP

Mask = NDArray[np.bool_]

_SMALLEST_PEN_UM2 = 2_000.0
_SMALLEST_FOLD_UM2 = 10_000.0
"""Larger than any fiber, so that a hyaline fiber, dark with eosin, is never called a fold."""
_LARGEST_FOLD_SHARE = 0.2
"""If more of the tissue is "double", then it is another tissue, or the stain is uneven: no fold is claimed."""


def find_pen(density: Densities) -> Mask:
    """(H, W) bool, marker ink and its blurred rim.

    Green, blue and violet ink absorb red most; hematoxylin and eosin both absorb green more than red. Red ink absorbs
    blue as much as green; eosin absorbs much less blue.
    """
    red, green, blue = density.red, density.green, density.blue
    cool = red > 1.15 * green + 0.05
    warm = (blue > 0.75) & (blue > 0.9 * green) & (red < 0.4 * blue)
    core = without_specks(cool | warm, _SMALLEST_PEN_UM2)
    cool_rim = red > 1.02 * green + 0.03
    warm_rim = (blue > 0.3) & (blue > 0.8 * green) & (red < 0.4 * blue)
    # The rim counts only close to sure ink: hematoxylin of some stains is nearly as cool.
    near = ndimage.binary_dilation(core, iterations=6)
    ink: Mask = ndimage.binary_dilation(core | (near & (cool_rim | warm_rim)), iterations=1)
    return ink


def find_debris(density: Densities) -> Mask:
    """(H, W) bool, matter so opaque in all three colors that no stained tissue of one layer can be it."""
    least = np.minimum(np.minimum(density.red, density.green), density.blue)
    core = least > 0.4
    rim = ndimage.binary_dilation(core, iterations=2) & (least > 0.2)
    dirt: Mask = ndimage.binary_dilation(core | rim, iterations=1)
    return dirt


def find_folds(density: Densities, tissue: Mask) -> Mask:
    """(H, W) bool, tissue that lies double: much denser than the slide's tissue, **and** with more eosin.

    Dense infiltrate is dark too, but with hematoxylin, and has no more eosin than its surroundings.

    Args:
        density: Densities of the slide.
        tissue: Where the slide's typical tissue is: without pen and debris.
    """
    if not tissue.any():
        return np.zeros_like(tissue)
    eosin = density.eosin
    # The upper quartile is muscle even where half of the section is pale connective tissue or fat.
    typical_green = float(np.percentile(density.green[tissue], 75))
    typical_eosin = float(np.percentile(eosin[tissue], 75))
    if typical_eosin < 0.05:  # no eosin to speak of: not H&E, and the rule says nothing
        return np.zeros_like(tissue)
    double = tissue & (density.green > 1.45 * typical_green) & (eosin > 1.12 * typical_eosin)
    joined = ndimage.binary_closing(np.pad(double, 4), iterations=3)[4:-4, 4:-4]
    folds = without_specks(joined, _SMALLEST_FOLD_UM2) & tissue
    if np.count_nonzero(folds) > _LARGEST_FOLD_SHARE * np.count_nonzero(tissue):
        return np.zeros_like(tissue)
    return folds


def without_specks(mask: Mask, smallest_um2: float) -> Mask:
    """The mask without connected pieces smaller than an area."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3), bool))
    if not count:
        return np.zeros_like(mask)
    sizes = np.bincount(labels.ravel())
    keep = TISSUE_MPP.area_um2(1.0) * sizes >= smallest_um2
    keep[0] = False
    kept: Mask = keep[labels]
    return kept
