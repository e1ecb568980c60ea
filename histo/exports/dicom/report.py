"""A measurement report (Comprehensive 3D SR, TID 1500): the pattern, the evidence with its intervals, deciding fibers.

Rows of the reading become coded measurements and evaluations; their words stand beside them as comments. Regions are
in millimeters of the source's slide coordinate system.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    Comprehensive3DSR,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    ImageRegion3D,
    LanguageOfContentItemAndDescendants,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    SourceImageForMeasurementGroup,
    TextContentItem,
    TrackingIdentifier,
)

from histo.errors import RecordError
from histo.exports.dicom import codes
from histo.exports.dicom.annotations import to_px
from histo.exports.dicom.instance import MANUFACTURER, Instance, describe_instance
from histo.exports.dicom.source import Source
from histo.exports.dicom.uids import derived_uid
from histo.exports.stored_slide import StoredSlide
from histo.findings import NECROTIC_CLASSES, FiberClass
from histo.records.plain import REMEDY

SERIES_NUMBER = 9002
MOST_REGIONS = 200
"""Fibers outlined in the report, the most probable first; all of them are in the annotations."""

BURDENS = {
    "necrotic": "Necrotic fibers, all kinds",
    "necrotic_pale": "Necrotic fibers, pale",
    "necrotic_hyaline": "Necrotic fibers, hyaline",
    "myophagocytosis": "Fibers under myophagocytosis",
    "regenerating": "Regenerating fibers",
    "atrophic": "Fibers small for the biopsy",
    "invasion_candidates": "Non-necrotic fibers, candidates for invasion",
}
"""Entries of the evidence that count fibers, and their meaning."""


def write_report(path: Path, slide: StoredSlide, source: Source) -> None:
    """Write the reading of a slide as a report.

    Args:
        path: Where to write.
        slide: What.
        source: The image that it refers to.

    Raises:
        RecordError: If the reading lacks what the report tells.
    """
    instance = describe_instance(slide, source, "report")
    try:
        whole = _whole_slide(slide, source, instance)
    except (LookupError, TypeError) as error:
        raise RecordError(slide.folder / "reading.json", f"does not hold together ({error})", REMEDY) from error
    report = MeasurementReport(
        observation_context=_observer(instance),
        procedure_reported=codes.LIGHT_MICROSCOPY,
        imaging_measurements=[whole, *_regions(slide, source, instance)],
        title=codes.REPORT,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(codes.ENGLISH),
        referenced_images=[source.header],
    )
    made = Comprehensive3DSR(
        evidence=[source.header],
        content=report,
        is_complete=True,
        is_final=False,
        is_verified=False,
        **instance.keywords(SERIES_NUMBER),
    )
    instance.save(made, path)


def _observer(instance: Instance) -> ObservationContext:
    device = DeviceObserverIdentifyingAttributes(
        uid=derived_uid("device", instance.bundle_sha256),
        name=MANUFACTURER,
        manufacturer_name=MANUFACTURER,
        model_name=instance.bundle,
        serial_number=instance.bundle_sha256[:16],
    )
    return ObservationContext(observer_device_context=ObserverContext(codes.DEVICE, device))


def _algorithm(instance: Instance) -> AlgorithmIdentification:
    return AlgorithmIdentification(instance.bundle, instance.bundle_version)


def _whole_slide(slide: StoredSlide, source: Source, instance: Instance) -> MeasurementsAndQualitativeEvaluations:
    """The pattern, its grades, and every number of the evidence, about the slide as a whole."""
    pattern = slide.reading.document["pattern"]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(derived_uid(instance.uid, "whole slide"), "Whole slide"),
        algorithm_id=_algorithm(instance),
        finding_sites=[FindingSite(codes.SKELETAL_MUSCLE)],
        measurements=list(_measurements(slide.evidence, refused=pattern["refusal"] is not None)),
        qualitative_evaluations=list(_evaluations(pattern)),
        source_images=[
            SourceImageForMeasurementGroup(source.header.SOPClassUID, source.header.SOPInstanceUID),
        ],
    )
    for text in _comments(slide, pattern):
        told = without_name(text, slide.name)
        if told is not None:
            group[0].ContentSequence.append(TextContentItem(codes.COMMENT, told, "CONTAINS"))
    return group


def _comments(slide: StoredSlide, pattern: Mapping[str, Any]) -> Iterator[str]:
    yield pattern["disclaimer"]
    yield f"{pattern['label_text']}: {pattern['rule_reason']}"
    for refusal in (pattern["refusal"], *pattern["further_refusals"]):
        if refusal is not None:
            yield f"Refused: {refusal['sentence']} What would help: {refusal['remedy']}."
    yield from (reason["sentence"] for reason in pattern["reasons"])
    yield from pattern["caveats"]
    necrotic = int(np.isin(slide.findings.fibers.fiber_class, NECROTIC_CLASSES).sum())
    if necrotic > MOST_REGIONS:
        yield f"Of {necrotic} necrotic fibers the {MOST_REGIONS} most probable are outlined here."


def without_name(text: str, name: str) -> str | None:
    """A sentence that does not tell the slide's name, which may be a patient's: laboratories call files as they like.

    Args:
        text: The sentence.
        name: The slide's name.

    Returns:
        None where the name is a bare number, and cannot be told from the other numbers of the sentence.
    """
    found = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    if any(letter.isalpha() for letter in name):
        return found.sub("this slide", text)
    return None if found.search(text) else text


def _evaluations(pattern: Mapping[str, Any]) -> Iterator[QualitativeEvaluation]:
    name = pattern["label_text"].partition(",")[0]
    yield QualitativeEvaluation(codes.PATTERN, codes.private(pattern["label"], name))
    for finding, grade in pattern["grades"].items():
        words = grade.replace("_", " ")
        yield QualitativeEvaluation(
            codes.private(f"grade-{finding}", f"Grade: {finding.replace('_', ' ')}"), codes.private(grade, words)
        )


def _measurements(evidence: Mapping[str, Any], *, refused: bool) -> Iterator[Measurement]:
    """Counts, and densities and shares with their intervals; on a refusal counts and areas alone."""
    coverage, fibers, infiltrate = evidence["coverage"], evidence["fibers"], evidence["infiltrate"]
    for key in ("found", "rejected", "unreadable", "assessable"):
        name = codes.private(f"tissue-{key}", f"Area of tissue, {key}")
        yield Measurement(name, coverage[f"{key}_mm2"], codes.SQUARE_MILLIMETER)
    yield _count("fibers", "Muscle fibers", fibers["fibers"])
    for key, meaning in BURDENS.items():
        burden = evidence[key]
        if burden is not None:
            yield _count(key, meaning, burden["fibers"])
            if not refused:
                per_1000, per_mm2 = burden["per_1000_fibers"], burden["per_mm2"]
                yield from _estimate(f"{key}-share", f"{meaning}, per 1,000 fibers", per_1000, codes.PER_THOUSAND)
                yield from _estimate(f"{key}-mm2", f"{meaning}, per mm2", per_mm2, codes.PER_SQUARE_MILLIMETER)
    if infiltrate is not None:
        key, meaning = "infiltrate", "Inflammatory cells outside necrotic fibers"
        yield _count(key, meaning, infiltrate["total"]["cells"])
        if not refused:
            yield from _estimate(
                f"{key}-mm2", f"{meaning}, per mm2", infiltrate["total"]["per_mm2"], codes.PER_SQUARE_MILLIMETER
            )


def _count(key: str, meaning: str, value: int) -> Measurement:
    return Measurement(codes.private(f"{key}-count", f"{meaning}, count"), value, codes.NO_UNITS)


def _estimate(key: str, meaning: str, told: Mapping[str, float] | None, unit: CodedConcept) -> Iterator[Measurement]:
    """The value, then the ends of its 95% interval, told apart by their derivation."""
    if told is not None:
        name = codes.private(key, meaning)
        yield Measurement(name, told["value"], unit)
        yield Measurement(name, told["low"], unit, derivation=codes.LOW)
        yield Measurement(name, told["high"], unit, derivation=codes.HIGH)


def _regions(
    slide: StoredSlide, source: Source, instance: Instance
) -> Sequence[PlanarROIMeasurementsAndQualitativeEvaluations]:
    """The outlines of necrotic fibers, most probable first."""
    fibers = slide.findings.fibers
    rows = np.flatnonzero(np.isin(fibers.fiber_class, NECROTIC_CLASSES))
    probability = fibers.class_probability[rows, fibers.fiber_class[rows]]
    chosen = rows[np.argsort(-probability, kind="stable")][:MOST_REGIONS]
    found = []
    for row in chosen.tolist():
        kind = FiberClass(int(fibers.fiber_class[row]))
        ring = to_px(fibers.outline(row), slide).astype(np.float64)
        ring_mm = source.to_slide_mm(np.concatenate([ring, ring[:1]]))
        found.append(
            PlanarROIMeasurementsAndQualitativeEvaluations(
                tracking_identifier=TrackingIdentifier(derived_uid(instance.uid, f"fiber {row}"), f"Fiber {row}"),
                referenced_region=ImageRegion3D("POLYGON", ring_mm, source.header.FrameOfReferenceUID),
                finding_type=codes.FIBERS[kind],
                algorithm_id=_algorithm(instance),
                measurements=[
                    Measurement(codes.AREA, float(fibers.area_um2[row]), codes.SQUARE_MICROMETER),
                    Measurement(codes.MIN_FERET, float(fibers.min_feret_um[row]), codes.MICROMETER),
                    Measurement(codes.PROBABILITY, float(fibers.class_probability[row, kind]), codes.NO_UNITS),
                ],
            )
        )
    return found
