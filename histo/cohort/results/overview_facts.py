"""What the overview of a cohort tells, from its table and its failures alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from histo.agreement import MACHINE, PairAgreement, Rating, agree_on_labels
from histo.cohort.manifest import NO_SITE
from histo.cohort.results.biopsy_table import Entry, biopsy_table
from histo.cohort.results.inputs import CohortFailure
from histo.cohort.results.outliers import find_outliers
from histo.cohort.results.panels import Axis, Panel, lay_panel
from histo.cohort.results.schema import Row
from histo.cohort.results.standouts import Strange, outlier_lines, unfamiliar_lines
from histo.cohort.results.telling import counted, total, words
from histo.pattern import PatternLabel
from histo.report.case import Balance
from histo.report.case.blocks import Share
from histo.report.facts import Fact
from histo.report.rows import number, typeset

MOST_LISTED = 200
"""Outliers and failures on the page; the rest are counted."""

MOST_SITES = 12
"""With more, sites are not told apart in figures."""

MANIFEST = "manifest"
ALL = "all"

EVIDENCE = (
    Axis("necrotic_per_1000_fibers", "Necrotic fibers per 1,000", 0.5),
    Axis("myophagocytosis_per_1000_fibers", "Myophagocytosis per 1,000 fibers", 0.5),
    Axis("regenerating_per_1000_fibers", "Regenerating fibers per 1,000", 0.5),
    Axis("infiltrate_per_mm2", "Inflammatory cells outside necrotic fibers per mm²", 0.5),
    Axis("min_feret_median_um", "Median fiber diameter, µm"),
    Axis("endomysium_percent", "Endomysium of fibers and endomysium, %"),
)
COVERAGE = (
    Axis("assessable_mm2", "Tissue assessed, mm²", 0.5),
    Axis("rejected_percent", "Rejected as artefact, % of the tissue", 0.5),
)
QUALITY = (
    Axis("out_of_focus_percent", "Out of focus, % of the tissue", 0.5),
    Axis("sharpness", "Sharpness: contrast below 0.5 µm over that at 1 µm"),
    Axis("stain_density", "Density of the stain"),
    Axis("stain_red_share", "Red's share of what most of the tissue absorbs"),
)


@dataclass(frozen=True, slots=True)
class PatternBar:
    """A pattern: what it is called, how many biopsies have it, and how it is filled: `full`, `dotted`, `hatched`."""

    text: str
    count: int
    share: float
    fill: str


@dataclass(frozen=True, slots=True)
class Confusion:
    """The manifest's labels against the machine's.

    Attributes:
        names: Of the categories, in the order of the table.
        rows: By the manifest's label, then by the machine's: biopsies.
        pair: Agreement and kappa.
        unlabelled: Biopsies without a label in the manifest.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]
    pair: PairAgreement
    unlabelled: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page.

    Attributes:
        biopsies: How many were read.
        head: The cohort in a few lines.
        patterns: Every label that was given.
        refusals: Why no pattern was named, with the number of biopsies.
        confusion: None without labels in the manifest.
        evidence: Figures, by pattern.
        balance: The whole tissue; None without any.
        coverage: Figures, by pattern.
        quality: Figures, by site.
        by_site: Whether sites are told apart in them.
        outliers: By robust z-scores.
        unfamiliar: By the bundle's own judgment.
        more_outliers: That are not listed.
        failures: Slide, problem and remedy.
        more_failures: That are not listed.
        failed: All failures.
        heads: Of the table, with what their columns are: `number`, `wide` or empty.
        entries: Its rows.
        trained_on: What the weights learned from, by bundle.
    """

    biopsies: int
    head: tuple[Fact, ...]
    patterns: tuple[PatternBar, ...]
    refusals: tuple[tuple[str, int], ...]
    confusion: Confusion | None
    evidence: tuple[Panel, ...]
    balance: Balance | None
    coverage: tuple[Panel, ...]
    quality: tuple[Panel, ...]
    by_site: bool
    outliers: tuple[Strange, ...]
    unfamiliar: tuple[Strange, ...]
    more_outliers: int
    failures: tuple[tuple[str, str, str, str], ...]
    more_failures: int
    failed: int
    heads: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    trained_on: tuple[str, ...]


def overview_of(rows: Sequence[Row], failures: Sequence[CohortFailure]) -> Overview:
    """What to tell of a cohort.

    Args:
        rows: Of its table, sorted by biopsy.
        failures: In the order in which they are to be told.
    """
    outliers = find_outliers(rows)
    strange = outlier_lines(rows, outliers)
    doubted = unfamiliar_lines(rows)
    sites = sorted({str(row["site"]) for row in rows})
    by_site = 1 < len(sites) <= MOST_SITES
    refused = {str(row["biopsy"]) for row in rows if row["refusals"] is not None}
    patterns = [label.value.replace("_", " ") for label in PatternLabel]

    def by_pattern(axis: Axis) -> Panel:
        return lay_panel(axis, rows, lambda row: words(row["pattern"]), patterns, hollow=refused)

    def by_place(axis: Axis) -> Panel:
        far = {one.biopsy for one in outliers if one.measure.name == axis.name}
        group: Callable[[Row], str] = (lambda row: str(row["site"])) if by_site else (lambda _: ALL)
        return lay_panel(axis, rows, group, sites if by_site else [ALL], hollow=refused, far=far)

    heads, entries = biopsy_table(rows, Counter(one.biopsy for one in outliers))
    return Overview(
        biopsies=len(rows),
        head=_head(rows, failures),
        patterns=_patterns(rows),
        refusals=tuple(
            Counter(
                words(code) for row in rows for code in str(row["refusals"] or "").split("; ") if code
            ).most_common()
        ),
        confusion=_confusion(rows),
        evidence=tuple(by_pattern(axis) for axis in EVIDENCE),
        balance=_balance(rows),
        coverage=tuple(by_pattern(axis) for axis in COVERAGE),
        quality=tuple(by_place(axis) for axis in QUALITY),
        by_site=by_site,
        outliers=strange[:MOST_LISTED],
        unfamiliar=doubted[:MOST_LISTED],
        more_outliers=max(len(strange) - MOST_LISTED, 0) + max(len(doubted) - MOST_LISTED, 0),
        failures=tuple(
            (one.biopsy, PurePath(one.failure.slide).name, typeset(one.failure.problem), typeset(one.failure.remedy))
            for one in failures[:MOST_LISTED]
        ),
        more_failures=max(len(failures) - MOST_LISTED, 0),
        failed=len(failures),
        heads=heads,
        entries=entries,
        trained_on=tuple(sorted({typeset(f"{row['bundle']}: {row['trained_on']}") for row in rows})),
    )


def _head(rows: Sequence[Row], failures: Sequence[CohortFailure]) -> tuple[Fact, ...]:
    patients = {row["patient"] for row in rows if row["patient"] is not None}
    sites = sorted({str(row["site"]) for row in rows} - {NO_SITE})
    labels = Counter(str(row["pattern"]) for row in rows)
    open_, refused = labels[PatternLabel.INDETERMINATE.value], labels[PatternLabel.NOT_ASSESSABLE.value]
    read = f"{counted(len(rows), 'biopsy', 'biopsies')}, {counted(total(rows, 'slides'), 'slide', 'slides')}"
    if patients:
        read += f", of {counted(len(patients), 'patient', 'patients')}"
    if sites:
        read += f", from {counted(len(sites), 'site', 'sites')}"
    named = len(rows) - open_ - refused
    told = [
        Fact("Read", read),
        Fact("Patterns", f"named for {named:,}; indeterminate {open_:,}; not assessable {refused:,}"),
        Fact("Failed", _failed(failures)),
        Fact("Assessed", f"{number(total(rows, 'assessable_mm2'))} mm², {total(rows, 'fibers'):,.0f} fibers"),
    ]
    bundles = sorted({f"{row['bundle']} ({str(row['bundle_sha256'])[:12]})" for row in rows})
    versions = sorted({str(row["histo"]) for row in rows})
    rules = sorted({str(row["conventions"]) for row in rows})
    if rows:
        mixed = "; readings by different ones are not alike" if max(len(bundles), len(versions), len(rules)) > 1 else ""
        told.append(Fact("Read by", f"{', '.join(bundles)}; histo {', '.join(versions)}; {', '.join(rules)}{mixed}"))
    return tuple(told)


def _failed(failures: Sequence[CohortFailure]) -> str:
    broken = len({one.biopsy for one in failures})
    told = f"{counted(len(failures), 'failure', 'failures')} in {counted(broken, 'biopsy', 'biopsies')}"
    return told if failures else "none"


def _patterns(rows: Sequence[Row]) -> tuple[PatternBar, ...]:
    counts = Counter(str(row["pattern"]) for row in rows)
    fills = {PatternLabel.INDETERMINATE: "dotted", PatternLabel.NOT_ASSESSABLE: "hatched"}
    most = max(counts.values(), default=1)
    return tuple(
        PatternBar(label.text, counts[label.value], counts[label.value] / most, fills.get(label, "full"))
        for label in PatternLabel
        if counts[label.value]
    )


def _confusion(rows: Sequence[Row]) -> Confusion | None:
    labelled = [row for row in rows if row["manifest_label"] is not None]
    if not labelled:
        return None
    ratings = [
        Rating(reader, str(row["biopsy"]), "", "pattern", str(row[column]))
        for row in labelled
        for reader, column in ((MANIFEST, "manifest_label"), (MACHINE, "pattern"))
    ]
    (pair,) = agree_on_labels("pattern", ratings).pairs
    said = {str(row[column]) for row in labelled for column in ("manifest_label", "pattern")}
    names = tuple(label.value for label in PatternLabel if label.value in said)
    counts = Counter((str(row["manifest_label"]), str(row["pattern"])) for row in labelled)
    table = tuple(tuple(counts[first, second] for second in names) for first in names)
    return Confusion(tuple(words(name) for name in names), table, pair, len(rows) - len(labelled))


def _balance(rows: Sequence[Row]) -> Balance | None:
    found = total(rows, "found_mm2")
    if not found:
        return None
    parts = (("assessed", "assessable_mm2", "full"), ("rejected as artefact", "rejected_mm2", "hatched"),
             ("unreadable", "unreadable_mm2", "dotted"))  # fmt: skip
    return Balance(
        f"{number(found)} mm² found on all slides",
        tuple(Share(name, f"{number(total(rows, column))} mm²", total(rows, column) / found, fill)
              for name, column, fill in parts),
    )  # fmt: skip
