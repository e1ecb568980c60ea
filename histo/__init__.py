"""Reads muscle-biopsy slides: finds necrotic fibers, myophagocytosis and sparse inflammation, and names the pattern.

    >>> import histo
    >>> reading = histo.read_biopsy("biopsy.svs", out="out")    # doctest: +SKIP
    >>> reading.pattern.label_text                              # doctest: +SKIP
    'necrotizing pattern, compatible with IMNM'

Research use; a pattern, not a diagnosis. The names below are the public ones; each room (`histo.slide` and so on)
offers more. They are imported when they are first used, so that `import histo` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from histo.biopsy import read_biopsy
    from histo.detection import detect
    from histo.errors import HistoError
    from histo.evidence import weigh_evidence
    from histo.geometry import Mpp
    from histo.model import load_model
    from histo.pattern import PatternLabel, read_pattern
    from histo.records import BiopsyReading, read_findings, read_reading
    from histo.recover import recover_slide
    from histo.slide import MemorySlide, open_slide
    from histo.tissue import find_tissue

_HOME = {
    "BiopsyReading": "histo.records",
    "HistoError": "histo.errors",
    "MemorySlide": "histo.slide",
    "Mpp": "histo.geometry",
    "PatternLabel": "histo.pattern",
    "detect": "histo.detection",
    "find_tissue": "histo.tissue",
    "load_model": "histo.model",
    "open_slide": "histo.slide",
    "read_biopsy": "histo.biopsy",
    "read_findings": "histo.records",
    "read_pattern": "histo.pattern",
    "read_reading": "histo.records",
    "recover_slide": "histo.recover",
    "weigh_evidence": "histo.evidence",
}

__all__ = [
    "BiopsyReading",
    "HistoError",
    "MemorySlide",
    "Mpp",
    "PatternLabel",
    "detect",
    "find_tissue",
    "load_model",
    "open_slide",
    "read_biopsy",
    "read_findings",
    "read_pattern",
    "read_reading",
    "recover_slide",
    "weigh_evidence",
]


def __getattr__(name: str) -> object:
    """Import a public name from its room."""
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'histo' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
