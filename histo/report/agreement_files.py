"""agreement.json, agreement.csv, discordances.csv and agreement.html: published together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from histo.agreement import AgreementReport
from histo.evidence import Estimate
from histo.records import Staged, csv_bytes, json_bytes, make_folder, plain, provenance
from histo.report.agreement_page import agreement_html
from histo.report.style import RESEARCH_USE

JSON_NAME = "agreement.json"
CSV_NAME = "agreement.csv"
DISCORDANCES_NAME = "discordances.csv"
PAGE_NAME = "agreement.html"

_HEADER = ("finding", "first", "second", "units", "measure", "value", "low", "high")


def write_agreement(folder: Path, report: AgreementReport, simulated: bool = False) -> tuple[Path, ...]:
    """Write the four files.

    Args:
        folder: Where; made if needed.
        report: What was compared.
        simulated: Whether the readers do not exist; then every file that can says so.

    Returns:
        The files, the page last.

    Raises:
        OutputError: If they cannot be written. Nothing is left half-written.
    """
    document = {"schema": "histo.agreement", "schema_version": "1.0", "notice": RESEARCH_USE, "simulated": simulated}
    document |= plain(report) | {"provenance": provenance()}
    page = agreement_html(report, simulated).encode("utf-8")
    contents = {
        JSON_NAME: json_bytes(document),
        CSV_NAME: csv_bytes(_HEADER, _rows(report)),
        DISCORDANCES_NAME: csv_bytes(("finding", "biopsy", "item", "weight", *report.readers), _discordances(report)),
        PAGE_NAME: page,
    }
    make_folder(folder)
    with Staged(folder) as staged:
        return tuple(_add(staged, name, data) for name, data in contents.items())


def _add(staged: Staged, name: str, data: bytes) -> Path:
    return staged.add(name, lambda path: path.write_bytes(data))


def _rows(report: AgreementReport) -> Iterator[tuple[object, ...]]:
    for found in report.labels:
        for pair in found.pairs:
            start = (found.finding, pair.first, pair.second, pair.units)
            yield (*start, "same label, percent", *_numbers(pair.agree_percent))
            yield (*start, "Cohen's kappa" + (", linear weights" if found.ordered else ""), *_numbers(pair.kappa))
        for group in (found.people, found.everyone):
            if group is not None:
                yield (found.finding, " and ".join(group.readers), "", group.units, "Fleiss's kappa",
                       *_numbers(group.kappa))  # fmt: skip
    for counted in report.counts:
        for one in counted.pairs:
            begin = (counted.finding, one.first, one.second, one.units)
            bias = _numbers(one.bias) if one.bias else (plain(one.mean_difference), "", "")
            yield (*begin, "mean difference, second less first", *bias)
            yield (*begin, "lower limit of agreement", *_numbers(one.low))
            yield (*begin, "upper limit of agreement", *_numbers(one.high))
            yield (*begin, "intraclass correlation", "" if one.icc is None else plain(one.icc), "", "")


def _numbers(found: Estimate | None) -> tuple[object, object, object]:
    return ("", "", "") if found is None else (plain(found.value), plain(found.low), plain(found.high))


def _discordances(report: AgreementReport) -> Iterator[tuple[object, ...]]:
    for found in report.labels:
        for one in found.discordances:
            said = dict(one.said)
            yield (one.finding, one.biopsy, one.item, plain(one.weight), *(said.get(who, "") for who in report.readers))
