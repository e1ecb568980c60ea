"""Which format a file is in, told from its content."""

from __future__ import annotations

from pathlib import Path

from histo.annotations.asap import is_asap, read_asap
from histo.annotations.coco import is_coco, read_coco
from histo.annotations.darwin import is_darwin, read_darwin
from histo.annotations.drawn import Damaged, DrawnFile
from histo.annotations.label_mask import is_mask, read_mask
from histo.annotations.layered import is_layered, read_layered
from histo.annotations.qupath import is_qupath, read_qupath
from histo.annotations.safe_file import EXPORT_AGAIN, parse_json, read_bytes
from histo.annotations.xml_door import parse_xml
from histo.errors import AnnotationBroken, NotAnAnnotation

KNOWN = (
    "QuPath GeoJSON, ASAP XML, Aperio ImageScope XML, HALO .annotations, Darwin JSON, COCO JSON, or a label mask in "
    "PNG or TIFF"
)

_STRANGERS = (
    (b"\xac\xed", 0, "is a .qpdata file, which only QuPath can read", "in QuPath: File, Export objects as GeoJSON"),
    (b"DICM", 128, "is a DICOM file, which is not read as annotations", f"export the objects as {KNOWN}"),
    (b"\x1f\x8b", 0, "is compressed with gzip", "unpack it first"),
    (b"PK\x03\x04", 0, "is a ZIP archive", "unpack it first"),
)  # fmt: skip


def read_drawn(path: Path) -> DrawnFile:
    """Everything that was drawn, under the tool's own class names.

    Args:
        path: The exported file.

    Raises:
        NotAnAnnotation: If there is no such file, or it is in no known format.
        AnnotationUnsafe: If it is too large, nested too deeply, or holds XML entities.
        AnnotationBroken: If it is damaged.
    """
    data = read_bytes(path)
    try:
        return _read(data, path)
    except Damaged as damage:
        raise AnnotationBroken(path, str(damage), EXPORT_AGAIN) from None


def _read(data: bytes, path: Path) -> DrawnFile:
    if is_mask(data):
        return read_mask(data, path)
    for signature, at, problem, remedy in _STRANGERS:
        if data[at : at + len(signature)] == signature:
            raise NotAnAnnotation(path, problem, remedy)
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    # Some tools write XML in UTF-16; the parser reads the byte order mark.
    if start == b"<" or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        root = parse_xml(data, path)
        if is_asap(root):
            return read_asap(root)
        if is_layered(root):
            return read_layered(root)
        raise NotAnAnnotation(
            path, f"is XML with the root <{root.tag[:40]}>, of no drawing tool that is known", _EXPORT
        )
    if start in (b"{", b"["):
        document = parse_json(data, path)
        if is_qupath(document):
            return read_qupath(document)
        if is_coco(document):
            return read_coco(document)
        if is_darwin(document):
            return read_darwin(document)
        if document == []:
            return DrawnFile("QuPath GeoJSON", ())
        raise NotAnAnnotation(path, "is JSON, but neither GeoJSON nor COCO nor Darwin", _EXPORT)
    raise NotAnAnnotation(path, "is in no format that is known", _EXPORT)


_EXPORT = f"export the objects as {KNOWN}"
