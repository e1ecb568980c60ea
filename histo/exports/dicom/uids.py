"""Unique identifiers that follow from what they identify, so that the same export has the same ones again."""

from __future__ import annotations

import uuid

_ROOT = uuid.uuid5(uuid.NAMESPACE_URL, "urn:histo:dicom")


def derived_uid(*words: str) -> str:
    """A UID under 2.25 (ISO/IEC 9834-8: a UUID as a number), made of a name-based UUID (RFC 9562, version 5).

    Args:
        words: What is identified, e.g. the sha256 of a slide and `study`. Other words give another UID.
    """
    return f"2.25.{uuid.uuid5(_ROOT, chr(0).join(words)).int}"
