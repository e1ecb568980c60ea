"""Writes the catalogue of diseases into docs/phantoms.md: `python docs/write_phantom_catalogue.py`."""

from __future__ import annotations

import re
from pathlib import Path

from histo.phantom import DISEASES
from histo.phantom.diseases import NEAR_MISSES

PAGE = Path(__file__).parent / "phantoms.md"
MARKS = "<!-- catalogue:begin -->", "<!-- catalogue:end -->"
DOI = re.compile(r"10\.\d+/[\w.()/-]+\w")


def catalogue() -> str:
    """Every disease as a row of a table: its name, what is visible in which share of its biopsies, and its source."""
    rows = ["| disease | visible pattern, share of biopsies | source |", "|---|---|---|"]
    for name, disease in DISEASES.items():
        shares: dict[str, float] = {}
        for face in disease.faces:
            shares[face.pattern] = shares.get(face.pattern, 0.0) + face.share
        shown = ", ".join(f"`{pattern}` {share:.0%}" for pattern, share in shares.items())
        source = DOI.sub(lambda found: f"[{found[0]}](https://doi.org/{found[0]})", disease.source)
        rows.append(f"| `{name}`{' *' if name in NEAR_MISSES else ''} | {shown} | {source} |")
    return "\n".join(rows)


def write_catalogue() -> None:
    """Put the table between its marks."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    PAGE.write_text(f"{before}{MARKS[0]}\n{catalogue()}\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    write_catalogue()
