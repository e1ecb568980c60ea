"""A bundle's mistakes are counted, kept, drawn from and applied so that nothing is invented and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from histo.errors import RecordError
from histo.evidence import weigh_evidence
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, Compartment, FiberClass, Findings
from train.study.biopsies import Plan, draw_levels
from train.study.dispersion import concentration, draw_rates, gamma_shape
from train.study.error_file import read_errors, write_errors
from train.study.error_model import ErrorModel, Rates
from train.study.kinds import CLASS_OF_KIND, NECROTIC_KINDS, CellPlace, FiberKind
from train.study.misread import misread
from train.study.section_errors import MISSED, MISSED_CELL, SectionErrors, compare
from train.study.shift import Shift, headline
from train.study.true_slide import TrueSlide, true_slide


@cache
def section(disease: str = "imnm_srp", seed: int = 5) -> TrueSlide:
    ((scene, look),) = draw_levels(Plan(seed, disease, 1, 0.6))
    return true_slide(scene, look)


@cache
def sloppy() -> Rates:
    """Every kind of mistake, often."""
    perfect = Rates.perfect()
    fibers = 0.7 * perfect.fibers
    fibers[:, FiberClass.NECROTIC_PALE] += 0.1
    fibers[:, 5], fibers[:, MISSED] = 0.05, 0.15
    cells = 0.8 * perfect.cells
    cells[:, :, -1] += 0.2
    return replace(
        perfect,
        fibers=fibers,
        attributes=np.tile([0.05, 0.6], (6, 1)),
        stray_attributes=np.array([0.0, 0.1, 0.2, 0.3, 0.7, 0.5]),
        width=np.array([[0.05, 0.1], [-0.1, 0.2]]),
        fragment=np.array([-0.4, 0.2]),
        false_fibers=np.full((8, 5), 2.0),
        cells=cells,
        false_cells=np.full((8, 4), 10.0),
        compartments=0.9 * np.eye(8) + 0.1 / 8,
        assessable=0.9,
        rejected=0.05,
    )


def read_by(rates: Rates, seed: int = 0) -> SectionErrors:
    seen = misread(section(), rates, "a", np.random.default_rng(seed))
    return compare(section(), seen.findings, seen.coverage)


def model_of(sections: tuple[SectionErrors, ...]) -> ErrorModel:
    return ErrorModel("phantom 1", "w", "r", "p", tuple(range(len(sections))), ("normal",) * len(sections), sections)


def test_a_reader_without_mistakes_sees_the_truth() -> None:
    for disease in ("imnm_srp", "granulomatous"):
        true = section(disease)
        seen = misread(true, Rates.perfect(), "a", np.random.default_rng(1))
        assert weigh_evidence([seen]) == weigh_evidence([true.observed("a")])


def test_the_truth_without_pixels_is_that_of_the_scene() -> None:
    ((scene, _),) = draw_levels(Plan(5, "imnm_srp", 1, 0.6))
    true = section()
    whole = weigh_evidence([true.observed("a")]).pooled
    assert whole.necrotic.fibers == np.isin(scene.fiber_class, NECROTIC_CLASSES).sum()
    assert len(true.fibers) == len(scene.fibers)
    assert (CLASS_OF_KIND[true.fiber_kind] == true.fibers.fiber_class).all()
    assert true.compartments.scored_mm2 == pytest.approx(0.6, rel=0.1)
    assert whole.composition.fat_mm2 < 0.2
    inside = true.compartments.at_um(true.fibers.center_um) == Compartment.FIBER
    assert inside.mean() > 0.97


def test_comparing_a_reading_with_the_truth_finds_just_what_was_done_to_it() -> None:
    none = read_by(Rates.perfect())
    assert none.fibers[:, MISSED].sum() == none.false_fibers.sum() == none.false_cells.sum() == 0
    assert none.fibers.sum() == len(section().fibers)
    assert (none.compartments == np.diag(np.diag(none.compartments))).all()
    true = section()
    lost = Findings(true.fibers.select(np.arange(0, len(true.fibers), 2)), true.cells, true.compartments)
    half = compare(true, replace(lost, cells=replace(true.cells, fiber=np.full(len(true.cells), -1, np.int32))),
                   true.observed("a").coverage)  # fmt: skip
    assert half.fibers[:, MISSED].sum() == len(true.fibers) // 2
    assert half.false_fibers.sum() == 0


def test_what_is_measured_of_drawn_mistakes_is_what_they_were_drawn_from() -> None:
    """The whole circle: rates, readings by them, their comparison with the truth, and the rates measured from it."""
    found = model_of(tuple(read_by(sloppy(), seed) for seed in range(8))).pooled
    drawn = sloppy()
    # 0.12: three standard errors of a rate of the rarest row, about 90 fibers in all
    seen = model_of((read_by(sloppy()),)).stacked("fibers")[0].sum(axis=1) >= 20
    assert found.fibers[seen][:, :5] == pytest.approx(drawn.fibers[seen][:, :5], abs=0.12)
    assert found.fibers[seen, MISSED] == pytest.approx(drawn.fibers[seen, MISSED], abs=0.12)
    assert np.diag(found.compartments)[[1, 2, 3]] == pytest.approx(np.diag(drawn.compartments)[[1, 2, 3]], abs=0.05)
    assert found.width[0, 0] == pytest.approx(0.05, abs=0.02)
    assert found.attributes[0] == pytest.approx(drawn.attributes[0], abs=0.12)
    assert found.stray_attributes == pytest.approx(drawn.stray_attributes, abs=0.08)
    assert found.assessable == pytest.approx(0.9)


def test_a_section_has_its_own_width_of_errors() -> None:
    sharp, blurred = (
        read_by(replace(Rates.perfect(), width=np.array([[0.0, spread], [0.0, spread]]))) for spread in (0.01, 0.15)
    )
    drawn = [model_of((sharp, blurred)).draw(np.random.default_rng(seed), "normal").width[0, 1] for seed in range(20)]
    assert sorted({round(one, 6) for one in drawn}) == pytest.approx([0.01, 0.15], abs=0.02)


def test_phagocytes_share_the_fate_of_their_fiber() -> None:
    """Where a fiber is not called necrotic, what is seen of its phagocytes is a rate of its own."""
    perfect = Rates.perfect()
    fibers, cells = perfect.fibers.copy(), perfect.cells.copy()
    fibers[NECROTIC_KINDS] = 0.5 * (np.eye(11)[FiberClass.INTACT] + perfect.fibers[NECROTIC_KINDS])
    cells[CellPlace.UNSEEN_NECROTIC_FIBER] = np.eye(5)[MISSED_CELL]
    counts = read_by(replace(perfect, fibers=fibers, cells=cells))
    assert counts.fibers[NECROTIC_KINDS][:, FiberClass.INTACT].sum() > 0
    inside = counts.cells[:, list(INFLAMMATORY_CLASSES)]
    assert inside[CellPlace.UNSEEN_NECROTIC_FIBER].sum() > 0
    assert inside[CellPlace.UNSEEN_NECROTIC_FIBER][:, :MISSED_CELL].sum() == 0
    assert inside[CellPlace.NECROTIC_FIBER][:, MISSED_CELL].sum() == 0


def test_a_crowd_of_false_cells_stays_with_its_disease() -> None:
    quiet = read_by(sloppy())
    loud = replace(quiet, false_cells=quiet.false_cells + 200.0)
    names, sections = ("normal", "granulomatous") * 4, (replace(quiet, false_cells=np.zeros((8, 4))), loud) * 4
    model = replace(model_of(sections), diseases=names)
    place = Compartment.ENDOMYSIUM
    mm2 = 4 * quiet.compartment_mm2[place]
    assert model.rates_of("false_cells", "normal")[place].max() <= 1 / mm2
    assert model.rates_of("false_cells", "granulomatous")[place].min() > 100 / quiet.compartment_mm2[place]
    assert (model.rates_of("false_cells", "never measured")[place] == model.pooled.false_cells[place]).all()
    rng = np.random.default_rng(0)
    drawn = {name: np.mean([model.draw(rng, name).false_cells[place].sum() for _ in range(50)]) for name in names}
    assert drawn["normal"] < 0.05 * drawn["granulomatous"]


def test_worse_recall_gives_fewer_finds_and_more_false_calls_more() -> None:
    def necrotic(shift: Shift) -> float:
        counts = [read_by(shift.of(sloppy()), seed).fibers for seed in range(4)]
        return float(np.sum(counts, axis=0)[NECROTIC_KINDS][:, list(NECROTIC_CLASSES)].sum())

    def cells(shift: Shift) -> int:
        seen = misread(section(), shift.of(sloppy()), "a", np.random.default_rng(3)).findings.cells
        return int(np.isin(seen.cell_class, INFLAMMATORY_CLASSES).sum())

    assert necrotic(Shift(necrotic_found=0.5)) < necrotic(Shift())
    assert cells(Shift(cells_found=0.3)) < cells(Shift()) < cells(Shift(false_cells=5))
    worst = Shift(0.5, 0.5, 3.0, 2.0, 2.0).of(sloppy())
    assert worst.fibers.sum(axis=1) == pytest.approx(1)
    assert worst.cells.sum(axis=2) == pytest.approx(1)
    sure = Shift(necrotic_found=0.8).of(Rates.perfect())
    assert sure.fibers[FiberKind.NECROTIC_PALE, MISSED] == pytest.approx(0.2)


def test_a_model_reads_back_as_it_was_written(tmp_path: Path) -> None:
    model = model_of((read_by(sloppy()), read_by(sloppy(), 1)))
    back = read_errors(write_errors(tmp_path / "error_model.json", model))
    for name in ("fibers", "false_cells", "width", "compartments"):
        assert back.stacked(name) == pytest.approx(model.stacked(name))
    assert headline(back)["necrotic.found"].value == pytest.approx(headline(model)["necrotic.found"].value)
    first, second = (one.draw(np.random.default_rng(4), "normal") for one in (model, back))
    assert first.fibers == pytest.approx(second.fibers, abs=1e-6)


@pytest.mark.parametrize("text", ['{"schema": 1}', '{"schema": 9}', '{"schema": 1, "sections": []}'])
def test_what_is_no_model_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "error_model.json").write_text(text)
    with pytest.raises(RecordError, match=r"error_model\.json.*measure it again"):
        read_errors(tmp_path / "error_model.json")


def test_what_was_never_met_is_like_its_class() -> None:
    counts = read_by(sloppy())
    rare = counts.fibers.copy()
    rare[FiberKind.LIPID] = 0
    pooled = model_of((replace(counts, fibers=rare),)).pooled
    assert pooled.fibers.sum(axis=1) == pytest.approx(1)
    assert pooled.fibers[FiberKind.LIPID, FiberClass.INTACT] == pytest.approx(
        pooled.fibers[FiberKind.INTACT, FiberClass.INTACT], abs=0.1
    )


def test_how_much_sections_differ_is_found_again() -> None:
    """Against simulation: Dirichlet-multinomial and gamma-Poisson counts of known spread."""
    rng = np.random.default_rng(0)
    share = np.array([[0.7, 0.2, 0.1]])
    for truth in (5.0, 50.0):
        counts = np.array([[rng.multinomial(60, rng.dirichlet(truth * share[0]))] for _ in range(600)], np.float64)
        assert concentration(counts, share)[0] == pytest.approx(truth, rel=0.3)
    for truth in (0.5, 4.0):
        exposure = rng.uniform(1, 3, (800, 1))
        rate = rng.gamma(truth, 6 / truth, (800, 1))
        found = gamma_shape(rng.poisson(rate * exposure)[:, :, None].astype(np.float64), exposure, np.array([[6.0]]))
        assert found[0, 0] == pytest.approx(truth, rel=0.3)


def test_rates_that_are_drawn_keep_their_mean() -> None:
    rng = np.random.default_rng(0)
    shape, rate, exposure = np.array([[2.0]]), np.array([[5.0]]), np.array([1.5])
    drawn = [
        draw_rates(rng.poisson(rng.gamma(2.0, 2.5, (1, 1)) * 1.5).astype(float), exposure, rate, shape, rng)[0, 0]
        for _ in range(4000)
    ]
    assert np.mean(drawn) == pytest.approx(5.0, rel=0.05)
    assert np.var(drawn) == pytest.approx(5.0**2 / 2, rel=0.15)


def test_a_missing_model_says_how_it_is_measured(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no such file") as told:
        read_errors(tmp_path / "error_model.json")
    assert "train error-model" in told.value.remedy
