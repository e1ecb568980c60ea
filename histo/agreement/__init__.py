"""How well readers agree with each other and with the machine: on labels beyond chance, and on counts."""

from __future__ import annotations

from histo.agreement.compare import compare_readers
from histo.agreement.counts import Agreement, agreement_of, intraclass
from histo.agreement.labels import agree_on_labels
from histo.agreement.ratings import MACHINE, Rating
from histo.agreement.results import (
    AgreementReport,
    CountAgreement,
    Discordance,
    GroupAgreement,
    LabelAgreement,
    PairAgreement,
    PairCounts,
)

__all__ = [
    "MACHINE",
    "Agreement",
    "AgreementReport",
    "CountAgreement",
    "Discordance",
    "GroupAgreement",
    "LabelAgreement",
    "PairAgreement",
    "PairCounts",
    "Rating",
    "agree_on_labels",
    "agreement_of",
    "compare_readers",
    "intraclass",
]
