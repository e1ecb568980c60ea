"""overview.html: a cohort on one page that opens offline anywhere, prints, and can be sorted."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from histo.cohort.results.outliers import FAR, LEAST_BIOPSIES
from histo.cohort.results.overview_facts import Overview
from histo.cohort.results.panels import LEFT, RIGHT
from histo.pattern import DISCLAIMER
from histo.report.agreement_page import kappa_text
from histo.report.page import page_environment
from histo.report.rows import percent

PACKAGE = "histo.cohort.results"

MOST_LINKED = 500
"""With more biopsies dots are not links, or the page would be too large."""

MOST_PRINTED = 300
"""A longer table is left out on paper."""

_LANE_LETTERS = 24


def overview_html(told: Overview, made_by: str) -> str:
    """The page.

    Args:
        told: What it tells.
        made_by: The software, in words.

    Returns:
        HTML without any link to another host. Its one script is that of overview.js, known to the page's policy by its
        digest: nothing else can run, whatever a biopsy is called.
    """
    script = files(PACKAGE).joinpath("overview.js").read_text(encoding="utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    environment = page_environment(PACKAGE)
    environment.filters |= {"percent": percent, "kappa": kappa_text, "short": _short}
    return environment.get_template("overview.html").render(
        told=told,
        notice=DISCLAIMER,
        made_by=made_by,
        script=script,
        script_hash=f"sha256-{digest}",
        linked=told.biopsies <= MOST_LINKED,
        ends=(f"{LEFT:g}", f"{RIGHT:g}"),
        least=LEAST_BIOPSIES,
        far=f"{FAR:g}",
        most_printed=MOST_PRINTED,
    )


def _short(name: str) -> str:
    return name if len(name) <= _LANE_LETTERS else f"{name[: _LANE_LETTERS - 1]}…"
