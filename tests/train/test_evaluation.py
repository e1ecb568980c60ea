"""An evaluation from fields on disk to tables, figures, page and card."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from answers import FIELDS, SIZE, UnsureEngine
from stand_in import draw_field

from histo.cohort import Split
from histo.errors import RecordError
from histo.findings import Compartment
from histo.network import Metric, OperatingPoints, load_bundle
from histo.network.layout import CELLS, CLASSES
from train import figures
from train.evaluate import Evaluation, evaluate_fields
from train.evaluation_page import evaluation_page
from train.evaluation_run import Measured, card_with, write_evaluation
from train.field_list import FieldOrigin, write_field_list
from train.field_store import field_path, save_field
from train.floors import standings
from train.gallery import EACH, worst_mistakes
from train.metrics import summarize
from train.origins import PHANTOM_SITE, Origin, counted_fields
from train.real_evaluation import RealEvaluation
from train.tables import GROUP_FIGURES, agreements, compartment_rows, groups_by, mean_over, sensitivities
from train.wrong_inputs import WrongReading

POINTS = load_bundle().card.operating_points


class WrongEngine(UnsureEngine):
    """Takes intact fibers for pale ones and the other way round, and misplaces what it finds."""

    def run(self, rgb: np.ndarray) -> np.ndarray:
        maps = np.roll(super().run(rgb), 4, axis=2)
        maps[CLASSES] = maps[CLASSES][[2, 1, 0, 3, 4]]
        maps[CELLS] = np.roll(maps[CELLS], 8, axis=1)
        return maps


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two patients, three slides, two sites; four fields of the cover and one that shows a place again."""
    folder = tmp_path_factory.mktemp("laboratory")
    rows = [
        ("a", "a1", "A", True),
        ("a", "a1", "A", True),
        ("a", "a2", "B", True),
        ("b", "b1", "B", True),
        ("b", "b1", "B", False),
    ]
    origins = []
    for number, (patient, slide, site, cover) in enumerate(rows):
        name = f"{slide}-{number}"
        FIELDS[900 + number] = field = draw_field(900 + number, SIZE)
        save_field(folder / "test" / f"{name}.safetensors", field, "drawn")
        origins.append(
            FieldOrigin(
                f"test/{name}.safetensors", Split.TEST, patient, patient, slide, site, "", 0, 0, cover, "0" * 64
            )
        )
    write_field_list(folder, origins)
    return folder / "test"


@pytest.fixture(scope="module")
def evaluation(laboratory: Path) -> Evaluation:
    return evaluate_fields(WrongEngine(), POINTS, laboratory)


def test_only_the_cover_counts_and_patients_are_the_unit(evaluation: Evaluation) -> None:
    assert [path.stem for path in evaluation.paths] == ["a1-0", "a1-1", "a2-2", "b1-3"]
    assert evaluation.patients == ("a", "a", "a", "b")
    assert evaluation.seeds is None
    assert not evaluation.simulated
    assert {metric.n for metric in evaluation.metrics.values()} == {2}
    assert 0 < evaluation.metrics["fiber.intact.average_precision"].value <= 1
    assert 0 < evaluation.metrics["calibration.fiber_class.ece"].value < 1


def test_fields_without_a_list_are_phantoms_and_patients_of_their_own(tmp_path: Path) -> None:
    for seed in (300, 301):
        save_field(field_path(tmp_path, seed), FIELDS[seed], "discs")
    assert [origin.patient for _, origin in counted_fields(tmp_path)] == ["0000300", "0000301"]
    assert {origin.site for _, origin in counted_fields(tmp_path)} == {PHANTOM_SITE}
    found = evaluate_fields(UnsureEngine(), POINTS, tmp_path)
    assert found.seeds == (300, 301)
    assert found.simulated


def test_a_field_that_the_list_lacks_is_told(laboratory: Path, tmp_path: Path) -> None:
    (tmp_path / "fields.csv").write_bytes((laboratory.parent / "fields.csv").read_bytes())
    save_field(tmp_path / "test" / "other.safetensors", FIELDS[300], "drawn")
    with pytest.raises(RecordError, match=r"fields\.csv: has no row for other\.safetensors; prepare"):
        counted_fields(tmp_path / "test")


def test_groups_hold_every_field_once_and_their_own_figures(evaluation: Evaluation) -> None:
    by: tuple[tuple[Callable[[Origin], str], list[str]], ...] = (
        (lambda origin: origin.slide, ["a1", "a2", "b1"]),
        (lambda origin: origin.patient, ["a", "b"]),
        (lambda origin: origin.site, ["A", "B"]),
    )
    for key, names in by:
        groups = groups_by(evaluation, key)
        assert [group.name for group in groups] == names
        assert sum(group.fields for group in groups) == 4
    slides = {group.name: group for group in groups_by(evaluation, lambda origin: origin.slide)}
    alone = summarize([evaluation.observations[3].tally])
    assert slides["b1"].metrics["fiber.f1"].value == alone["fiber.f1"].value
    assert slides["b1"].metrics["fiber.f1"].low is None
    assert slides["a1"].metrics["fiber.f1"].n == 2  # fields, within one patient
    patients = groups_by(evaluation, lambda origin: origin.patient)
    mean = mean_over(patients)["fiber.f1"]
    assert mean.value == pytest.approx(np.mean([group.metrics["fiber.f1"].value for group in patients]))
    assert mean.n == 2


def test_counts_by_slide_are_those_of_the_fields(evaluation: Evaluation) -> None:
    found = agreements(evaluation)["fiber"]
    assert len(found.truth) == 3
    whole = sum(int(seen.paired.truth_counts.sum()) for seen in evaluation.observations)
    assert found.truth.sum() == whole
    assert found.found.sum() == sum(int(seen.paired.predicted_counts.sum()) for seen in evaluation.observations)


def test_compartments_say_how_many_fields_hold_them(evaluation: Evaluation) -> None:
    rows = {row.name: row for row in compartment_rows(evaluation)}
    assert (rows["fiber"].holding, rows["fat"].holding) == (4, 0)
    assert rows["fat"].dice is None
    assert rows["fat"].mean_dice is None
    assert rows["fiber"].share + rows["endomysium"].share == pytest.approx(1)
    assert rows["endomysium"].taken_for is not None
    assert rows["endomysium"].taken_for[0] == "fiber"
    row, dice = Compartment.FIBER, []
    for mixed in (seen.tally.compartments for seen in evaluation.observations):
        assert mixed.sum() == (SIZE // 2) ** 2
        dice.append(2 * mixed[row, row] / (mixed[row].sum() + mixed[:, row].sum()))
    assert rows["fiber"].mean_dice == pytest.approx(np.mean(dice))


def test_sensitivity_grows_with_the_false_calls_that_are_allowed(evaluation: Evaluation) -> None:
    for name, row in sensitivities(evaluation).items():
        values = [metric.value for metric in row]
        assert values == sorted(values), name


def test_the_gallery_shows_the_worst_first_and_no_place_that_is_right(evaluation: Evaluation) -> None:
    pictures = worst_mistakes(evaluation)
    assert any(kind.startswith("missed") for kind in pictures)
    assert any(kind.startswith("false") for kind in pictures)
    for kind, several in pictures.items():
        assert 1 <= len(several) <= EACH
        assert {picture.mistake.kind for picture in several} == {kind}
        for picture in several:
            image = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
            assert image.shape[1] == 2 * image.shape[0]
            assert picture.field == evaluation.origins[picture.mistake.place].field


def test_a_perfect_reading_has_an_empty_gallery(tmp_path: Path) -> None:
    save_field(field_path(tmp_path, 300), FIELDS[300], "discs")
    found = evaluate_fields(UnsureEngine(), OperatingPoints(cells=(0.5,) * 4, cell_spacing_um=0.5), tmp_path)
    assert not [kind for kind in worst_mistakes(found) if "fiber" in kind or "necro" in kind or "myoph" in kind]


def test_figures_are_drawn_the_same_twice_and_hold_no_date(evaluation: Evaluation) -> None:
    once, again = (figures.free_response(evaluation.observations) for _ in range(2))
    assert once == again
    assert once.startswith("<svg")
    assert "dc:date" not in once


class Outside(HTMLParser):
    """Whatever a page would fetch, and whether its tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.headings: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [
            v for name, v in attrs if name in ("src", "href", "xlink:href") and v and not v.startswith(("data:", "#"))
        ]
        if tag == "h2":
            self.headings.append("")
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "h2":
            self.open.remove(tag)

    def handle_data(self, data: str) -> None:
        if self.open:
            self.headings[-1] += data


def test_the_page_stands_alone_and_says_what_it_is(evaluation: Evaluation) -> None:
    elsewhere = {"On phantom sections": {"x": Metric(1.0, 0.5, 2.0, 3)}, "On real pixels": {}}
    seen = WrongReading("skin.svs", 0.5, "not_assessable: little_muscle", 0, False, 7, 3, 12.5)
    unseen = WrongReading("skin.svs", None, "no tag tells the scale", 4, False)
    real = RealEvaluation({}, (), "muscle_section: indeterminate", (unseen, seen))
    floors = standings({"sections.fiber.f1": Metric(0.9, 0.85, 0.94, 63)})
    page = evaluation_page(replace(evaluation, simulated=True), load_bundle(), {}, elsewhere, real, floors)
    outside = Outside()
    outside.feed(page)
    assert outside.links == []
    assert "Research use only" in page
    assert "4 fields of 3 slides of 2 patients" in page
    assert "digital phantoms: this says nothing about patients" in page
    assert "On real pixels" not in outside.headings
    sections = (
        "Fibers",
        "Nuclei",
        "Compartments",
        "Counts on each slide",
        "Calibration",
        "On phantom sections",
        "Floors",
    )
    for heading in (*sections, "By site, patient and slide", "Inputs that are no muscle"):
        assert heading in outside.headings
    assert "0.900 [0.850, 0.940]</td><td>63</td><td></td><td>no" in page
    assert "<td>7</td><td>3</td><td>12.50</td>" in page
    assert not re.search(r"\bnan\b|None", re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL))


def test_figures_of_slides_and_of_phantoms_never_mix_in_the_card(evaluation: Evaluation) -> None:
    card = load_bundle().card
    healthy = {"false_necrotic_per_1000_fibers": Metric(1.0, None, None, 3)}
    of_slides = card_with(Measured(evaluation, healthy), card)
    assert of_slides.phantom_metrics == {**card.phantom_metrics, **healthy}
    on_slides = {f"slides.{name}" for name in evaluation.metrics}
    assert set(of_slides.real_metrics) == set(card.real_metrics) | on_slides
    simulated = card_with(Measured(replace(evaluation, simulated=True), healthy), card)
    assert simulated.real_metrics == card.real_metrics
    assert set(simulated.phantom_metrics) == set(card.phantom_metrics) | set(healthy) | on_slides
    nothing = card_with(Measured(None, {}), card)
    assert (nothing.phantom_metrics, nothing.real_metrics) == (card.phantom_metrics, card.real_metrics)


def test_json_and_page_are_written_beside_each_other(evaluation: Evaluation, tmp_path: Path) -> None:
    written = write_evaluation(Measured(evaluation, {}), load_bundle(), tmp_path / "new" / "figures.json")
    assert [path.name for path in written] == ["figures.json", "figures.html"]
    assert "digital phantoms: this says nothing about patients" not in written[1].read_text(encoding="utf-8")
    content = json.loads(written[0].read_text(encoding="utf-8"))["slides"]
    assert content["metrics"].keys() == evaluation.metrics.keys()
    assert [group["name"] for group in content["by_patient"]] == ["a", "b"]
    assert set(content["mean_over_patients"]) <= set(GROUP_FIGURES)
    real = Measured(None, {}, RealEvaluation({"fibers_01.fiber_f1": Metric(0.9, None, None, 20)}, (), "", ()))
    assert [path.name for path in write_evaluation(real, load_bundle(), tmp_path / "real.json")] == ["real.json"]
