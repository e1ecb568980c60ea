"""Coded concepts: a standard code only where the DICOM standard's own context groups hold it, else a private one.

There is no standard code for the pathology of single muscle fibers. The two kinds of inflammatory cells are private on
purpose: SNOMED's codes name a lineage, and H&E shows a likeness.
"""

from __future__ import annotations

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import CodedConcept

from histo.findings import CellClass, Compartment, FiberClass

SCHEME = "99HISTO"
"""Private schemes begin with 99 (DICOM PS3.16, section 8.2)."""

CODE_MEANING_LENGTH = 64


def private(value: str, meaning: str) -> CodedConcept:
    """A code of histo's own scheme; a long meaning is cut, for the standard allows 64 characters."""
    return CodedConcept(value, SCHEME, meaning[:CODE_MEANING_LENGTH])


def scheme_item() -> CodingSchemeIdentificationItem:
    """What an object says of the private scheme."""
    return CodingSchemeIdentificationItem(
        SCHEME, name="histo: findings in muscle biopsies", version="1", responsible_organization="histo"
    )


ANATOMICAL = CodedConcept("91723000", "SCT", "Anatomical structure")
ABNORMAL = CodedConcept("49755003", "SCT", "Morphologically abnormal structure")
AREA = CodedConcept("42798000", "SCT", "Area")
LIGHT_MICROSCOPY = CodedConcept("104157003", "SCT", "Light microscopy")
SKELETAL_MUSCLE = CodedConcept("127954009", "SCT", "Skeletal muscle")
ARTIFICIAL_INTELLIGENCE = CodedConcept("123110", "DCM", "Artificial Intelligence")
DEVICE = CodedConcept("121007", "DCM", "Device")
COMMENT = CodedConcept("121106", "DCM", "Comment")
ENGLISH = CodedConcept("en", "RFC5646", "English")
REPORT = CodedConcept("126000", "DCM", "Imaging Measurement Report")
STANDARD = (
    ANATOMICAL, ABNORMAL, AREA, LIGHT_MICROSCOPY, SKELETAL_MUSCLE, ARTIFICIAL_INTELLIGENCE, DEVICE, COMMENT, REPORT,
)  # fmt: skip

MICROMETER = CodedConcept("um", "UCUM", "micrometer")
SQUARE_MICROMETER = CodedConcept("um2", "UCUM", "square micrometer")
SQUARE_MILLIMETER = CodedConcept("mm2", "UCUM", "square millimeter")
PER_SQUARE_MILLIMETER = CodedConcept("/mm2", "UCUM", "per square millimeter")
PER_THOUSAND = CodedConcept("[ppth]", "UCUM", "parts per thousand")
NO_UNITS = CodedConcept("1", "UCUM", "no units")

PROBABILITY = private("probability", "Probability of the class, by the network")
MIN_FERET = private("min-feret", "Smallest caliper width")
PATTERN = private("pattern", "Histologic pattern (research use; not a diagnosis)")
LOW = private("ci95-low", "Lower end of the 95% interval")
HIGH = private("ci95-high", "Upper end of the 95% interval")

FIBERS: dict[FiberClass, CodedConcept] = {
    FiberClass.INTACT: private("intact", "Intact muscle fiber"),
    FiberClass.REGENERATING: private("regenerating", "Regenerating muscle fiber"),
    FiberClass.NECROTIC_PALE: private("necrotic-pale", "Necrotic muscle fiber, pale"),
    FiberClass.NECROTIC_HYALINE: private("necrotic-hyaline", "Necrotic muscle fiber, hyaline"),
    FiberClass.MYOPHAGOCYTOSIS: private("myophagocytosis", "Muscle fiber under myophagocytosis"),
}
CELLS: dict[CellClass, CodedConcept] = {
    CellClass.LYMPHOCYTE: private("lymphocyte-like", "Nucleus like that of a lymphocyte"),
    CellClass.MACROPHAGE: private("macrophage-like", "Nucleus like that of a macrophage"),
    CellClass.MYONUCLEUS: private("myonucleus", "Myonucleus"),
    CellClass.OTHER: private("other-nucleus", "Other nucleus"),
}
COMPARTMENTS: dict[Compartment, CodedConcept] = {
    Compartment.FIBER: private("muscle-fiber", "Muscle fibers"),
    Compartment.ENDOMYSIUM: private("endomysium", "Endomysium"),
    Compartment.PERIMYSIUM: private("perimysium", "Perimysium"),
    Compartment.VESSEL: private("vessel", "Vessel"),
    Compartment.FAT: private("fat", "Fat"),
    Compartment.NERVE_SPINDLE: private("nerve-spindle", "Nerve or muscle spindle"),
    Compartment.ARTEFACT: private("artefact", "Artefact within the tissue"),
}
"""Glass is no part of the tissue."""
