"""Runs the network over a slide's tissue, once, and gathers what it finds."""

from __future__ import annotations

from histo.detection.merge import fiber_polygons
from histo.detection.ownership import MARGIN_UM
from histo.detection.scan import Progress
from histo.detection.slide_findings import detect

__all__ = ["MARGIN_UM", "Progress", "detect", "fiber_polygons"]
