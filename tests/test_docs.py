"""The documentation keeps up with the code: what it names is there, and what is there it names."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

import histo
import histo.evidence
import histo.pattern
from histo.cli import app
from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass
from histo.network import Card, OperatingPoints
from histo.network.bundle import DEFAULT_BUNDLE
from histo.pattern import Grades, PatternLabel, PatternReading, load_conventions, shipped_table
from histo.phantom import DISEASES, PATTERN_SPECS
from histo.phantom.diseases import NEAR_MISSES
from histo.records import ModelFacts, SlideFailure
from histo.tissue import ArtefactClass
from train.commands import application as training

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PHANTOMS = ROOT / "docs/phantoms.md"
FORMATS, GLOSSARY, README = ROOT / "docs/file-formats.md", ROOT / "docs/glossary.md", ROOT / "README.md"

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"```.*?```", re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
MACHINE = re.compile(r"(?<![\w.:/-])(?:/(?:home|tmp|work|root|Users|mnt|data|opt)/|[A-Z]:\\)")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def section(page: Path, heading: str) -> str:
    """The text under a heading, up to the next one of its level or above."""
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert found, f"{name_of(page)} has no heading {heading!r}"
    rest = text[found.end() :]
    following = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: following.start()] if following else rest


def words_in_code(text: str) -> set[str]:
    """Every identifier that stands in code marks."""
    return {word for code in CODE.findall(text) for word in re.findall(r"\w+", code)}


def first_column(text: str) -> list[str]:
    """Names in code marks that begin the rows of tables."""
    rows = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return [name for row in rows for name in CODE.findall(row)]


def anchors(page: Path) -> set[str]:
    """Where links into a page may lead, as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link}: there is no such heading"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_pictures_are_there_and_described(page: Path) -> None:
    for description, link in PICTURE.findall(page.read_text(encoding="utf-8")):
        assert len(description.split()) > 5
        if not DEFAULT_BUNDLE.is_dir():
            pytest.skip("pictures show readings by the default bundle, which is not trained yet")
        picture = page.parent / link
        assert picture.is_file()
        assert picture.stat().st_size < 2e6, "too large for a page"


@pytest.mark.parametrize("page", [*PAGES, *NOTEBOOKS], ids=name_of)
def test_no_page_tells_of_someones_machine(page: Path) -> None:
    assert MACHINE.findall(page.read_text(encoding="utf-8")) == []


def shown_commands() -> Iterator[list[str]]:
    for fence in re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL):
        for line in fence.splitlines():
            yield line.partition("#")[0].split()


def test_the_commands_of_the_readme_exist() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    seen = set()
    for words in shown_commands():
        if words[:1] == ["make"]:
            assert words[1] in targets
        elif words[:1] == ["histo"]:
            shown = CliRunner().invoke(app, [words[1], "--help"])
            assert shown.exit_code == 0, f"there is no `histo {words[1]}`"
            for option in (word for word in words if word.startswith("--")):
                assert option in shown.output, f"`histo {words[1]}` has no {option}"
        seen.add(" ".join(words[:2]))
    assert {
        "make demo",
        "make test",
        "histo doctor",
        "histo info",
        "histo read",
        "histo phantom",
        "histo bench",
    } <= seen


def test_every_command_is_in_the_readme() -> None:
    group: Any = typer.main.get_command(app)
    shown = {words[1] for words in shown_commands() if words[:1] == ["histo"]}
    assert set(group.commands) == shown


def test_the_training_commands_of_the_readme_exist() -> None:
    group: Any = typer.main.get_command(training)
    shown = [words for words in shown_commands() if words[:3] == ["python", "-m", "train"]]
    assert {words[3] for words in shown} == set(group.commands)
    for words in shown:
        options = {option for parameter in group.commands[words[3]].params for option in parameter.opts}
        if words[3] not in ("fit", "bench"):  # they hand their options on to the recipe's parser
            assert {word for word in words if word.startswith("--")} <= options
    recipes = [word for words in shown for word in words if word.endswith(".yaml")]
    assert recipes
    assert all((ROOT / recipe).is_file() for recipe in recipes)


def test_every_public_name_is_told() -> None:
    told = README.read_text(encoding="utf-8") + (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    missing = [name for name in histo.__all__ if not re.search(rf"\b{name}\b", told)]
    assert missing == []


def test_the_python_of_the_readme_names_what_there_is() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    compile(example, "README.md", "exec")
    for name in re.findall(r"histo\.(\w+)", example):
        assert name in histo.__all__
    evidence = {field.name for field in dataclasses.fields(histo.evidence.Evidence)}
    assert set(re.findall(r"pooled\.(\w+)", example)) <= evidence


def test_the_readme_keeps_its_two_kinds_of_figures_apart() -> None:
    text = README.read_text(encoding="utf-8")
    measured = text[text.index("<!-- measured:begin -->") : text.index("<!-- measured:end -->")]
    assert measured.index("### On phantoms") < measured.index("### On real pixels")


def test_the_glossary_holds_every_label_and_class() -> None:
    assert first_column(section(GLOSSARY, "Pattern labels")) == [label.value for label in PatternLabel]
    for heading, kinds in (
        ("Fiber classes", FiberClass),
        ("Fiber attributes", FiberAttribute),
        ("Cells", CellClass),
        ("Compartments", Compartment),
    ):
        assert first_column(section(GLOSSARY, heading)) == [kind.name.lower() for kind in kinds]
    artefacts = {kind.name.lower() for kind in ArtefactClass if kind}
    assert artefacts <= words_in_code(section(GLOSSARY, "What is none of these"))


def test_the_glossary_quotes_the_conventions() -> None:
    text, bands = GLOSSARY.read_text(encoding="utf-8"), load_conventions()
    for number in (
        f"mild < {bands.necrosis.moderate_from_percent:g}%",
        f"marked > {bands.necrosis.marked_above_percent:g}%",
        f"extensive > {bands.necrosis.extensive_above_percent:g}%",
        f"fewer than {bands.infiltrate.sparse_below_per_mm2:g} cells per mm2",
        f"more than {bands.infiltrate.dense_above_clusters} clusters",
        f"more than {bands.infiltrate.clusters_on_mm2:g} mm2",
        f"{bands.infiltrate.diffuse_from_per_mm2:g} cells per mm2",
        f"{bands.measures.cluster_cells} or more inflammatory cells",
        f"at most {bands.measures.cluster_link_um:g} um from another",
        f"square of {bands.measures.field_mm2:g} mm2",
        f"within {bands.measures.necrotic_rim_um:g} um",
        f"within {bands.measures.perivascular_um:g} um of a vessel",
        f"less than {bands.measures.small_fiber_share:g} times",
        f"their {bands.measures.small_fiber_percentile:g}th percentile",
        f"{bands.measures.sheet_min_fibers} fibers or more",
        f"Fewer than {bands.measures.spatial_min_fibers}",
        f"{bands.adequacy.min_mm2:g} mm2 and {bands.adequacy.min_fibers} fibers",
        f"from {bands.chronicity.size_cv_from:.2f}",
    ):
        assert number in text, f"the glossary does not say {number!r}"


def fields_of(room: object) -> Iterator[tuple[str, str]]:
    for name, kind in inspect.getmembers(room, inspect.isclass):
        if dataclasses.is_dataclass(kind):
            yield from ((name, field.name) for field in dataclasses.fields(kind))


def test_every_field_of_a_reading_is_described() -> None:
    told = words_in_code(section(FORMATS, "reading.json"))
    apart = {"FalseCalls", "Measures", "SlideObservation"}  # described in the code; not stored
    missing = [pair for pair in fields_of(histo.evidence) if pair[0] not in apart and pair[1] not in told]
    described = (PatternReading, Grades, histo.pattern.Candidate, histo.pattern.Refusal, histo.pattern.Reason)
    described += (
        histo.pattern.Calibrated,
        histo.pattern.Conflict,
        histo.pattern.Contrast,
        histo.pattern.Contribution,
        histo.pattern.Figure,
        histo.pattern.RuleFile,
        histo.pattern.StainAdvice,
        histo.pattern.SlideReading,
        histo.pattern.Places,
        ModelFacts,
    )
    missing += [(kind.__name__, field.name) for kind in described for field in dataclasses.fields(kind)
                if field.name not in told]  # fmt: skip
    assert missing == []


def test_every_refusal_is_listed() -> None:
    source = (ROOT / "histo/pattern/refusal.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'code="(\w+)"', source))
    assert codes
    assert codes <= words_in_code(section(FORMATS, "pattern"))


def test_every_entry_of_a_card_is_described() -> None:
    told = words_in_code(section(FORMATS, "A bundle"))
    entries = {field.name for kind in (Card, OperatingPoints) for field in dataclasses.fields(kind)}
    assert entries - {"phantom_metrics", "real_metrics"} - told == set()


def test_every_entry_of_a_calibration_is_described() -> None:
    kinds = (histo.pattern.Calibration, histo.pattern.EvidenceModel, histo.pattern.FeatureWeights, histo.pattern.Figure)
    entries = {field.name for kind in kinds for field in dataclasses.fields(kind)} - {"sha256"}
    assert entries <= words_in_code(section(FORMATS, "A bundle"))


def test_every_entry_of_a_failure_is_described() -> None:
    assert {field.name for field in dataclasses.fields(SlideFailure)} <= words_in_code(
        section(FORMATS, "failures.json")
    )


def test_the_catalogue_of_phantoms_is_that_of_the_code() -> None:
    """`python docs/write_phantom_catalogue.py` writes it."""
    rows = [row for row in section(PHANTOMS, "Catalogue").splitlines() if row.startswith("| `")]
    assert [CODE.findall(row)[0] for row in rows] == list(DISEASES)
    for row, disease in zip(rows, DISEASES.values(), strict=True):
        assert ("` * |" in row) == (disease.name in NEAR_MISSES)
        assert set(CODE.findall(row)[1:]) == {face.pattern for face in disease.faces}
        assert re.sub(r"\[([^]]*)\]\([^ ]*\)", r"\1", row).endswith(f"| {disease.source} |")
    assert set(PATTERN_SPECS) <= words_in_code(section(PHANTOMS, "Catalogue"))


def test_the_changelog_names_the_data_that_decides() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "### Changes to readings" in text
    assert load_conventions().name in text
    assert shipped_table().name in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_notebooks_are_clean(path: Path) -> None:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
            assert not re.search(r"^\s*(def|class|async def)\b", "".join(cell["source"]), re.MULTILINE)
