"""recovery.json and recovery.png, beside the reading that they are about."""

from __future__ import annotations

from pathlib import Path

from histo.records import Staged, json_bytes, make_folder, plain, provenance
from histo.recovery import Example, Recovery
from histo.report.recovery_sheet import draw_recovery
from histo.report.style import RESEARCH_USE

RECOVERY_NAME = "recovery.json"
SHEET_NAME = "recovery.png"

NOTICE = f"Optimistic: the implants are a simulator's idea of disease. {RESEARCH_USE}"


def write_recovery(folder: Path, recovery: Recovery, examples: tuple[Example, ...]) -> tuple[Path, ...]:
    """Write both files; a reading in the folder stays as it is.

    Args:
        folder: Of the slide; made if needed.
        recovery: What was counted.
        examples: What the sheet shows.

    Returns:
        The files, `recovery.json` first.

    Raises:
        OutputError: If they cannot be written. Nothing is left half-written.
    """
    document = {"schema": "histo.recovery", "schema_version": "1.0", "notice": NOTICE}
    document |= plain(recovery) | {"provenance": provenance()}
    make_folder(folder)
    with Staged(folder) as staged:
        sheet = staged.add(SHEET_NAME, lambda path: draw_recovery(path, recovery, examples))
        document_file = staged.add(RECOVERY_NAME, lambda path: path.write_bytes(json_bytes(document)))
    return document_file, sheet
