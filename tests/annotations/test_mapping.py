"""The mapping of class names: what it takes, and what it says when it does not."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from histo.annotations import ClassMapping, RegionMeaning, load_mapping
from histo.annotations.mapping import toml_key, word_of
from histo.errors import MappingError, UnknownClasses
from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass
from histo.records import ARTEFACT_NAME, CELL_NAMES, COLORS, FIBER_NAMES, TISSUE_NAME


def written(folder: Path, text: str) -> ClassMapping:
    (folder / "lab.toml").write_text(text, encoding="utf-8")
    return load_mapping(folder / "lab.toml")


def test_the_shipped_mapping_speaks_of_every_name_that_is_exported() -> None:
    mapping = load_mapping(None)
    for kind, name in [*FIBER_NAMES.items(), *CELL_NAMES.items()]:
        found = mapping.meaning(name)
        assert found is not None
        assert found.kind is kind
    assert all(mapping.meaning(name) is not None for name in (ARTEFACT_NAME, TISSUE_NAME, *COLORS))
    kinds = {repr(meaning.kind) for meaning in mapping.meanings.values()}
    every = [kind for enum in (FiberClass, CellClass, RegionMeaning, Compartment) for kind in enum]
    assert kinds == {repr(kind) for kind in every if kind is not Compartment.FIBER}


@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_can_stand_in_a_mapping(tmp_path: Path, name: str) -> None:
    mapping = written(tmp_path, f'[classes]\n{toml_key(name)} = "intact"\n')
    found = mapping.meaning(name)
    assert found is not None
    assert found.kind is FiberClass.INTACT


def test_case_and_spaces_of_a_name_do_not_matter(tmp_path: Path) -> None:
    mapping = written(tmp_path, '[classes]\n"Nekrose  blass" = "Necrotic_Pale"\nUNCLASSIFIED = "ignore"')
    assert mapping.meaning(" nekrose blass") == mapping.meaning("NEKROSE BLASS")
    found = mapping.meaning("")
    assert found is not None
    assert found.kind is RegionMeaning.IGNORE


def test_unknown_names_are_one_error_that_lists_all_and_says_how_to_add_them(tmp_path: Path) -> None:
    mapping = written(tmp_path, '[classes]\nA = "intact"')
    with pytest.raises(UnknownClasses) as caught:
        mapping.meanings_of(Counter({"a": 4, "B": 2, 'C "x"': 9, "": 1}), Path("drawn.json"))
    assert str(caught.value) == (
        f"drawn.json: {tmp_path / 'lab.toml'} does not say what these classes mean: 'C \"x\"' (9), 'B' (2), "
        '\'unclassified\' (1); add a line for each under [classes], such as "C \\"x\\"" = "intact"; '
        "`histo annotations names` writes a file to start from"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "has no names in [classes]; see the example in docs/annotation-guide.md"),
        ("[classes]", "has no names in [classes]; see the example in docs/annotation-guide.md"),
        ('[klasses]\nA = "intact"', "has an unknown table or key 'klasses'; put all names in [classes]"),
        (
            '[classes]\nA = "fiber"',
            "'A' means 'fiber', which is not known; use one of intact, regenerating",
        ),
        ("[classes]\nA = 3", "'A' means 3, which is not known; use one of intact"),
        ('[classes]\nA = "intact"\n" a" = "fat"', "'A' and ' a' are the same name; keep one of them"),
        ('[classes]\nA = { class = "intact", attribute = [] }', "'A' is not understood; write { class ="),
        ('[classes]\nA = { class = "intact", attributes = "oblique" }', "the attributes of 'A' are no list; write"),
        (
            '[classes]\nA = { class = "intact", attributes = ["x"] }',
            "'A' has the attribute 'x', which is not known; use one of internal nucleus, invasion candidate",
        ),
        ('[classes]\nA = { class = "fat", attributes = ["oblique"] }', "'A' has attributes but is no fiber; give"),
        ('[classes\nA = "fat"', "is not valid TOML: "),
    ],
)
def test_what_is_not_understood_is_said(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(MappingError) as caught:
        written(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'lab.toml'}: {problem}")


def test_a_mapping_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read \\(No such file or directory\\); check the path"):
        load_mapping(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'[classes]\n"fib\xe9" = "intact"')
    with pytest.raises(MappingError, match="is not UTF-8 text; save it as UTF-8"):
        load_mapping(tmp_path / "latin.toml")


def test_every_attribute_has_a_word(tmp_path: Path) -> None:
    words = ", ".join(f'"{attribute.name.lower()}"' for attribute in FiberAttribute)
    found = written(tmp_path, f'[classes]\nA = {{ class = "intact", attributes = [{words}] }}').meaning("A")
    assert found is not None
    assert found.attributes == frozenset(FiberAttribute)


def test_the_example_of_the_guide_is_understood(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs/annotation-guide.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    mapping = written(tmp_path, example)
    kinds = {repr(meaning.kind) for meaning in mapping.meanings.values()}
    assert {repr(kind) for kind in FiberClass} < kinds
    commented = {word.strip() for line in re.findall(r"# [\w ]+: (.*)", example) for word in line.split(",")}
    every = [kind for enum in (FiberClass, CellClass, RegionMeaning, Compartment, FiberAttribute) for kind in enum]
    assert commented == {word_of(kind) for kind in every if kind is not Compartment.FIBER}
