"""detector-errors.json: what a laboratory has measured of a bundle on its own patients, and nothing that names them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from histo.errors import BundleError, RecordError
from histo.evidence.corrected_count import Finding
from histo.evidence.correction import DetectorErrors, PatientErrors
from histo.records.plain import plain, read_json

SCHEMA, SCHEMA_VERSION = "histo.detector_errors", "1.0"
_REMEDY = "measure again with `python -m train measure-errors`, or take the file away"
_KEYS = {"schema", "schema_version", "weights_sha256", "operating_points_sha256", "simulated", "patients"}
_COUNTS = ("true", "found", "missed", "false_calls")


def errors_document(errors: DetectorErrors, weights_sha256: str, operating_points_sha256: str) -> dict[str, Any]:
    """The file's content.

    Args:
        errors: As many entries for each finding, in the same order of patients.
        weights_sha256: Of the weights that were measured.
        operating_points_sha256: Of their thresholds, with which errors change as well.

    Returns:
        A JSON object. Patients have no names, and stand in the order of their numbers.
    """
    columns = [errors.by_patient[finding] for finding in Finding]
    rows = [
        {finding.value: _entry(one) for finding, one in zip(Finding, row, strict=True)}
        for row in zip(*columns, strict=True)
    ]
    rows.sort(key=lambda row: [tuple(row[finding].values()) for finding in Finding])
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "weights_sha256": weights_sha256,
        "operating_points_sha256": operating_points_sha256,
        "simulated": errors.simulated,
        "patients": rows,
    }


def _entry(one: PatientErrors) -> dict[str, Any]:
    return {
        "mm2": plain(one.mm2),
        "true": one.found + one.missed,
        "found": one.found,
        "missed": one.missed,
        "false_calls": one.false_calls,
    }


def read_detector_errors(path: Path, weights_sha256: str, operating_points_sha256: str) -> DetectorErrors:
    """Read the file, strictly.

    Args:
        path: The file.
        weights_sha256: Of the weights that read now.
        operating_points_sha256: Of their thresholds.

    Raises:
        BundleError: If it is missing or damaged, or belongs to other weights or thresholds.
    """
    try:
        document = read_json(path)
    except RecordError as error:
        raise BundleError(path, error.problem, _REMEDY) from error
    if document.get("schema") != SCHEMA or document.get("schema_version") != SCHEMA_VERSION:
        found = f"{document.get('schema')!r} {document.get('schema_version')!r}"
        raise BundleError(path, f"is not {SCHEMA} {SCHEMA_VERSION} but {found}", _REMEDY)
    _check_keys(path, "the file", document, _KEYS)
    for name, now in (("weights", weights_sha256), ("operating_points", operating_points_sha256)):
        told = document[f"{name}_sha256"]
        if told != now:
            what = name.replace("_", " ")
            raise BundleError(path, f"was measured of other {what} ({str(told)[:12]}..., not {now[:12]}...)", _REMEDY)
    if not isinstance(document["simulated"], bool) or not isinstance(document["patients"], list):
        raise BundleError(path, "simulated must be true or false, and patients a list", _REMEDY)
    columns: dict[Finding, list[PatientErrors]] = {finding: [] for finding in Finding}
    for number, row in enumerate(document["patients"], start=1):
        _check_keys(path, f"patient {number}", row, {finding.value for finding in Finding})
        for finding, column in columns.items():
            column.append(_patient(path, f"patient {number}, {finding.value}", row[finding.value]))
    return DetectorErrors({finding: tuple(column) for finding, column in columns.items()}, document["simulated"])


def _patient(path: Path, place: str, entry: object) -> PatientErrors:
    _check_keys(path, place, entry, {"mm2", *_COUNTS})
    assert isinstance(entry, Mapping)
    area, counts = entry["mm2"], [entry[name] for name in _COUNTS]
    if any(type(count) is not int for count in counts) or type(area) not in (int, float):
        raise BundleError(path, f"{place}: mm2 must be a number, and the others whole numbers", _REMEDY)
    true, found, missed, false_calls = counts
    if true != found + missed:
        raise BundleError(path, f"{place}: true is {true}, and found and missed add up to {found + missed}", _REMEDY)
    try:
        return PatientErrors(float(area), found, missed, false_calls)
    except ValueError as error:
        raise BundleError(path, f"{place}: {error}", _REMEDY) from None


def _check_keys(path: Path, place: str, entry: object, keys: set[str]) -> None:
    if not isinstance(entry, Mapping) or set(entry) != keys:
        raise BundleError(path, f"{place} must hold exactly {', '.join(sorted(keys))}", _REMEDY)
