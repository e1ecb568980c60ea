"""The true writers of a reading on a disk that fills up under them."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from example_case import draw_coarsely
from example_findings import example_findings, example_rgb
from example_model import save_random_bundle
from small_disk import remount, small_disk, used_kib
from tree_digest import tree

import histo.biopsy
from histo.biopsy import read_biopsy
from histo.errors import OutputError
from histo.findings import Findings
from histo.model import Model, load_model

pytestmark = pytest.mark.cluster
SIDE_UM = 1100.0
SIZES = 8
LARGE = "size=64m"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """Found is what is known; everything from there to the files is in earnest."""

    def detect(*_: object) -> Findings:
        return example_findings(150, 80, seed=1, side_um=SIDE_UM)

    draw_coarsely(monkeypatch)
    monkeypatch.setattr(histo.biopsy, "detect", detect)
    return load_model(save_random_bundle(tmp_path / "bundle"), device="cpu", threads=1)


def test_slides_and_the_reading_of_a_biopsy_are_each_written_whole_or_not_at_all(
    tmp_path: Path, model: Model, record_property: pytest.RecordProperty
) -> None:
    slides = [tmp_path / "one.png", tmp_path / "two.png"]
    for slide in slides:
        cv2.imwrite(str(slide), cv2.cvtColor(example_rgb(side_um=SIDE_UM), cv2.COLOR_RGB2BGR))
    out = tmp_path / "out"

    def read() -> None:
        read_biopsy(slides, out=out, name="B1", mpp=0.5, model=model)

    with small_disk(out, 64 << 10):
        read()
        whole, whole_kib = tree(out), used_kib(out)
    assert {"B1/report.pdf", "B1/report.html", "B1/one/fibers.parquet", "B1/two/findings.geojson"} < whole.keys()
    seen = set()
    for part in range(SIZES):
        with small_disk(out, 4 + whole_kib * part // SIZES):
            with pytest.raises(OutputError) as caught:
                read()
            assert "\n" not in str(caught.value)
            assert "No space left" in str(caught.value)
            found = tree(out)
            assert all(whole[name] == digest for name, digest in found.items())
            folders = {name.rpartition("/")[0] for name in found}
            assert found.keys() == {name for name in whole if name.rpartition("/")[0] in folders}, "whole slides only"
            assert "B1" not in folders, "no reading of a part"
            assert [path for path in out.rglob(".*") if path.is_file()] == [], "what was begun is gone"
            seen |= folders
            remount(out, LARGE)
            read()
            assert tree(out) == whole
    assert seen == {"B1/one", "B1/two"}
    record_property("sizes that were too small", SIZES)
