"""Colors of hematoxylin and eosin as laboratories and their scanners differ in them.

Each is an optical density in R, G and B for one unit of dye. Anchors: Ruifrok and Johnston 2001 (PMID 11531144), the
reference of Macenko 2009 (doi 10.1109/ISBI.2009.5193250), and colors beyond them on either side. Around every anchor is
drawn, so that what no anchor names is met too.
"""

from __future__ import annotations

import numpy as np

Density = tuple[float, float, float]

HEMATOXYLINS: tuple[Density, ...] = (
    (0.65, 0.70, 0.29),
    (0.52, 0.83, 0.20),  # violet
    (0.60, 0.76, 0.25),
    (0.56, 0.72, 0.41),
    (0.74, 0.62, 0.24),  # blue
    (0.58, 0.66, 0.48),  # purple-gray
    (0.40, 0.78, 0.48),  # plum, as much eosin lies over the nuclei
)
EOSINS: tuple[Density, ...] = (
    (0.05, 0.93, 0.34),
    (0.07, 0.97, 0.16),
    (0.22, 0.80, 0.56),
    (0.08, 0.83, 0.52),  # orange-pink
    (0.20, 0.95, 0.22),  # magenta
)


def near(anchor: Density, spread: float, rng: np.random.Generator) -> Density:
    """A color around an anchor: independent normal steps in R, G and B, never below 0.01."""
    r, g, b = np.clip(np.array(anchor) + rng.normal(0, spread, 3), 0.01, None)
    return float(r), float(g), float(b)


def any_hematoxylin(rng: np.random.Generator) -> Density:
    """A hematoxylin of any laboratory; every other one is one of the first three, between blue and violet."""
    common = rng.random() < 0.5
    return near(HEMATOXYLINS[rng.integers(3 if common else len(HEMATOXYLINS))], 0.05, rng)


def any_eosin(rng: np.random.Generator) -> Density:
    """An eosin of any laboratory; every other one is near the commonest."""
    common = rng.random() < 0.5
    return near(EOSINS[0] if common else EOSINS[rng.integers(len(EOSINS))], 0.05, rng)
