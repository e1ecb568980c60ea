"""300 slides in one run: files, threads, memory and temporary folders are given back."""

from __future__ import annotations

import gc
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from example_cohort import Cohort, Heard

from histo.cohort.jobs import Outcome
from histo.cohort.listening import Subject

pytestmark = pytest.mark.cluster
SLIDES, BIOPSIES, EVERY = 300, 30, 50
MORE_MIB = 24
"""Records of 250 slides, and what the allocator keeps; a process left open per slide would be far more."""


@dataclass
class Measuring(Heard):
    """Looks at this process now and then."""

    slides: int = 0
    seen: list[tuple[int, int, float]] = field(default_factory=list)

    def done(self, subject: Subject, outcome: Outcome) -> None:
        if subject.slide is None:
            return
        self.slides += 1
        if self.slides % EVERY == 0:
            gc.collect()
            process = psutil.Process()
            self.seen.append((process.num_fds(), process.num_threads(), process.memory_info().rss / 2**20))


def test_nothing_grows(
    cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: pytest.RecordProperty
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    cohort.write({f"B{i % BIOPSIES}/{i}": f"ok {i}\n" for i in range(SLIDES)})
    before = psutil.Process().num_fds(), psutil.Process().num_threads()
    heard = Measuring()
    _, account = cohort.run(workers=3, heard=heard)
    assert (account.read, account.concluded, account.failures) == (SLIDES, BIOPSIES, ())
    record_property("fds, threads, MiB", [(fds, threads, round(mib, 1)) for fds, threads, mib in heard.seen])
    fds, threads, memory_mib = zip(*heard.seen, strict=True)
    assert len(fds) == SLIDES // EVERY
    assert max(fds) - min(fds) <= 3 * 4, "those of the jobs that run at the moment"
    assert max(threads) - min(threads) <= 3
    assert memory_mib[-1] - memory_mib[0] < MORE_MIB
    gc.collect()
    after = psutil.Process().num_fds(), psutil.Process().num_threads()
    assert after == before
    assert list(temporary.iterdir()) == []
    assert cohort.left_over() == []
    assert psutil.Process().children() == []
