"""report.html: a case report as one page that opens offline anywhere, prints, and can be heard as well as seen."""

from __future__ import annotations

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from histo.report.case import CaseReport


def report_html(report: CaseReport) -> str:
    """The page.

    Args:
        report: What to tell.

    Returns:
        HTML without any link to another file or host.
    """
    return page_environment().get_template("page.html").render(report=report)


def page_environment(*packages: str) -> Environment:
    """What pages are made with: whatever is put into them is escaped, and whatever they lack is an error.

    Args:
        packages: Whose templates are looked for before those of `histo.report`.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, ".") for package in (*packages, "histo.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind_of"] = lambda block: type(block).__name__
    return environment
