"""Which phantom seeds may be used for what: the one place that keeps training, validation and test apart."""

from __future__ import annotations

from enum import StrEnum

_SEEDS_PER_SPLIT = 1_000_000


class Split(StrEnum):
    """What a phantom field is for."""

    TRAIN = "train"
    """Weights are fitted to these."""
    VALIDATION = "validation"
    """Operating points are chosen on these, and progress is watched."""
    TEST = "test"
    """Figures are reported from these; nothing is chosen on them."""

    @property
    def seeds(self) -> range:
        """Every seed of this split. Seeds below the first split's are left to demos and tests of the code."""
        start = (list(Split).index(self) + 1) * _SEEDS_PER_SPLIT
        return range(start, start + _SEEDS_PER_SPLIT)

    def take(self, count: int, first: int = 0) -> range:
        """`count` seeds of this split, beginning with its `first`.

        Raises:
            ValueError: If the split does not have that many.
        """
        if count < 1 or first < 0 or first + count > _SEEDS_PER_SPLIT:
            raise ValueError(f"{self} has seeds 0 to {_SEEDS_PER_SPLIT - 1}, not {first} to {first + count - 1}")
        return self.seeds[first : first + count]
