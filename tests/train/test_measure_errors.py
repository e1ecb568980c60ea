"""What is missed and invented, counted by patient as a reading counts it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers import FIELDS, SIZE, UnsureEngine, perfect_cells, perfect_fibers
from stand_in import draw_field

from histo.cohort import Split
from histo.errors import UsageError
from histo.evidence.corrected_count import Finding
from histo.evidence.correction import PatientErrors
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, CellClass, FiberClass
from histo.network import load_bundle
from histo.network.trained_on import salted_digests
from histo.phantom.truth import Field
from train.field_list import FieldOrigin, write_field_list
from train.field_store import save_field
from train.measure_errors import count_field, measure_errors


def perfect(field: Field) -> tuple[object, object, np.ndarray]:
    truth = field.truth
    return perfect_fibers(truth), perfect_cells(truth), truth.compartments[::2, ::2]


def test_a_perfect_reader_misses_and_invents_nothing() -> None:
    field = FIELDS[300]
    counts = count_field(field.truth, *perfect(field))  # type: ignore[arg-type]
    for finding in Finding:
        one = counts[finding]
        assert (one.missed, one.false_calls) == (0, 0)
        assert one.mm2 == pytest.approx((SIZE * 0.5e-3) ** 2)


def test_fibers_that_are_called_otherwise_are_missed_and_false() -> None:
    truth = draw_field(302, SIZE).truth
    fibers = perfect_fibers(truth)
    kinds = np.where(fibers.fiber_class == FiberClass.MYOPHAGOCYTOSIS, FiberClass.NECROTIC_PALE, FiberClass.INTACT)
    called = replace(fibers, fiber_class=kinds.astype(np.uint8))
    counts = count_field(truth, called, perfect_cells(truth), truth.compartments[::2, ::2])
    whole = ~fibers.cut
    myophagocytosis = int(np.sum((fibers.fiber_class == FiberClass.MYOPHAGOCYTOSIS) & whole))
    necrotic = int(np.sum(np.isin(fibers.fiber_class, NECROTIC_CLASSES) & whole))
    assert counts[Finding.MYOPHAGOCYTOSIS].missed == myophagocytosis
    assert counts[Finding.NECROTIC].found == myophagocytosis, "any necrotic class counts for the burden"
    assert counts[Finding.NECROTIC].missed == necrotic - myophagocytosis


def test_cells_in_necrotic_fibers_are_no_infiltrate() -> None:
    field = FIELDS[301]
    truth = field.truth
    necrotic = np.isin(truth.fiber_class, NECROTIC_CLASSES)
    necrotic[0] = False
    column, row = np.floor(truth.cell_center_px).astype(int).T
    inflammatory = np.isin(truth.cell_class, INFLAMMATORY_CLASSES)
    inside = necrotic[truth.fiber_labels[row, column]]
    counts = count_field(truth, *perfect(field))[Finding.INFILTRATE]  # type: ignore[arg-type]
    assert counts.found <= np.sum(inflammatory & ~inside)
    assert counts.found < np.sum(inflammatory), "some lie inside, or this test shows nothing"


def test_where_nobody_looked_nothing_counts() -> None:
    field = FIELDS[300]
    nothing = PatientErrors(0.0, 0, 0, 0)
    unmarked = np.array([kind not in INFLAMMATORY_CLASSES for kind in CellClass])
    answers = perfect(field)
    counts = count_field(replace(field.truth, cell_classes_known=unmarked), *answers)  # type: ignore[arg-type]
    assert counts[Finding.INFILTRATE] == nothing
    assert counts[Finding.NECROTIC].mm2 > 0
    blank = np.zeros((SIZE, SIZE), np.bool_)
    counts = count_field(replace(field.truth, fibers_known=blank), *answers)  # type: ignore[arg-type]
    assert set(counts.values()) == {nothing}, "without fibers nobody can say which cells lie in necrotic ones"


def laboratory(folder: Path) -> Path:
    origins = []
    for number, patient in enumerate(("a", "a", "b")):
        FIELDS[910 + number] = field = draw_field(910 + number, SIZE)
        name = f"{patient}-{number}"
        save_field(folder / "test" / f"{name}.safetensors", field, "drawn")
        origins.append(
            FieldOrigin(
                f"test/{name}.safetensors", Split.TEST, patient, patient, patient, "A", "", 0, 0, True, "0" * 64
            )
        )
    write_field_list(folder, origins)
    return folder / "test"


def test_fields_add_up_by_patient_and_trained_ones_are_refused(tmp_path: Path) -> None:
    fields, bundle = laboratory(tmp_path), load_bundle()
    errors = measure_errors(bundle, UnsureEngine(), fields)
    assert {len(ones) for ones in errors.by_patient.values()} == {2}
    assert not errors.simulated
    one, other = errors.by_patient[Finding.NECROTIC]
    assert one.mm2 == pytest.approx(2 * other.mm2)
    assert measure_errors(bundle, UnsureEngine(), fields, simulated=True).simulated
    card = replace(bundle.card, salt="s", training_patients=salted_digests("s", ["a"]))
    with pytest.raises(UsageError, match="1 of its 2 patients were trained on; give the fields of test patients"):
        measure_errors(replace(bundle, card=card), UnsureEngine(), fields)
