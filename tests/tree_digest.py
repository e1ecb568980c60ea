"""One digest of all results of a cohort: every file that people see, by name and content."""

from __future__ import annotations

import hashlib
from pathlib import Path

VOLATILE = frozenset({"run.json"})
"""Files that hold times and machines, of a reading and of a cohort."""


def tree(out: Path) -> dict[str, str]:
    """The digest of every file, by its path in the output folder; what is hidden is no result."""
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name not in VOLATILE]
    seen = [(path.relative_to(out), path) for path in files]
    return {
        name.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in seen
        if not any(part.startswith(".") for part in name.parts)
    }


def tree_digest(out: Path) -> str:
    """Of the whole."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in tree(out).items())
    return hashlib.sha256(lines.encode()).hexdigest()
