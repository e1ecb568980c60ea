"""A case report as pages: a head, sections with bookmarks, and on every page what it is and what it is not."""

from __future__ import annotations

import io
from html import escape

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Table,
)
from reportlab.platypus.flowables import HRFlowable

from histo.report.case import CaseReport, Section, Words
from histo.report.pdf.boxes import Together, boxed
from histo.report.pdf.flow import flow
from histo.report.pdf.paper import (
    A4,
    BLUE,
    BOLD,
    BOTTOM_MM,
    INK,
    LINE,
    SANS,
    SIDE_MM,
    SOFT,
    STYLES,
    WARN,
    Paper,
    load_fonts,
)

rl_config.useA85 = 0  # images as bytes, not as text: a fifth smaller
_TOTAL = "total"
LEAST_PT = 120.0
"""Room that a section needs at the foot of a page to begin there."""


def report_pdf(report: CaseReport, paper: Paper = A4) -> bytes:
    """The file.

    Args:
        report: What to tell.
        paper: To print on.

    Returns:
        A PDF with embedded fonts, without date, user or machine.
    """
    load_fonts()
    buffer = io.BytesIO()

    def furnish(canvas: Canvas, _: BaseDocTemplate) -> None:
        _furnish(canvas, report, paper)

    document = BaseDocTemplate(
        buffer,
        pagesize=(paper.width_pt, paper.height_pt),
        title=f"{report.name}: muscle biopsy reading",
        author=report.made_by,
        subject=report.notice,
        creator=report.made_by,
        lang="en",
        invariant=1,
        pageCompression=1,
    )
    frame = Frame(
        SIDE_MM * mm, BOTTOM_MM * mm, paper.inner_width_pt, paper.inner_height_pt,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip
    document.addPageTemplates([PageTemplate("page", [frame], onPage=furnish)])
    document.build(_story(report, paper))
    return buffer.getvalue()


def _story(report: CaseReport, paper: Paper) -> list[Flowable]:
    width, height = paper.inner_width_pt, paper.inner_height_pt
    verdict = report.verdict
    told = [
        Paragraph(escape(verdict.kind, quote=False), STYLES["kind"]),
        Paragraph(escape(verdict.text, quote=False), STYLES["verdict"]),
        *(part for block in verdict.blocks for part in flow(block, width - 24, height)),
    ]
    story: list[Flowable] = [
        Paragraph(escape(report.notice, quote=False), STYLES["notice"]),
        Paragraph(escape(report.kind, quote=False), STYLES["kind"]),
        Paragraph(escape(report.name, quote=False), STYLES["title"]),
        *(part for block in report.head for part in flow(block, width, height)),
        _Bookmark("verdict", verdict.text),
        boxed(told, width, WARN if verdict.refused else BLUE, dashed=verdict.refused),
    ]
    for section in report.sections:
        story += _section(section, width, height)
    return [*story, _Total()]


def _section(section: Section, width: float, height: float) -> list[Flowable]:
    parts = [part for block in section.blocks for part in flow(block, width, height)]
    head: list[Flowable] = [
        Paragraph(escape(section.title, quote=False), STYLES["section"]),
        _Bookmark(section.key, section.title),  # not first: the space before the title would not be reckoned with
        HRFlowable(
            width="100%", thickness=1, color=INK, spaceBefore=0, spaceAfter=4, dash=(3, 2) if section.apart else None
        ),
    ]
    # A heading never stands alone at the foot of a page, nor with nothing but a note.
    begin = 2 if section.blocks and isinstance(section.blocks[0], Words) else 1
    if any(isinstance(part, Table) for part in parts[:begin]):  # which may break over pages
        return [CondPageBreak(LEAST_PT), *head, *parts]
    kept = [inner for part in parts[:begin] for inner in (part.parts if isinstance(part, Together) else [part])]
    return [Together([*head, *kept]), *parts[begin:]]


def _furnish(canvas: Canvas, report: CaseReport, paper: Paper) -> None:
    left, right = SIDE_MM * mm, paper.width_pt - SIDE_MM * mm
    canvas.saveState()
    canvas.setStrokeColor(LINE)
    canvas.line(left, 14.5 * mm, right, 14.5 * mm)
    canvas.setFillColor(WARN)
    canvas.setFont(BOLD, 6.6)
    canvas.drawString(left, 10.8 * mm, report.notice)
    canvas.setFillColor(SOFT)
    canvas.setFont(SANS, 6.4)
    name = report.name if len(report.name) <= 60 else f"{report.name[:59]}…"
    canvas.drawString(left, 7.4 * mm, f"{name}  ·  {report.made_by}")
    page = f"{canvas.getPageNumber()} / "
    canvas.drawRightString(right - 5 * mm, 7.4 * mm, page)
    canvas.translate(right - 5 * mm, 7.4 * mm)
    canvas.doForm(_TOTAL)
    canvas.restoreState()


class _Bookmark(Flowable):  # type: ignore[misc]
    """A place that the reader's outline leads to."""

    def __init__(self, key: str, title: str) -> None:
        super().__init__()
        self._key, self._title = key, title
        self.width = self.height = 0.0

    def draw(self) -> None:
        """Set it where it comes to lie."""
        self.canv.bookmarkPage(self._key)
        self.canv.addOutlineEntry(self._title, self._key, 0, closed=True)


class _Total(Flowable):  # type: ignore[misc]
    """The last thing on the last page: then the number of pages is known, and every page shows it."""

    def __init__(self) -> None:
        super().__init__()
        self.width = self.height = 0.0

    def draw(self) -> None:
        """Define what the pages refer to."""
        canvas = self.canv
        canvas.beginForm(_TOTAL)
        canvas.setFillColor(SOFT)
        canvas.setFont(SANS, 6.4)
        canvas.drawString(0, 0, str(canvas.getPageNumber()))
        canvas.endForm()
