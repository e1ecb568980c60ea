"""What all exported DICOM objects have in common: who made them, of what, when; and no clock in any of it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from highdicom import AlgorithmIdentificationSequence
from highdicom.base import SOPClass

from histo.errors import RecordError
from histo.exports.dicom.codes import ARTIFICIAL_INTELLIGENCE, scheme_item
from histo.exports.dicom.source import Source
from histo.exports.dicom.uids import derived_uid
from histo.exports.stored_slide import StoredSlide
from histo.records.findings_files import CELLS_NAME, COMPARTMENTS_NAME, FIBERS_NAME
from histo.records.plain import REMEDY

MANUFACTURER = "histo"
DESCRIPTION = "Research use only. A pattern, not a diagnosis."
UTF8 = "ISO_IR 192"
_LONG_STRING = 64


@dataclass(frozen=True, eq=False, slots=True)
class Instance:
    """One DICOM object to be made.

    Attributes:
        source: The image that it refers to.
        uid: Of the object. The same reading, source and options give the same one.
        moment: When the slide was read: the object's date.
        bundle: Name of the weights.
        bundle_version: Their version.
        bundle_sha256: Their digest.
        software: Version of histo that read the slide.
    """

    source: Source
    uid: str
    moment: datetime
    bundle: str
    bundle_version: str
    bundle_sha256: str
    software: str

    def keywords(self, number: int) -> dict[str, Any]:
        """Arguments that every class of highdicom takes.

        Args:
            number: Of the series among those that histo makes.
        """
        return {
            "series_instance_uid": derived_uid(self.uid, "series"),
            "series_number": number,
            "sop_instance_uid": self.uid,
            "instance_number": 1,
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": self.bundle[:_LONG_STRING],
            "software_versions": [f"histo {self.software}", f"{self.bundle} {self.bundle_version}"[:_LONG_STRING]],
            "device_serial_number": self.bundle_sha256[:16],
            "series_description": DESCRIPTION,
            "specific_character_set": UTF8,
            "content_date": self.moment.date(),
            "content_time": self.moment.time(),
            "series_date": self.moment.date(),
            "series_time": self.moment.time(),
            "coding_schemes": [scheme_item()],
        }

    def algorithm(self) -> AlgorithmIdentificationSequence:
        """What found the fibers and cells."""
        return AlgorithmIdentificationSequence(
            self.bundle[:_LONG_STRING], ARTIFICIAL_INTELLIGENCE, self.bundle_version[:_LONG_STRING], source=MANUFACTURER
        )

    def save(self, made: SOPClass, path: Path) -> None:
        """Write an object without the traces of when it was made: dates of the clock, random UIDs.

        Args:
            made: The object; altered.
            path: Where to write.
        """
        made["InstanceCreationDate"].value = self.moment.strftime("%Y%m%d")
        made["InstanceCreationTime"].value = self.moment.strftime("%H%M%S")
        made.TimezoneOffsetFromUTC = self.moment.strftime("%z")
        for item in made.get("ContributingEquipmentSequence", []):
            item.ContributionDateTime = self.moment.strftime("%Y%m%d%H%M%S")
        organization = derived_uid(self.uid, "dimensions")
        for sequence in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
            for item in made.get(sequence, []):
                item.DimensionOrganizationUID = organization
        # By way of memory: of a full disk pydicom tells with a traceback in the message.
        buffer = io.BytesIO()
        made.save_as(buffer, enforce_file_format=True)
        path.write_bytes(buffer.getbuffer())


def describe_instance(slide: StoredSlide, source: Source, *words: str) -> Instance:
    """The facts of one object.

    Args:
        slide: What was read.
        source: The image it refers to.
        words: What kind of object, and the options that alter it.

    Raises:
        RecordError: If the folder does not tell what read the slide, and when.
    """
    model, software = slide.reading.document.get("model"), slide.reading.document.get("provenance")
    moment = slide.started()
    try:
        told = [str(one) for one in (model["name"], model["version"], model["sha256"], software["histo"])]  # type: ignore[index]
    except (LookupError, TypeError) as error:
        raise RecordError(slide.folder / "reading.json", "does not tell what read the slide", REMEDY) from error
    digest = hashlib.sha256()
    for name in ("reading.json", FIBERS_NAME, CELLS_NAME, COMPARTMENTS_NAME):
        with (slide.folder / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    made_by = (version("histo"), version("highdicom"), version("pydicom"))
    uid = derived_uid(
        digest.hexdigest(), moment.isoformat(), source.header.SOPInstanceUID, source.header.to_json(), *words, *made_by
    )
    return Instance(source, uid, moment, *told)
