"""What a card keeps of the slides and patients that it was trained on: enough to recognize one, not to list them.

A reading of a slide that was trained on shows memory, not skill, so it must say so. The card travels with the weights,
so it holds digests only. They are slow to compute, so that guessing the codes of patients is slow too; it is not
impossible, so a manifest should hold codes, never names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_ROUNDS = 20_000
"""About 10 ms each: unnoticed in a reading, a burden to who tries millions of codes."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


def salted_digest(salt: str, identity: str) -> str:
    """PBKDF2 (RFC 8018) with SHA-256 of a slide's sha256 or a patient's code.

    Args:
        salt: Of the card.
        identity: What to recognize.

    Returns:
        64 hexadecimal digits.
    """
    return hashlib.pbkdf2_hmac("sha256", identity.encode(), salt.encode(), _ROUNDS).hex()


def salted_digests(salt: str, identities: Iterable[str]) -> tuple[str, ...]:
    """Digests of all, each once, in the order of the digests, which tells nothing of the slides' order."""
    return tuple(sorted({salted_digest(salt, identity) for identity in identities}))


def check_digests(slides: tuple[str, ...], patients: tuple[str, ...], salt: str) -> None:
    """Refuse what `salted_digests` did not make.

    Raises:
        ValueError: Naming the card's entry.
    """
    for entry, digests in (("training_slides", slides), ("training_patients", patients)):
        if any(_DIGEST.fullmatch(digest) is None for digest in digests):
            raise ValueError(f"{entry} must hold digests of 64 hexadecimal digits")
        if list(digests) != sorted(set(digests)):
            raise ValueError(f"{entry} must be sorted, each digest once")
    if (slides or patients) and not salt:
        raise ValueError("salt must not be empty where slides or patients were trained on")
