"""report.pdf: a case report on paper, by ReportLab; the same bytes for the same report."""

from histo.report.pdf.document import report_pdf
from histo.report.pdf.paper import A4, LETTER, Paper

__all__ = ["A4", "LETTER", "Paper", "report_pdf"]
