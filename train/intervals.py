"""95% intervals by resampling patients: fields and slides of one patient are not independent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from histo.network import Metric

RESAMPLES = 1000


def resample(patients: Sequence[str], seed: int = 0, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """How often each field counts in each draw of the patients with replacement (Efron 1979, 10.1214/aos/1176344552).

    Args:
        patients: (F,) whose each field is.
        seed: Of the draws.
        resamples: How many.

    Returns:
        (resamples + 1, F) float64; the first row counts every field once, which gives the estimate itself.
    """
    number = np.unique(np.array(patients, dtype=object).astype(str), return_inverse=True)[1].reshape(-1)
    people = int(number.max(initial=-1)) + 1
    picks = np.random.default_rng(seed).integers(0, max(people, 1), (resamples, people))
    times = np.stack([np.bincount(pick, minlength=people) for pick in [np.arange(people), *picks]])
    return times[:, number].astype(np.float64)


def interval_of(values: NDArray[np.float64], patients: int) -> Metric:
    """An estimate with its interval; one patient alone shows no spread, and gets none.

    Args:
        values: The estimate, then its resamples, of which some may be NaN.
        patients: How many there are.

    Returns:
        The metric; `n` is the number of patients.
    """
    value, drawn = float(values[0]), values[1:][np.isfinite(values[1:])]
    if patients < 2 or not len(drawn):
        return Metric(value, None, None, patients)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Metric(value, min(float(low), value), max(float(high), value), patients)
