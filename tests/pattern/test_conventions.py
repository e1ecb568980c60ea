"""The conventions file: complete, sourced, and strict about a lab's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from histo.errors import UsageError
from histo.evidence import standard_measures
from histo.pattern import load_conventions
from histo.pattern.conventions import SHIPPED


def test_every_number_has_a_doi_or_is_marked_a_convention() -> None:
    conventions = load_conventions()
    assert len(conventions.sources) == len({key for key, _ in conventions.sources}) > 40
    for key, source in conventions.sources:
        assert re.match(r"\(C\) \w|10\.\d{4,}/\S+", source), key


def test_evidence_is_measured_by_the_same_file() -> None:
    assert load_conventions().measures == standard_measures()


def test_a_lab_can_bring_its_own(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    text = SHIPPED.read_text(encoding="utf-8")
    text = text.replace('name = "histo conventions 1"', 'name = "our lab 3"')
    path.write_text(text.replace("edge_zone_diameters = {value = 1.0", "edge_zone_diameters = {value = 2"), "utf-8")
    conventions = load_conventions(path)
    assert conventions.name == "our lab 3"
    assert conventions.measures.edge_zone_diameters == 2.0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "min_mm2 = {value = 1.0,",
            "min_area = {value = 1.0,",
            "adequacy.min_area is not a convention; use one of min_mm2, min_fibers, max_um_per_px, "
            "max_artefact_percent, max_unreadable_percent, min_transverse_percent, min_fiber_percent, "
            "min_outlined_percent, few_outlined_percent, min_median_um, max_median_um, max_size_cv, few_fiber_percent",
        ),
        (
            'min_fibers = {value = 100, source = "(C) fewer fibers get findings, but no pattern"}\n',
            "",
            "adequacy.min_fibers is missing; copy it from the shipped conventions",
        ),
        (
            "min_fibers = {value = 100,",
            "min_fibers = {value = 99.5,",
            "adequacy.min_fibers is 99.5, not a whole number; give a whole number",
        ),
        (
            "min_mm2 = {value = 1.0,",
            "min_mm2 = {value = -1.0,",
            "adequacy.min_mm2 is -1.0, which is not a finite number of at least 0; correct it",
        ),
        (
            "min_mm2 = {value = 1.0,",
            "min_mm2 = {value = nan,",
            "adequacy.min_mm2 is nan, which is not a finite number of at least 0; correct it",
        ),
        (
            "min_mm2 = {value = 1.0,",
            'min_mm2 = {value = "1",',
            "adequacy.min_mm2 is '1', not a number; give a number",
        ),
        (
            'max_p = {value = 0.05, source = "(C) the usual level; the two tests of clustering share it"}',
            "max_p = 0.05",
            'spread.max_p is not a value with its source; write max_p = {value = 1, source = "(C) why"}',
        ),
        (
            'source = "(C) the usual level; the two tests of clustering share it"',
            'source = ""',
            "spread.max_p has no source; give a DOI, or (C) for a convention",
        ),
        (
            "moderate_from_percent = {value = 1.0",
            "moderate_from_percent = {value = 9.0",
            "necrosis.moderate_from_percent is 9.0, above necrosis.marked_above_percent, 5.0; exchange them",
        ),
        (
            "fat_from_percent = {value = 10.0",
            "fat_from_percent = {value = 101.0",
            "chronicity.fat_from_percent is 101.0, above 100%; give a percentage",
        ),
        (
            "permutations = {value = 199",
            "permutations = {value = 0",
            "measures.permutations is 0; give a number above 0",
        ),
        (
            "[stages]",
            "[ages]",
            "[ages] is not a table of conventions; use one of measures, adequacy, necrosis, infiltrate, stages, "
            "spread, position, atrophy, chronicity, familiarity, recovery",
        ),
        ('name = "histo conventions 1"', "", 'has no name; begin it with name = "our conventions 1"'),
        (
            "assumed_false_necrotic_variation = {value = 1.3",
            "assumed_false_necrotic_variation = {value = 130",
            "measures: the variation of false calls must lie between 0 and 3, and is 130.0; correct the number",
        ),
    ],
)
def test_a_faulty_file_is_refused_with_key_and_remedy(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "lab.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_conventions(path)
    assert str(caught.value) == f"{path}: {message}"


def test_a_missing_or_broken_file_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(UsageError) as caught:
        load_conventions(missing)
    assert str(caught.value) == (f"{missing}: cannot be read (No such file or directory); name a readable file")
    broken = tmp_path / "broken.toml"
    broken.write_text("name = ", encoding="utf-8")
    with pytest.raises(UsageError, match="is not valid TOML"):
        load_conventions(broken)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not UTF-8 text; save it as UTF-8"):
        load_conventions(binary)
