"""`histo agreement`: how well readers agree with each other and with the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from histo.cli.guard import Debug

if TYPE_CHECKING:
    from rich.console import Console

    from histo.agreement import AgreementReport, Rating


def agreement(
    labels: Annotated[
        list[Path] | None,
        typer.Argument(metavar="LABELS.csv...", help="Readers' labels and counts: reader, biopsy, finding, value."),
    ] = None,
    readings: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Readings of the same biopsies: the machine is a reader too."),
    ] = None,
    review: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A folder that was reviewed: blind second reads, and audits by weight."),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where agreement.json, .csv, .html and discordances.csv go.")
    ] = Path("agreement"),
    simulated: Annotated[bool, typer.Option("--simulated", help="Say in every file that the readers do not exist.")] = (
        False
    ),
    seed: Annotated[int, typer.Option(metavar="S", help="Repeats the resampling behind the intervals.")] = 1,
    debug: Debug = False,
) -> None:
    """Compare readers with each other and with the machine: kappa, counts, and what they differ about.

    Labels are compared by Cohen's and Fleiss's kappa, counts by Bland and Altman's limits of agreement, each with its
    interval; the machine is one more reader, not the truth.

    Research use only. A pattern, not a diagnosis.

    Example:  histo agreement labels.csv --readings out --out agreement
    """
    from dataclasses import replace

    from histo.agreement import compare_readers
    from histo.cli.consoles import output_console
    from histo.errors import UsageError
    from histo.records import ORDERS
    from histo.report import write_agreement

    ratings = [rating for path in labels or () for rating in _typed(path)]
    if readings is not None:
        ratings += _machine(readings)
    seen_before: tuple[str, ...] = ()
    if review is not None:
        reviewed, seen_before = _reviewed(review)
        # Readings that are given twice are one reading.
        ratings = list(dict.fromkeys([*ratings, *reviewed]))
    if len({rating.reader for rating in ratings}) < 2:
        said = "tell of fewer than two readers"
        raise UsageError("the labels and readings", said, "give labels of several readers, or --readings as well")
    report = compare_readers(ratings, ORDERS, seed=seed)
    report = replace(report, left_out=(*report.left_out, *seen_before))
    files = write_agreement(out, report, simulated)
    console = output_console()
    _show(console, report)
    console.print(f"\nWritten to {out}: {', '.join(path.name for path in files)}", style="bold", soft_wrap=True)


def _typed(path: Path) -> tuple[Rating, ...]:
    from histo.records import read_ratings

    return read_ratings(path)


def _machine(folder: Path) -> Iterator[Rating]:
    from histo.errors import UsageError
    from histo.records import ratings_of_reading, read_reading

    files = [path for path in (folder / "reading.json", *sorted(folder.glob("*/reading.json"))) if path.is_file()]
    if not files:
        raise UsageError(folder, "holds no reading", "name a folder that `histo read --out` wrote")
    for path in files:
        yield from ratings_of_reading(read_reading(path))


def _reviewed(folder: Path) -> tuple[tuple[Rating, ...], tuple[str, ...]]:
    from histo.cli.from_review import needs_review

    with needs_review():
        from histo.review.ratings import ratings_of_review
    return ratings_of_review(folder)


def _show(console: Console, report: AgreementReport) -> None:
    from rich.table import Table
    from rich.text import Text

    from histo.report.agreement_page import kappa_text, limits_text, words
    from histo.report.rows import percent
    from histo.report.style import RESEARCH_USE

    console.print(Text(f"\nAgreement between {len(report.readers)} readers", style="bold"))
    console.print(
        f"{report.ratings:,} labels and counts of {report.biopsies} biopsies. {RESEARCH_USE}\n", style="italic"
    )
    if report.labels:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for heading in ("Finding", "Readers", "units", "same label", "kappa (95%)"):
            table.add_column(heading, justify="left" if heading in ("Finding", "Readers") else "right")
        for found in report.labels:
            name = words(found.finding)
            for pair in found.pairs:
                kappa = kappa_text(pair.kappa) if pair.kappa else f"none: {pair.no_kappa}"
                table.add_row(name, f"{pair.first} and {pair.second}", f"{pair.units}",
                              percent(pair.agree_percent), kappa)  # fmt: skip
                name = ""
            for group, who in (
                (found.people, "all people (Fleiss)"),
                (found.everyone, "all with the machine (Fleiss)"),
            ):
                if group is not None:
                    kappa = kappa_text(group.kappa) if group.kappa else f"none: {group.no_kappa}"
                    table.add_row("", who, f"{group.units}", "", kappa)
        console.print(table)
    if report.counts:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for heading in ("Count", "Readers", "units", "mean difference", "limits of agreement"):
            table.add_column(heading, justify="left" if heading in ("Count", "Readers") else "right")
        for counted in report.counts:
            name = words(counted.finding)
            for one in counted.pairs:
                table.add_row(name, f"{one.second} less {one.first}", f"{one.units}", f"{one.mean_difference:+.1f}",
                              limits_text(one))  # fmt: skip
                name = ""
        console.print()
        console.print(table)
    discordant = sum(len(found.discordances) for found in report.labels)
    console.print(f"\nReaders differ about {discordant:,} of these labels: discordances.csv lists them.")
    for sentence in report.left_out:
        console.print(f"Not compared: {words(sentence)}.", soft_wrap=True)
