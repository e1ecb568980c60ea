"""Which phantom seeds may be used for what: the one place that keeps training, validation and test apart."""

from __future__ import annotations

from histo.cohort import Split

_SEEDS_PER_SPLIT = 1_000_000
_FIRST_OF_LABS = 8_000_000


def seeds_of(split: Split) -> range:
    """Every seed of a split. Seeds below the first split's are left to demos and tests of the code."""
    start = (list(Split).index(split) + 1) * _SEEDS_PER_SPLIT
    return range(start, start + _SEEDS_PER_SPLIT)


def take_seeds(split: Split, count: int, first: int = 0) -> range:
    """`count` seeds of a split, beginning with its `first`.

    Raises:
        ValueError: If the split does not have that many.
    """
    if count < 1 or first < 0 or first + count > _SEEDS_PER_SPLIT:
        raise ValueError(f"{split} has seeds 0 to {_SEEDS_PER_SPLIT - 1}, not {first} to {first + count - 1}")
    return seeds_of(split)[first : first + count]


def lab_seed(lab: int, patient: int) -> int:
    """The seed of one patient's biopsy in a simulated laboratory: beyond those of all splits, demos and tests.

    Raises:
        ValueError: If there are no such numbers.
    """
    if not (0 <= lab < 1000 and 0 <= patient < 1000):
        raise ValueError(f"laboratories and patients are numbered 0 to 999, not {lab} and {patient}")
    return _FIRST_OF_LABS + 1000 * lab + patient
