"""The decision table, for every combination of grades there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graded_evidence import ANY_GRADES
from hypothesis import given, settings

from histo.errors import UsageError
from histo.pattern import NAMED_PATTERNS, DecisionTable, Grades, PatternLabel, load_table, shipped_table
from histo.pattern.table import GRADES, SHIPPED

GOLDEN = Path(__file__).parent / "golden" / "decision_table.md"
TABLE = shipped_table()
AXES = {finding: axis for axis, finding in enumerate(GRADES)}


def along(finding: str, *grades: str) -> np.ndarray:
    """Of all combinations those where a finding has one of the grades, as an array that broadcasts over all."""
    chosen = np.array([kind.value in grades for kind in GRADES[finding]])
    assert chosen.sum() == len(grades), f"{finding} has no such grade among {grades}"
    return chosen.reshape([-1 if axis == AXES[finding] else 1 for axis in range(len(AXES))])


@pytest.fixture(scope="module")
def spoken() -> np.ndarray:
    """For every combination of grades, one axis for each finding, the row that speaks; -1 if none did."""
    rows = np.full([len(kinds) for kinds in GRADES.values()], -1, np.int8)
    for number, row in enumerate(TABLE.rows):
        holds = rows == -1
        for finding, allowed in row.when:
            holds = holds & along(finding, *(grade.value for grade in allowed))
        rows[holds] = number
    return rows


@pytest.fixture(scope="module")
def labels(spoken: np.ndarray) -> np.ndarray:
    """For every combination of grades the number of its label in `PatternLabel`."""
    order = list(PatternLabel)
    return np.array([order.index(row.label) for row in TABLE.rows], np.int8)[spoken]


def share_of(labels: np.ndarray, label: PatternLabel, where: np.ndarray) -> int:
    return int(np.count_nonzero((labels == list(PatternLabel).index(label)) & where))


def test_every_combination_gets_a_label_and_every_row_can_speak(spoken: np.ndarray) -> None:
    assert spoken.size == np.prod([len(kinds) for kinds in GRADES.values()])
    assert set(np.unique(spoken)) == set(range(len(TABLE.rows)))


@given(ANY_GRADES)
@settings(max_examples=300, deadline=None)
def test_deciding_agrees_with_the_enumeration(grades: Grades) -> None:
    speaking = [row for row in TABLE.rows if row.holds(grades)]
    assert TABLE.decide(grades) is speaking[0]
    assert speaking[-1] is TABLE.rows[-1]


def test_every_named_pattern_can_be_reached(labels: np.ndarray) -> None:
    for label in NAMED_PATTERNS:
        assert share_of(labels, label, np.True_) > 0
    assert share_of(labels, PatternLabel.NOT_ASSESSABLE, np.True_) == 0


def test_with_an_infiltrate_no_label_says_that_there_is_none(labels: np.ndarray) -> None:
    inflamed = along("infiltration", "present", "dense")
    for label in ("necrotizing", "normal", "dystrophic", "neurogenic", "zonal_necrosis"):
        assert share_of(labels, PatternLabel(label), inflamed) == 0


def test_marked_necrosis_in_a_dense_infiltrate_is_indeterminate(labels: np.ndarray) -> None:
    """An injured muscle full of inflammatory cells must read neither necrotizing nor normal."""
    both = along("infiltration", "dense") & along("necrosis", "marked", "extensive")
    assert share_of(labels, PatternLabel.INDETERMINATE, both) == np.broadcast_to(both, labels.shape).sum()


def test_necrotizing_needs_necrosis_without_sheet_edge_or_perifascicular_atrophy(labels: np.ndarray) -> None:
    label = PatternLabel.NECROTIZING
    for finding, grades in (
        ("necrosis", ("none", "candidates", "minimal", "extensive", "not_assessed")),
        ("zone", ("one_fascicle", "across_fascicles", "fascicles_unknown", "not_assessed")),
        ("necrosis_position", ("at_edge",)),
        ("atrophy", ("perifascicular",)),
        ("stages", ("early", "regenerating", "not_assessed")),
        ("spread", ("clustered",)),
    ):
        assert share_of(labels, label, along(finding, *grades)) == 0


def test_normal_needs_no_more_than_false_calls(labels: np.ndarray) -> None:
    for finding, grades in (
        ("necrosis", ("mild", "moderate", "marked", "extensive", "not_assessed")),
        ("atrophy", ("scattered", "grouped", "perifascicular")),
        ("chronicity", ("marked",)),
        ("invasion", ("candidates",)),
        ("zone", ("across_fascicles",)),
    ):
        assert share_of(labels, PatternLabel.NORMAL, along(finding, *grades)) == 0


def test_inflammatory_labels_need_an_infiltrate(labels: np.ndarray) -> None:
    for label in (PatternLabel.ENDOMYSIAL_INFLAMMATORY, PatternLabel.NONSPECIFIC_INFLAMMATORY):
        assert share_of(labels, label, along("infiltration", "none_sparse", "not_assessed")) == 0


def test_a_synchronous_early_sheet_is_zonal(labels: np.ndarray) -> None:
    where = along("zone", "across_fascicles") & along("stages", "early") & along("infiltration", "none_sparse")
    where = where & along("necrosis", "moderate", "marked", "extensive")
    assert share_of(labels, PatternLabel.ZONAL_NECROSIS, where) == np.broadcast_to(where, labels.shape).sum()


@pytest.mark.parametrize("finding", ["necrosis", "infiltration"])
def test_what_every_pattern_needs_to_know_cannot_be_missing(labels: np.ndarray, finding: str) -> None:
    missing = along(finding, "not_assessed")
    assert share_of(labels, PatternLabel.INDETERMINATE, missing) == np.broadcast_to(missing, labels.shape).sum()


def test_the_table_is_the_one_that_was_signed() -> None:
    """A change here changes labels: if it is meant, put the rendered table there and write it in the changelog."""
    assert TABLE.to_markdown() == GOLDEN.read_text(encoding="utf-8")


def test_every_row_has_a_source_and_no_label_is_a_diagnosis() -> None:
    for row in TABLE.rows:
        assert row.source.startswith("10.") or row.source.startswith("(C)")
    assert PatternLabel.NECROTIZING.text == "necrotizing pattern, compatible with IMNM"
    assert all(label.text for label in PatternLabel)


def test_a_table_that_could_be_silent_is_refused() -> None:
    with pytest.raises(ValueError, match="the last row of a decision table must have no condition"):
        DecisionTable("partial", TABLE.rows[:-1], "00")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'label = "normal"',
            'label = "healthy"',
            "row 'normal' gives the unknown label healthy; use one of necrotizing",
        ),
        ("when.zone", "when.area", "row 'zonal' asks for area; use one of necrosis"),
        ('["early"]', '["young"]', "row 'zonal' names an unknown grade of stages; use some of mixed"),
        ('id = "normal"', 'id = "zonal"', "two rows are called 'zonal'; give each row a name of its own"),
        ('source = "(C) textbook"', 'source = " "', "a row has no source; give every row its source"),
        ('id = "normal"', 'id = "normal"\nweight = 3', "row 'normal' has an unknown key weight; remove it"),
    ],
)
def test_a_faulty_table_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "table.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_table(path)
    assert str(caught.value).startswith(f"{path}: {message}")
