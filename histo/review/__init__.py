"""The second opinion in a browser: readings beside their slides, corrected, compared, and kept."""

from __future__ import annotations

from histo.review.app import make_app
from histo.review.desk import Settings
from histo.review.entries import Act, Draft, Entry, standing, verdicts
from histo.review.serve import serve
from histo.review.store import STORE_NAME, Store

__all__ = ["STORE_NAME", "Act", "Draft", "Entry", "Settings", "Store", "make_app", "serve", "standing", "verdicts"]
