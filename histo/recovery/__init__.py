"""Spike-in recovery: what comes back of necrosis and cells that are drawn into a slide's own healthy tissue."""

from __future__ import annotations

from histo.recovery.kinds import CELL_KINDS, CONTROL, FIBER_KINDS, ImplantKind
from histo.recovery.recover import PER_KIND, SEED, recover_implants, try_implants
from histo.recovery.results import (
    Control,
    Example,
    KindRecovery,
    Outcome,
    Recovered,
    Recovery,
    SlideLookFacts,
)
from histo.recovery.weigh import KIND_WORDS, percent

__all__ = [
    "CELL_KINDS",
    "CONTROL",
    "FIBER_KINDS",
    "KIND_WORDS",
    "PER_KIND",
    "SEED",
    "Control",
    "Example",
    "ImplantKind",
    "KindRecovery",
    "Outcome",
    "Recovered",
    "Recovery",
    "SlideLookFacts",
    "percent",
    "recover_implants",
    "try_implants",
]
