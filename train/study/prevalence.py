"""How often each disease stands behind a biopsy: an input, from a file, with its source."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from histo.errors import UsageError
from histo.evidence.settings_file import load_toml
from histo.phantom import DISEASES

SERVICE_MIX = Path(str(files("train.study"))) / "service_mix.toml"


@dataclass(frozen=True, slots=True)
class Prevalence:
    """Shares of diseases.

    Attributes:
        name: What the file calls itself.
        source: Where its shares are written.
        shares: By disease, adding up to 1.
    """

    name: str
    source: str
    shares: Mapping[str, float]

    def weights(self, diseases: Sequence[str]) -> NDArray[np.float64]:
        """(N,) what each biopsy counts, so that together they are as mixed as stated.

        Args:
            diseases: (N,) of the biopsies, each disease with a share among them.
        """
        count = {disease: list(diseases).count(disease) for disease in set(diseases)}
        return np.array([self.shares.get(disease, 0.0) / count[disease] for disease in diseases], np.float64)


def read_prevalence(path: Path = SERVICE_MIX) -> Prevalence:
    """Read a file of shares, strictly.

    Raises:
        UsageError: If it cannot be read, names an unknown disease, or a share is no number of at least 0.
    """
    tables = load_toml(path).tables
    if set(tables) != {"name", "source", "shares"} or not isinstance(tables["shares"], Mapping):
        raise UsageError(path, "is no mix of diseases", "give it name, source and a table [shares], and nothing else")
    for key in ("name", "source"):
        if not isinstance(tables[key], str) or not tables[key].strip():
            raise UsageError(path, f"has no {key}", "say where its shares come from")
    shares = tables["shares"]
    for disease, share in shares.items():
        if disease not in DISEASES:
            raise UsageError(path, f"names the unknown disease {disease}", f"use some of {', '.join(DISEASES)}")
        if isinstance(share, bool) or not isinstance(share, int | float) or not (math.isfinite(share) and share >= 0):
            raise UsageError(path, f"gives {disease} the share {share!r}", "give a number of at least 0")
    total = math.fsum(shares.values())
    if total <= 0:
        raise UsageError(path, "has no share above 0", "name at least one disease")
    scaled = {disease: share / total for disease, share in shares.items()}
    return Prevalence(tables["name"], tables["source"], scaled)
