"""24 small slides, read in earnest, of which five are trouble: each costs itself alone, and tells its reason."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from example_cohort import Cohort, Heard, make_cohort
from example_model import save_random_bundle
from slide_files import tissue_like, write_pyramid
from tree_digest import tree

from histo.cohort.engines import LocalEngine
from histo.cohort.jobs import Limits, Reader
from histo.cohort.plan import Plan, plan_cohort
from histo.cohort.settings import settings_of
from histo.cohort.state import State
from histo.network import load_bundle

pytestmark = pytest.mark.cluster
FAULTY = (sys.executable, str(Path(__file__).parents[2] / "faulty_reader.py"))
LIMITS = Limits(timeout_s=900, stall_s=150, memory_bytes=2 << 30)
TROUBLE = ("truncated", "kills", "aborts", "hangs", "changes")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    with pytest.MonkeyPatch.context() as patch:
        cohort = make_cohort(tmp_path_factory.mktemp("lab"), patch)
    slides = cohort.folder / "slides"
    slides.mkdir()
    for number in range(24):
        kind = TROUBLE[number // 5] if number % 5 == 2 else "sound"
        write_pyramid(slides / f"{kind}-{number:02}.tif", tissue_like(520, 520, number), 0.5)
    (slides / "truncated-02.tif").write_bytes((slides / "truncated-02.tif").read_bytes()[:60_000])
    save_random_bundle(cohort.folder / "bundle")
    return cohort


def plan(lab: Cohort) -> Plan:
    bundle = lab.folder / "bundle"
    return plan_cohort(
        lab.folder / "slides", lab.out, settings_of(Reader(bundle=str(bundle), device="cpu"), load_bundle(bundle))
    )


def test_trouble_costs_itself_alone(
    lab: Cohort, monkeypatch: pytest.MonkeyPatch, record_property: pytest.RecordProperty
) -> None:
    monkeypatch.setenv("FAULTY_SLIDES", str(lab.folder / "slides"))
    heard = Heard()
    asked = plan(lab)
    tally, account = lab.run(asked, engine=LocalEngine(2, LIMITS, FAULTY), heard=heard)
    found = {failure.biopsy: (failure.kind, failure.attempts, failure.problem) for failure in account.failures}
    record_property("failures", json.dumps(found))
    sound = [one.name for one in asked.biopsies if one.name.startswith("sound")]
    assert len(sound) == 19
    assert (tally.slides, account.read, account.concluded) == (19, 19, 19)
    assert {name.partition("-")[0]: told[:2] for name, told in found.items()} == {
        "truncated": ("SlideUnreadable", 1),
        "kills": ("OutOfMemory", 2),
        "aborts": ("Crashed", 2),
        "hangs": ("Hung", 2),
        "changes": ("SlideChanged", 1),
    }
    assert {name for name in (path.name for path in lab.out.iterdir()) if not name.startswith(".")} >= set(sound)
    assert not any((lab.out / name).exists() for name in found)
    told = json.loads((lab.out / "failures.json").read_text())
    assert (told["slides_asked"], told["slides_failed"]) == (24, 5)
    assert lab.left_over() == []


def test_then_healthy_processes_read_what_was_trouble_for_its_reader_alone(lab: Cohort) -> None:
    """Those whose processes died are read when asked for again; what was read is not touched."""
    before = tree(lab.out)
    asked = plan(lab)
    State(asked, lab.store).release_quarantine()
    tally, account = lab.run(asked, engine=LocalEngine(2, LIMITS))
    assert [failure.kind for failure in account.failures] == ["SlideUnreadable"]
    assert (tally.slides, account.read) == (4, 23)
    after = tree(lab.out)
    sound = {name: digest for name, digest in before.items() if name.startswith("sound")}
    assert sound
    assert {name: after[name] for name in sound} == sound
