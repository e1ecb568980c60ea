"""The only place that parses XML: without document types, entities, or anything fetched from elsewhere."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml
from defusedxml.ElementTree import fromstring

from histo.annotations.drawn import Damaged, Points, number, points_of
from histo.annotations.safe_file import EXPORT_AGAIN
from histo.errors import AnnotationUnsafe


def parse_xml(data: bytes, path: Path) -> Element:
    """The root element.

    Raises:
        Damaged: If it is not well-formed.
        AnnotationUnsafe: If it declares a document type or entities, with which a small file can fill any memory.
    """
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except defusedxml.DefusedXmlException:
        raise AnnotationUnsafe(
            path, "declares a document type or entities, as no drawing tool does", EXPORT_AGAIN
        ) from None
    except (ParseError, LookupError, ValueError) as error:
        raise Damaged(f"it is not well-formed XML ({error})") from None
    except RecursionError:
        raise AnnotationUnsafe(path, "is nested too deeply", EXPORT_AGAIN) from None
    return root


def vertices_of(parent: Element | None, tag: str, place: str) -> Points:
    """(N, 2) the X and Y attributes of the children of one name, in their order.

    Raises:
        Damaged: If one is missing or no number.
    """
    elements = [] if parent is None else parent.findall(tag)
    return points_of([[number(e.get(axis), place) for axis in ("X", "Y")] for e in elements], place)
