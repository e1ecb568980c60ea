"""The overview tells every biopsy, runs nothing but its own script, and stays small however large the cohort is."""

from __future__ import annotations

import base64
import errno
import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import unquote

import numpy as np
import pytest
from cohort_maker import appearance, example_reading, store
from cohort_runs import a_run

from histo.cohort.results import CohortBiopsy, CohortFailure, write_results
from histo.cohort.results.overview_facts import EVIDENCE, overview_of
from histo.cohort.results.page import overview_html
from histo.cohort.results.schema import Row, read_row
from histo.errors import OutputError
from histo.pattern import DISCLAIMER, NAMED_PATTERNS, PatternLabel
from histo.records import SlideFailure

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "a&b #1?x=%2e%2e",
    "</title><style>*{display:none}</style>",
    "ünïcode ‮ gnp.exe",
    "n" * 180,
)


class Page(HTMLParser):
    """What a browser would see of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.script = ""
        self._in: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._in and self._in.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._in[-1:] == ["script"]:
            self.script += data
        elif self._in[-1:] != ["style"]:
            self.words.append(data)

    def all(self, name: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(name)) is not None]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def failure(biopsy: str, slide: str = "/home/someone/scans/s.svs") -> CohortFailure:
    return CohortFailure(
        biopsy, SlideFailure(slide, "SlideUnreadable", f"tiles of {biopsy} end early", "copy it again")
    )


def write(out: Path, names: Sequence[str], failures: Sequence[CohortFailure] = ()) -> Page:
    cohort = []
    for seed, name in enumerate(names):
        folder = store(out, example_reading(name, seed), f"r{seed}")
        (out / folder / "report.html").touch()
        cohort.append(
            CohortBiopsy(name, folder, f"patient of {name}", f"site of {name}", list(PatternLabel)[seed % 11])
        )
    write_results(out, cohort, failures, a_run())
    return Page((out / "overview.html").read_text(encoding="utf-8"))


@cache
def base_rows() -> tuple[Row, ...]:
    out = Path(mkdtemp())
    readings = [example_reading(f"base {seed}", seed, 150, look=appearance(seed)) for seed in range(4)]
    return tuple(read_row(out, CohortBiopsy(one.name, store(out, one, one.name))) for one in readings)


def synthetic_rows(count: int) -> list[Row]:
    """Facts of a cohort as large as one likes: those of a few readings, moved at random."""
    rng, rows = np.random.default_rng(count), []
    labels = [label.value for label in PatternLabel]
    for number in range(count):
        row = dict(base_rows()[number % 4])
        for name, value in row.items():
            if isinstance(value, float):
                row[name] = float(value * np.exp(rng.normal(0, 0.4)))
        label = labels[int(rng.integers(len(labels)))]
        row |= {
            "biopsy": f"IMNM-{2000 + number // 400}-{number:05d}-LEVEL-A",
            "patient": f"PATIENT-{number // 2:05d}",
            "site": ("north", "south", "west")[number % 3],
            "manifest_label": labels[int(rng.integers(9))],
            "pattern": label,
            "refusals": "too_few_fibers; too_little_tissue" if label == "not_assessable" else None,
            "reading": f"IMNM-{2000 + number // 400}-{number:05d}-LEVEL-A",
        }
        rows.append(row)
    return rows


def page_of(rows: Sequence[Row], failures: Sequence[CohortFailure] = ()) -> str:
    return overview_html(overview_of(rows, failures), "histo")


def test_the_same_cohort_gives_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    names, failures = ["b", "a", "c"], [failure("y"), failure("x")]
    cohort = [
        CohortBiopsy(name, store(tmp_path, example_reading(name, 3)), label=PatternLabel.NORMAL) for name in names
    ]
    written = []
    for order in (1, -1):
        run = replace(a_run(), wall_seconds=7.0 * (order + 2), done=order + 5)
        write_results(tmp_path, cohort[::order], failures[::order], run)
        written.append([(tmp_path / name).read_bytes() for name in ("cohort.parquet", "cohort.csv", "overview.html")])
    assert written[0] == written[1]


def test_the_page_tells_everything_that_it_should(tmp_path: Path) -> None:
    page = write(tmp_path, ["B1", "B2"], [failure("B3")])
    assert page.text.count(DISCLAIMER) == 2
    for text in ("B1", "B2", "patient of B1", "site of B2", "s.svs", "tiles of B3 end early", "copy it again",
                 "2 biopsies read", "1 failure in 1 biopsy", "Digital phantoms.", "Agreement with the manifest",
                 "Outliers of a cohort are looked for from 10 biopsies on"):  # fmt: skip
        assert text in page.text, text
    assert "/home" not in (tmp_path / "overview.html").read_text(encoding="utf-8")
    titles = [axis.title for axis in EVIDENCE]
    assert [title for title in titles if title not in page.text] == []


def test_every_link_leads_somewhere(tmp_path: Path) -> None:
    page = write(tmp_path, ["B1", "a b#c?d%25"])
    ids = page.all("id")
    assert len(set(ids)) == len(ids)
    links = page.all("href")
    assert {link for link in links if not link.startswith("#")} == {"r0/report.html", "r1/report.html"}
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids
        else:
            assert (tmp_path / unquote(link)).is_file()


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    page = write(tmp_path, HOSTILE, [failure(name, f"/x/{name}") for name in HOSTILE])
    tags = [tag for tag, _ in page.tags]
    assert tags.count("script") == tags.count("style") == 1
    assert {"img", "iframe", "object", "link", "form", "base"} & set(tags) == set()
    for _, attrs in page.tags:
        assert [name for name in attrs if name.startswith("on")] == []
    for name in HOSTILE:
        assert " ".join(name.split()) in page.text, "not told as it is"
    policy = next(text for text in page.all("content") if "default-src" in text)
    digest = base64.b64encode(hashlib.sha256(page.script.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


@pytest.mark.parametrize("name", ["javascript:alert(1)", "a b#c?d", "100%", '"', "ü"])
def test_a_folder_of_any_name_is_linked_as_a_file(tmp_path: Path, name: str) -> None:
    (one,) = [CohortBiopsy("a", store(tmp_path, example_reading("a"), name))]
    (tmp_path / name / "report.html").touch()
    write_results(tmp_path, [one], [], a_run())
    page = Page((tmp_path / "overview.html").read_text(encoding="utf-8"))
    (link,) = {link for link in page.all("href") if not link.startswith("#")}
    assert (tmp_path / unquote(link)).is_file()
    assert re.fullmatch(r"[\w%./-]+", link, re.ASCII)


def test_a_damaged_reading_costs_itself_alone(tmp_path: Path) -> None:
    cohort = [CohortBiopsy(name, store(tmp_path, example_reading(name))) for name in ("a", "b", "c")]
    (tmp_path / "b" / "reading.json").write_text('{"schema": "histo.reading", "schema_version": "1.4"')
    found = write_results(tmp_path, cohort, [failure("d")], a_run())
    assert [one.biopsy for one in found.damaged] == ["b"]
    assert "not valid JSON" in found.damaged[0].failure.problem
    page = Page((tmp_path / "overview.html").read_text(encoding="utf-8"))
    assert "2 biopsies read" in page.text
    assert "not valid JSON" in page.text
    assert found.damaged[0].failure.remedy in page.text


def test_a_cohort_of_which_nothing_was_read_has_its_page(tmp_path: Path) -> None:
    page = write(tmp_path, [], [failure("a")])
    assert "0 biopsies read" in page.text
    assert "tiles of a end early" in page.text
    assert "No biopsy was read." in page.text


def test_a_single_biopsy_has_its_page(tmp_path: Path) -> None:
    page = write(tmp_path, ["alone"])
    assert "1 biopsy read" in page.text
    assert sum(attrs.get("r") == "3" for _, attrs in page.tags) == 12, "a dot on every figure"


def test_three_thousand_biopsies_make_a_page_of_less_than_5_mb() -> None:
    rows = synthetic_rows(3000)
    begin = time.process_time()
    text = page_of(rows, [failure(f"F{number}") for number in range(900)])
    assert time.process_time() - begin < 30
    assert len(text.encode()) < 5e6
    page = Page(text)
    dots = [attrs for tag, attrs in page.tags if tag == "circle" or attrs.get("class") == "far"]
    assert len(dots) == 12 * 3000
    assert len([one for one in page.all("id") if re.fullmatch(r"b\d+", one)]) == 3000
    assert "900 failures in 900 biopsies" in page.text
    assert "And 700 more in failures.json." in page.text


def test_agreement_counts_every_labelled_biopsy_once() -> None:
    rows = synthetic_rows(120)
    for row in rows[:20]:
        row["manifest_label"] = None
    for row in rows[20:70]:
        row["pattern"] = row["manifest_label"]
    found = overview_of(rows, ()).confusion
    assert found is not None
    assert sum(map(sum, found.rows)) == found.pair.units == 100
    same = sum(found.rows[at][at] for at in range(len(found.names)))
    assert found.pair.agree_percent is not None
    assert found.pair.agree_percent.value == pytest.approx(same)
    assert found.unlabelled == 20
    alone = [{**row, "manifest_label": None} for row in rows]
    assert overview_of(alone, ()).confusion is None


def test_bars_count_all_biopsies() -> None:
    rows = synthetic_rows(50)
    bars = overview_of(rows, ()).patterns
    assert sum(bar.count for bar in bars) == 50
    assert {bar.text for bar in bars if bar.fill == "full"} <= {label.text for label in NAMED_PATTERNS}


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, ["a"])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("histo.cohort.results.write.csv_bytes", full)
    with pytest.raises(OutputError, match="No space left"):
        write(tmp_path, ["a", "b"])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
