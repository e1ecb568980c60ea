"""Appearances and a distribution of them, made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from histo.appearance import Answers, Appearance, Colors, Texture
from histo.pattern.distribution import GROUPS, UNITS, Distribution, Reach, in_unit, names_of

WEIGHTS = "ab" * 32

ORDINARY = Appearance(
    colors=Colors(0.9, 0.5, 0.14, 0.26, 0.32, 0.2, 0.31),
    texture=Texture(0.045, 0.84, 0.57, 0.77),
    nucleus_um=4.4,
    answers=Answers(0.64, 0.15, 0.1, 0.28, 0.36, 0.22, 1800.0, 23.0),
)


def with_number(name: str, value: float) -> Appearance:
    """The ordinary appearance with one number changed."""
    group, number = name.split(".")
    return replace(ORDINARY, **{group: replace(getattr(ORDINARY, group), **{number: value})})


def ordinary_distribution(correlation: float = 0.5) -> Distribution:
    """Around the ordinary appearance; every number spreads by 0.1 of its unit, and all are alike correlated."""
    reach = {}
    for group in GROUPS:
        count = len(names_of(group))
        matrix = np.full((count, count), correlation)
        np.fill_diagonal(matrix, 1.0)
        reach[group] = Reach(matrix, 1.5)
    return Distribution(
        name="made up",
        weights_sha256=WEIGHTS,
        fields=100,
        gap=0.3,
        middle={name: in_unit(name, value) for name, value in ORDINARY.named().items()},
        spread=dict.fromkeys(UNITS, 0.1),
        reach=reach,
        sha256="cd" * 32,
    )
