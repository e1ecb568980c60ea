"""The scale policy: every trap is caught, named, and told how to get out of."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slide_files import tissue_like, write_pyramid

from histo.errors import HistoError, ScaleError, ScaleImplausible, ScaleMissing, ScaleTooCoarse, UsageError
from histo.geometry import Mpp
from histo.slide import inspect_slide, open_slide
from histo.slide.properties import scale_tags
from histo.slide.scale import decide_scale, scale_warnings
from histo.slide.source import ScaleTag


def tag(um: float | None, y_um: float | None = None, text: str = "x", is_print: bool = False) -> ScaleTag:
    return ScaleTag("TAG", text, um, um if y_um is None else y_um, is_print)


def both(x: str, y: str | None = None) -> dict[str, str]:
    return {"openslide.mpp-x": x, "openslide.mpp-y": y or x}


GIVE_IT = "give it in um per pixel with --mpp"


@given(um=st.floats(0.1, 2.0))
def test_every_accepted_scale_is_taken_as_it_is(um: float) -> None:
    scale = decide_scale("a.svs", [tag(um, text="0.25")])
    assert scale.mpp == Mpp(um)
    assert scale.source == "TAG = 0.25"


@given(um=st.floats(allow_nan=True, allow_infinity=True).filter(lambda um: not 0.1 <= um <= 2.0))
def test_every_other_scale_is_an_error_that_names_the_tag_and_the_remedy(um: float) -> None:
    with pytest.raises(ScaleError) as caught:
        decide_scale("a.svs", [tag(um, text="strange")])
    assert "TAG = strange" in str(caught.value)
    assert "--mpp" in str(caught.value)
    assert "\n" not in str(caught.value)


@given(um=st.floats(0.11, 1.9), ratio=st.floats(0.9, 1.1))
def test_x_and_y_may_differ_by_two_percent(um: float, ratio: float) -> None:
    tags = [tag(um, um * ratio)]
    difference = abs(1 - ratio) / max(1, ratio)
    if difference < 0.0199:
        assert math.isclose(decide_scale("a", tags).mpp.um_per_px, um * (1 + ratio) / 2)
    elif difference > 0.0201:
        with pytest.raises(ScaleImplausible, match=r"in x but .* in y; .* --mpp$"):
            decide_scale("a", tags)


@pytest.mark.parametrize(
    ("vendor", "told", "kind", "text"),
    [
        (
            "generic-tiff",
            {
                "tiff.XResolution": "72",
                "tiff.ResolutionUnit": "inch",
                "openslide.mpp-x": "352.77",
                "openslide.mpp-y": "352.77",
            },
            ScaleImplausible,
            "s: XResolution = 72 per inch (352.8 um/px) is a screen or print resolution, not a microscope's; "
            "give the right scale in um per pixel with --mpp",
        ),
        (
            "generic-tiff",
            {"tiff.XResolution": "40000", "tiff.ResolutionUnit": "none"},
            ScaleMissing,
            "s: XResolution = 40000 without a unit tells no scale; give it in um per pixel with --mpp",
        ),
        (
            "aperio",
            {"aperio.MPP": "-0.25"} | both("-0.25"),
            ScaleImplausible,
            "s: aperio.MPP = -0.25 is not a scale; give the right scale in um per pixel with --mpp",
        ),
        (
            "aperio",
            {"aperio.MPP": "0.025"} | both("0.025"),
            ScaleImplausible,
            "s: aperio.MPP = 0.025 (0.025 um/px) is no slide's scale: 0.1-2.0 um/px is; "
            "give the right scale in um per pixel with --mpp",
        ),
        (
            "hamamatsu",
            both("0.23", "0.46"),
            ScaleImplausible,
            "s: openslide.mpp-x = 0.23 says 0.23 um/px in x but 0.46 in y; "
            "give the right scale in um per pixel with --mpp",
        ),
        (
            "aperio",
            {"aperio.MPP": "n/a"},
            ScaleMissing,
            "s: aperio.MPP = n/a tells no scale; give it in um per pixel with --mpp",
        ),
        ("aperio", {}, ScaleMissing, "s: no tag tells the scale; give it in um per pixel with --mpp"),
    ],
)
def test_traps(vendor: str, told: dict[str, str], kind: type[HistoError], text: str) -> None:
    with pytest.raises(kind) as caught:
        decide_scale("s", scale_tags(vendor, told))
    assert str(caught.value) == text


@pytest.mark.parametrize("told", [{"aperio.MPP": "0,25"}, {"aperio.MPP": "0,25"} | both("0.25")])
def test_a_decimal_comma_is_a_quarter_and_the_source_shows_it(told: dict[str, str]) -> None:
    scale = decide_scale("s", scale_tags("aperio", told))
    assert scale.mpp == Mpp(0.25)
    assert scale.source == "aperio.MPP = 0,25"


@pytest.mark.parametrize("override", [0.0, -0.25, math.nan, math.inf])
def test_an_override_that_is_no_scale_is_a_usage_error(override: float) -> None:
    with pytest.raises(UsageError, match=r"^--mpp: .* is not a scale; give um per pixel, e\.g\. --mpp 0\.25$"):
        decide_scale("s", [tag(0.25)], override)


def test_an_override_out_of_range_is_no_way_around_the_policy() -> None:
    with pytest.raises(ScaleTooCoarse, match=r"--mpp = 4 \(4 um/px\) is too coarse"):
        decide_scale("s", [], 4.0)


def test_an_override_wins_is_the_source_and_is_never_silent() -> None:
    tags = [tag(0.25, text="0.25")]
    scale = decide_scale("s", tags, 0.5)
    assert (scale.mpp, scale.source) == (Mpp(0.5), "--mpp")
    assert scale_warnings(scale, tags) == ("--mpp 0.5 overrides TAG = 0.25",)
    assert scale_warnings(decide_scale("s", tags, 0.2501), tags) == ()


def test_coarser_than_one_is_warned_of() -> None:
    assert scale_warnings(decide_scale("s", [tag(1.0)]), ()) == ()
    (warning,) = scale_warnings(decide_scale("s", [tag(1.2)]), ())
    assert warning == "the finest level has 1.2 um/px: too coarse to tell cells apart, and rough for fibers"


def test_a_file_and_its_override(tmp_path: Path) -> None:
    path = write_pyramid(tmp_path / "a.tif", tissue_like(300, 260), 1.25)
    found = inspect_slide(path)
    assert found.scale is not None
    assert found.scale.source == "XResolution = 8000 per centimeter"
    assert found.warnings == ("the finest level has 1.25 um/px: too coarse to tell cells apart, and rough for fibers",)
    with open_slide(path, 0.5) as slide:
        assert slide.info.scale.source == "--mpp"
        assert slide.info.warnings == ("--mpp 0.5 overrides XResolution = 8000 per centimeter",)
        assert slide.info.working_size_wpx == slide.info.size_px


def test_tags_of_a_page_are_no_scale(tmp_path: Path) -> None:
    path = write_pyramid(tmp_path / "a.tif", tissue_like(300, 260), 25400 / 72, unit="CENTIMETER")
    problem = inspect_slide(path).problem
    assert isinstance(problem, ScaleImplausible)
    assert "screen or print resolution" in str(problem)
