"""What a bundle misses and invents on a laboratory's own patients, counted as a reading counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.ndimage import distance_transform_edt

from histo.errors import UsageError
from histo.evidence import standard_measures
from histo.evidence.corrected_count import Finding
from histo.evidence.correction import DetectorErrors, PatientErrors
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, Cells, Compartment, FiberClass, Fibers
from histo.network import Bundle, Engine
from histo.phantom.truth import FieldTruth
from train.evaluate import findings_of, maps_of
from train.field_store import load_field
from train.matching import draw_fibers
from train.metrics import count_cells, count_hits, pair_fibers
from train.observe import tissue_mm2
from train.origins import PHANTOM_SITE, counted_fields

Counts = dict[Finding, PatientErrors]
_NOT_TRUSTED = (Compartment.NERVE_SPINDLE, Compartment.ARTEFACT)
"""Where cells are not counted as infiltrate."""


def measure_errors(bundle: Bundle, engine: Engine, fields: Path, simulated: bool = False) -> DetectorErrors:
    """Read every field that may be counted, and add up by patient.

    Args:
        bundle: Its thresholds are used; its card tells whom it was trained on.
        engine: Runs its network.
        fields: Test fields cut from annotated slides.
        simulated: Whether these slides are phantoms.

    Raises:
        UsageError: If a patient was trained on: what is remembered is no measure of what will be missed.
    """
    rows = counted_fields(fields)
    people = sorted({origin.patient for _, origin in rows})
    known = [patient for patient in people if bundle.card.was_trained_on(patient)]
    if known:
        problem = f"{len(known)} of its {len(people)} patients were trained on"
        raise UsageError(fields, problem, "give the fields of test patients")
    by_patient: dict[str, Counts] = {}
    for path, origin in track(rows, description=f"Reading {fields}"):
        field = load_field(path)
        fibers, cells, compartments = findings_of(maps_of(engine, field.rgb), bundle.card.operating_points)
        counts = count_field(field.truth, fibers, cells, compartments)
        by_patient[origin.patient] = add_counts([by_patient.get(origin.patient, {}), counts])
    phantoms = any(origin.site == PHANTOM_SITE for _, origin in rows)
    return DetectorErrors(
        {finding: tuple(by_patient[patient][finding] for patient in people) for finding in Finding},
        simulated=simulated or phantoms,
    )


def add_counts(parts: Sequence[Mapping[Finding, PatientErrors]]) -> Counts:
    """The sum of the counts of several fields."""
    nothing = PatientErrors(0.0, 0, 0, 0)
    given = {finding: [part.get(finding, nothing) for part in parts] for finding in Finding}
    return {
        finding: PatientErrors(
            sum(one.mm2 for one in ones),
            sum(one.found for one in ones),
            sum(one.missed for one in ones),
            sum(one.false_calls for one in ones),
        )
        for finding, ones in given.items()
    }


def count_field(truth: FieldTruth, fibers: Fibers, cells: Cells, compartments: NDArray[np.uint8]) -> Counts:
    """What one field shows; where nobody drew, nothing counts.

    Args:
        truth: What was drawn.
        fibers: What was found, in micrometers from the field's corner.
        cells: Likewise.
        compartments: (h, w) uint8 at 1 um/px, as found.
    """
    paired = pair_fibers(truth, fibers)
    mm2 = tissue_mm2(truth, truth.fibers_known)
    counts: Counts = {}
    kinds = {Finding.NECROTIC: NECROTIC_CLASSES, Finding.MYOPHAGOCYTOSIS: (FiberClass.MYOPHAGOCYTOSIS,)}
    for finding, classes in kinds.items():
        is_true, is_found = np.isin(truth.fiber_class, classes), np.isin(fibers.fiber_class, classes)
        counts[finding] = _errors(mm2, count_hits(paired, is_true, is_found))
    counts[Finding.INFILTRATE] = _count_infiltrate(truth, fibers, cells, compartments)
    return counts


def _errors(mm2: float, triple: tuple[int, int, int]) -> PatientErrors:
    hits, false, missed = triple
    return PatientErrors(mm2, hits, missed, false) if mm2 > 0 else PatientErrors(0.0, 0, 0, 0)


def _count_infiltrate(
    truth: FieldTruth, fibers: Fibers, cells: Cells, compartments: NDArray[np.uint8]
) -> PatientErrors:
    """Inflammatory cells outside necrotic fibers, their rim, nerves and artefacts, as evidence counts them."""
    kinds = list(INFLAMMATORY_CLASSES)
    if not truth.cell_classes_known[kinds].all():
        return PatientErrors(0.0, 0, 0, 0)
    # Without the fibers nobody can say which cells lie inside necrotic ones.
    both = [known for known in (truth.cells_known, truth.fibers_known) if known is not None]
    known = np.logical_and.reduce(both) if both else None
    shape = (truth.fiber_labels.shape[0], truth.fiber_labels.shape[1])
    necrotic_true = np.isin(truth.fiber_class, NECROTIC_CLASSES)
    necrotic_true[0] = False
    drawn = draw_fibers(fibers, shape, truth.mpp)
    necrotic_found = np.concatenate([[False], np.isin(fibers.fiber_class, NECROTIC_CLASSES)])
    rim_px = truth.mpp.to_px(standard_measures().necrotic_rim_um)
    compartments_found = np.kron(compartments, np.ones((2, 2), np.uint8))[: shape[0], : shape[1]]
    out_true = _outside(necrotic_true[truth.fiber_labels], truth.compartments, rim_px)
    out_found = _outside(necrotic_found[drawn], compartments_found, rim_px)
    true_px, found_px = truth.cell_center_px, truth.mpp.to_px(cells.center_um.astype(np.float64))
    counted = _at(out_true, true_px)
    outside = replace(
        truth,
        cell_center_px=truth.cell_center_px[counted],
        cell_class=truth.cell_class[counted],
        cells_known=known,
    )
    called = np.isin(cells.cell_class, kinds) & _at(out_found, found_px)
    return _errors(tissue_mm2(truth, known), count_cells(outside, kinds, cells.center_um[called]))


def _outside(necrotic: NDArray[np.bool_], compartments: NDArray[np.uint8], rim_px: float) -> NDArray[np.bool_]:
    free: NDArray[np.bool_] = ~np.isin(compartments, _NOT_TRUSTED)
    if necrotic.any():
        free &= distance_transform_edt(~necrotic) > rim_px
    return free


def _at(mask: NDArray[np.bool_], centers_px: NDArray[np.floating]) -> NDArray[np.bool_]:
    height, width = mask.shape
    column, row = np.floor(centers_px).astype(np.int64).T.reshape(2, -1)
    found: NDArray[np.bool_] = mask[row.clip(0, height - 1), column.clip(0, width - 1)]
    return found
