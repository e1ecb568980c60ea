"""The true writers of a cohort's results on a disk that fills up under them."""

from __future__ import annotations

from pathlib import Path

import pytest
from cohort_maker import example_reading, store
from cohort_runs import a_run
from small_disk import remount, small_disk, used_kib
from tree_digest import tree

from histo.cohort.results import CohortBiopsy, write_results
from histo.errors import OutputError

pytestmark = pytest.mark.cluster


def test_results_of_a_cohort_are_the_former_ones_until_the_new_ones_are_whole(
    tmp_path: Path, record_property: pytest.RecordProperty
) -> None:
    out, kib = tmp_path / "out", 1 << 10
    with small_disk(out, 64 * kib):
        readings = [CohortBiopsy(name, store(out, example_reading(name, len(name)))) for name in ("a", "bb", "ccc")]
        write_results(out, readings[:2], [], a_run())
        former, before_kib = tree(out), used_kib(out)
        free_kib, refused = 0, 0
        while True:
            remount(out, f"size={used_kib(out) + free_kib}k")
            try:
                write_results(out, readings, [], a_run())
                break
            except OutputError as error:
                assert "\n" not in str(error)
                assert "No space left" in str(error)
            assert tree(out) == former
            assert used_kib(out) == before_kib, "what was begun is gone"
            refused, free_kib = refused + 1, free_kib + 4
        now = tree(out)
        assert now.keys() == former.keys()
        assert now["cohort.parquet"] != former["cohort.parquet"]
    record_property("sizes that were too small", refused)
    assert refused >= 5
