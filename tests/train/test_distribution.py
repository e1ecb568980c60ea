"""What is familiar is fitted on appearances, and slides that must not be are made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from stand_in import draw_field

from histo.appearance import Answers, Appearance, Colors, Texture
from histo.detection.color_record import ColorRecord
from histo.detection.nucleus_record import NucleusRecord
from histo.errors import UsageError
from histo.geometry import Region
from histo.pattern.distribution import GROUPS, distances, in_unit, names_of
from histo.phantom.look import Look
from histo.slide import StainGuess
from train import unfamiliar
from train.distribution import fit_distribution
from train.familiarity import SlideVerdict, familiarity_figures, real_muscle_figures
from train.unfamiliar import SIDE_WPX, Family, unfamiliar_slide


def draw_appearances(count: int, seed: int) -> list[Appearance]:
    """Correlated numbers around an ordinary appearance."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        common = rng.normal(0, 0.05)
        color = rng.normal(common, 0.03, 7)
        times = np.exp(rng.normal(common, 0.1, 12))
        found.append(
            Appearance(
                colors=Colors(*(np.array([0.6, 0.5, 0.2, 0.26, 0.32, 0.2, 0.31]) + color).clip(0.01, 0.99).tolist()),
                texture=Texture(*(np.array([0.045, 0.84, 0.57, 0.77]) * times[:4]).tolist()),
                nucleus_um=4.5,
                answers=Answers(0.6, *(np.array([0.15, 0.1, 0.28, 0.36, 0.22, 1800, 23]) * times[5:]).tolist()),
            )
        )
    return [replace(each, answers=replace(each.answers, fiber=0.5 + 0.3 * rng.random())) for each in found]


def test_new_appearances_lie_within_the_reach_of_the_fitted() -> None:
    fitted = fit_distribution(draw_appearances(300, 1), "ab" * 32)
    fresh = [each.named() for each in draw_appearances(2000, 2)]
    for group in GROUPS:
        names = names_of(group)
        at = np.array([[(in_unit(n, row[n]) - fitted.middle[n]) / fitted.spread[n] for n in names] for row in fresh])
        reach = fitted.reach[group]
        beyond = (distances(at, reach.correlation, fitted.gap) > reach.distance).mean()
        assert 0.02 < beyond < 0.09, group


def test_too_few_fields_are_refused() -> None:
    with pytest.raises(UsageError, match="12 fields show stained muscle, at least 40 are needed"):
        fit_distribution(draw_appearances(12, 1), "ab" * 32)


def nucleus_um(rgb: np.ndarray) -> float:
    record = NucleusRecord()
    record.add(rgb, 0, np.ones((rgb.shape[0] // 2, rgb.shape[1] // 2), bool))
    found = record.finished()
    assert found is not None
    return found


def blue_high(rgb: np.ndarray) -> float:
    record = ColorRecord()
    record.add(rgb, np.ones(rgb.shape[:2], bool))
    found = record.finished()
    assert found is not None
    return found.blue_high


def test_families_differ_from_their_phantom_in_what_their_name_says(monkeypatch: pytest.MonkeyPatch) -> None:
    field = draw_field(3, SIDE_WPX // 2)
    monkeypatch.setattr(unfamiliar, "_muscle", lambda seed: (field, Look()))
    whole = Region(0, 0, SIDE_WPX, SIDE_WPX)
    slides = {family: unfamiliar_slide(family, 4) for family in Family}
    pixels = {family: slide.read(whole, slide.info.scale.mpp).rgb for family, slide in slides.items()}
    assert slides[Family.BLANK].info.stain is StainGuess.BLANK
    ordinary = nucleus_um(field.rgb)
    assert nucleus_um(pixels[Family.HALF_SCALE]) == pytest.approx(ordinary / 2, rel=0.2)
    assert nucleus_um(pixels[Family.DOUBLE_SCALE]) == pytest.approx(ordinary * 2, rel=0.2)
    assert blue_high(pixels[Family.BROWN]) > blue_high(field.rgb) + 0.05
    again = unfamiliar_slide(Family.PEN, 4)
    assert again.info.sha256 == slides[Family.PEN].info.sha256


def verdict(group: str, refused: tuple[str, ...], judged: str | None) -> SlideVerdict:
    return SlideVerdict(group, f"{group} slide", "normal", refused, judged, {"colors": 0.5}, None)


def test_a_slide_is_caught_by_any_refusal_but_a_false_alarm_is_one_of_its_appearance() -> None:
    strange = [
        verdict("fat", ("little_muscle",), None),
        verdict("fat", (), "doubtful"),
        verdict("pen", (), "familiar"),
    ]
    ordinary = [verdict("ordinary", ("too_little_tissue",), "familiar"), verdict("ordinary", (), "strange")]
    figures = familiarity_figures(strange, ordinary)
    assert figures["unfamiliar.caught"].value == pytest.approx(2 / 3)
    assert figures["unfamiliar.fat.caught"].value == 1
    assert figures["unfamiliar.fat.strange"].value == 0
    assert (figures["familiar.strange"].value, figures["familiar.strange"].n) == (0.5, 2)
    real = real_muscle_figures([verdict("fibers_01", (), "doubtful")])
    assert (real["real_muscle.strange"].value, real["real_muscle.doubtful"].value) == (0, 1)
    assert real["fibers_01 slide.distance.colors"].value == 0.5
