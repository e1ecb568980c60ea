"""Biopsies that stand out, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from histo.cohort.results.outliers import Outlier, farthest, unfamiliar
from histo.cohort.results.schema import Row
from histo.cohort.results.telling import told
from histo.report.rows import number


@dataclass(frozen=True, slots=True)
class Strange:
    """Why a biopsy stands out: its key, its name, its site, what about it, and a score in words."""

    key: int
    name: str
    site: str
    text: str
    score: str


def outlier_lines(rows: Sequence[Row], outliers: Sequence[Outlier]) -> tuple[Strange, ...]:
    """Outliers of the cohort, with what is usual in it."""
    keys = {str(row["biopsy"]): (key, row) for key, row in enumerate(rows)}
    return tuple(
        Strange(
            keys[one.biopsy][0], one.biopsy, str(keys[one.biopsy][1]["site"]),
            f"{one.measure.text}: {number(one.value)}; {'up to' if one.measure.worse == 'high' else 'usual are'} "
            + (f"{number(one.usual.high)} is usual" if one.measure.worse == "high"
               else f"{number(one.usual.low)} to {number(one.usual.high)}"),
            f"{one.z:+.1f}",
        )
        for one in outliers
    )  # fmt: skip


_GROUPS = {
    "colors": "colors",
    "texture": "contrasts",
    "answers": "the network's answers",
    "nuclei": "the size of nuclei",
}


def unfamiliar_lines(rows: Sequence[Row]) -> tuple[Strange, ...]:
    """What the bundle has judged doubtful or strange."""
    keys = {str(row["biopsy"]): key for key, row in enumerate(rows)}
    lines = []
    for row in unfamiliar(rows):
        group, distance = farthest(row)
        verdict = "read with a caveat" if row["familiarity"] == "doubtful" else "no pattern named"
        text = f"{row['familiarity']} ({verdict}); farthest in {_GROUPS[group]}; nuclei {told(row['nucleus_um'])} µm"
        lines.append(Strange(keys[str(row["biopsy"])], str(row["biopsy"]), str(row["site"]), text, f"{distance:.2f}"))
    return tuple(lines)
