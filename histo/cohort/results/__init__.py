"""What a cohort gives to scientists: one table, one page, and how the run went.

    write_results(
        out: Path,                              # the cohort's folder; it exists
        readings: Sequence[CohortBiopsy],       # in any order; their reading.json lie under `out`
        failures: Sequence[CohortFailure],
        run: CohortRun,
    ) -> CohortResults                          # .files, .damaged (CohortFailure of readings that cannot be read back)

writes `cohort.parquet`, `cohort.csv`, `overview.html` and `run.json`, together and atomically. The first three depend
on readings and failures alone: the same cohort gives the same bytes. A reading that cannot be read back becomes a
failure in `.damaged` and on the page; the others go on. `failures.json` is its caller's.
"""

from __future__ import annotations

from histo.cohort.results.inputs import CohortBiopsy, CohortFailure, CohortRun
from histo.cohort.results.write import CohortResults, write_results

__all__ = ["CohortBiopsy", "CohortFailure", "CohortResults", "CohortRun", "write_results"]
