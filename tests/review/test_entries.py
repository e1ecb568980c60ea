"""The history as laws: nothing is lost by undoing, and what stands follows from the rows alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from histo.review.entries import Act, Entry, newest, standing, to_redo, to_undo, verdicts

CORRECTIONS = st.tuples(st.sampled_from([Act.ACCEPT, Act.REJECT, Act.RELABEL, Act.DRAW]), st.integers(0, 3))


def written(done: list[tuple[Act, int]]) -> list[Entry]:
    return [
        Entry(act, "b", target=None if act is Act.DRAW else f"fiber-{row}", seq=seq)
        for seq, (act, row) in enumerate(done, start=1)
    ]


def take_back(entries: list[Entry], entry: Entry | None) -> list[Entry]:
    assert entry is not None
    return [*entries, Entry(Act.UNDO, "b", undoes=entry.seq, seq=entries[-1].seq + 1)]


@given(st.lists(CORRECTIONS, min_size=1, max_size=12), st.data())
def test_undoing_and_redoing_the_same_number_changes_nothing(done: list[tuple[Act, int]], data: st.DataObject) -> None:
    entries = written(done)
    before, times = standing(entries), data.draw(st.integers(1, len(entries)))
    for _ in range(times):
        entries = take_back(entries, to_undo(entries))
    assert standing(entries) == before[: len(before) - times]
    for _ in range(times):
        entries = take_back(entries, to_redo(entries))
    assert standing(entries) == before
    assert to_redo(entries) is None


@given(st.lists(CORRECTIONS, min_size=1, max_size=12))
def test_all_can_be_undone_and_then_nothing_stands(done: list[tuple[Act, int]]) -> None:
    entries = written(done)
    for _ in done:
        entries = take_back(entries, to_undo(entries))
    assert verdicts(entries) == {}
    assert to_undo(entries) is None
    assert len(entries) == 2 * len(done)


@given(st.lists(CORRECTIONS, max_size=12))
def test_the_last_word_about_each_finding_stands(done: list[tuple[Act, int]]) -> None:
    expected = {f"drawn-{n}" if act is Act.DRAW else f"fiber-{row}": n for n, (act, row) in enumerate(done, start=1)}
    assert {target: entry.seq for target, entry in verdicts(written(done)).items()} == expected


@given(st.lists(CORRECTIONS, min_size=2, max_size=12))
def test_an_undo_touches_what_it_takes_back(done: list[tuple[Act, int]]) -> None:
    """So that a tab which has not seen the undo cannot write over it."""
    entries = written(done)
    last = entries[-1]
    target = f"drawn-{last.seq}" if last.act is Act.DRAW else last.target or ""
    assert newest(entries, target) == last.seq
    assert newest(take_back(entries, last), target) == last.seq + 1


def test_a_drawing_that_is_taken_back_takes_its_corrections_along() -> None:
    draw = Entry(Act.DRAW, "b", seq=1)
    entries = [draw, Entry(Act.RELABEL, "b", target="drawn-1", seq=2)]
    assert set(verdicts(entries)) == {"drawn-1"}
    assert verdicts(take_back(entries, draw)) == {}
