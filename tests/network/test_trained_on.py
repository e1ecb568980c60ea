"""A card recognizes what was trained on, and says no more than that."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_fields import small_card

from histo.network.card import Card
from histo.network.card_file import card_from_json, card_to_json
from histo.network.trained_on import salted_digest, salted_digests

identities = st.lists(st.text(min_size=1, max_size=12), unique=True, min_size=1, max_size=3)


def card_of(slides: list[str], patients: list[str], salt: str = "salt") -> Card:
    return replace(
        small_card(),
        training_slides=salted_digests(salt, slides),
        training_patients=salted_digests(salt, patients),
        salt=salt,
    )


@settings(deadline=None, max_examples=8)
@given(identities, identities, st.text(max_size=12))
def test_exactly_what_was_trained_on_is_recognized(slides: list[str], patients: list[str], other: str) -> None:
    card = card_from_json(card_to_json(card_of(slides, patients)), Path("card.json"))
    assert all(card.was_trained_on(identity) for identity in (*slides, *patients))
    assert card.was_trained_on(other) == (other in {*slides, *patients})


def test_a_card_of_phantoms_recognizes_nothing() -> None:
    assert not small_card().was_trained_on("P01")


def test_neither_codes_nor_plain_digests_stand_in_the_card_and_two_cards_cannot_be_compared() -> None:
    slide = hashlib.sha256(b"slide").hexdigest()
    one, other = (card_of([slide], ["P01"], salt) for salt in ("one", "other"))
    text = card_to_json(one)
    assert "P01" not in text
    assert slide not in text
    assert hashlib.sha256(b"P01").hexdigest() not in text
    assert not {*one.training_slides, *one.training_patients} & {*other.training_slides, *other.training_patients}


def test_the_digest_is_the_one_that_the_file_format_describes() -> None:
    assert salted_digest("salt", "P01") == hashlib.pbkdf2_hmac("sha256", b"P01", b"salt", 20_000).hex()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"training_slides": ("P01",)}, "training_slides must hold digests of 64 hexadecimal digits"),
        ({"training_patients": ("b" * 64, "a" * 64)}, "training_patients must be sorted, each digest once"),
        ({"training_patients": ("a" * 64, "a" * 64)}, "training_patients must be sorted, each digest once"),
        ({"training_slides": ("a" * 64,)}, "salt must not be empty where slides or patients were trained on"),
    ],
)
def test_a_card_with_other_digests_is_refused(changes: dict[str, tuple[str, ...]], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        replace(small_card(), **changes)  # type: ignore[arg-type]
