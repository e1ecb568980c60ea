"""Finds the tissue on a slide, what spoils it, and how much of it can be assessed."""

from __future__ import annotations

from histo.tissue.find import find_tissue
from histo.tissue.tissue_map import TISSUE_MPP, ArtefactClass, TissueMap

__all__ = ["TISSUE_MPP", "ArtefactClass", "TissueMap", "find_tissue"]
