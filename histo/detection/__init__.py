"""Runs the network over a slide's tissue, once, and gathers what it finds."""

from __future__ import annotations

from histo.detection.ownership import MARGIN_UM

__all__ = ["MARGIN_UM"]
