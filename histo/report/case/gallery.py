"""The very fibers and cells that decided, magnified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from histo.findings import NECROTIC_CLASSES, CellClass, Cells
from histo.pattern import Atrophy, Infiltration, PatternReading
from histo.report.case.blocks import Crop, CropGroup, Gallery, Section, Words
from histo.report.case.sights import SlideSights
from histo.report.choice import SHOWN_CLASSES
from histo.report.crops import FiberCrop, PlaceCrop, Why, cells_in
from histo.report.image import jpeg_image
from histo.report.pictures import Picture
from histo.report.section import NO_PIXELS, scale_bar_um
from histo.report.style import FIBER_STYLES

_WHY_TEXTS = {
    Why.PHAGOCYTES: ("Not called necrotic, but holding macrophages: possible myophagocytosis", "necrosis"),
    Why.INVADED: ("Candidates for invasion: not necrotic, with cells inside", "invasion"),
    Why.SMALL_AT_EDGE: ("Small fibers at a fascicle edge", "atrophy"),
    Why.SMALL: ("Small fibers elsewhere", "atrophy"),
    Why.CLUSTER: ("Clusters of inflammatory cells", "infiltration"),
    Why.DENSEST: ("The densest field of inflammatory cells", "infiltration"),
    Why.SAMPLE: ("Places at random", "necrosis"),
}
_SAMPLE_NOTE = "No diseased fiber was found. These places were drawn by lot, so that you can see what was looked at."
_GRAY = np.array([int(NO_PIXELS[at : at + 2], 16) for at in (1, 3, 5)], np.uint8)


def gallery_section(sights: Mapping[str, SlideSights], pattern: PatternReading) -> Section:
    """Magnified places of all slides, by kind."""
    refused = pattern.refusal is not None
    groups = tuple(group for group in _groups(sights, pattern) if group.crops)
    unseen = [name for name, seen in sights.items() if seen.pictures is None]
    if not groups:
        text = (
            f"The fibers cannot be shown, for the slide is not at hand: {', '.join(unseen)}."
            if unseen
            else "None: no diseased fiber was found on what could be looked at."
            if refused
            else "No necrotic, phagocytosed or regenerating fiber was found."
        )
        return Section("gallery", "Fibers to check", (Words(text),))
    note = (
        "Of each kind the ones called with the highest probability, p, which is the network's and no test's. The "
        "number of a fiber is its row in fibers.parquet and its name in QuPath. Circles mark lymphocyte-like cells, "
        "triangles macrophage-like ones."
    )
    return Section("gallery", "Fibers to check", (Gallery(groups), Words(note, "note")))


def _groups(sights: Mapping[str, SlideSights], pattern: PatternReading) -> Iterator[CropGroup]:
    decisive = {reason.finding: reason for reason in pattern.reasons}

    def note(finding: str) -> str:
        reason = decisive.get(finding)
        if reason is None:
            return ""
        return f"{finding.replace('_', ' ')}: {reason.grade}{', which decided the label' if reason.decisive else ''}"

    # A single slide is named at the head of the report, and need not be named below every picture.
    told = {name: name if len(sights) > 1 else "" for name in sights}
    seen = [(name, one) for name, one in sights.items() if one.pictures is not None]
    for kind in SHOWN_CLASSES:
        crops = [
            _fiber(name, crop, one.letters.get(crop.fiber, ""), told[name])
            for name, one in seen
            for crop in one.pictures.crops  # type: ignore[union-attr]
            if crop.fiber_class is kind
        ]
        plural = FIBER_STYLES[kind].plural
        finding = "necrosis" if kind in NECROTIC_CLASSES else "stages"
        yield CropGroup(plural[0].upper() + plural[1:], note(finding), tuple(crops))
    for why, (title, finding) in _WHY_TEXTS.items():
        if not _told(why, pattern):
            continue
        fibers = [
            _fiber(name, crop, "", told[name])
            for name, one in seen
            for crop in one.pictures.further  # type: ignore[union-attr]
            if crop.why is why
        ]
        places = [
            _place(name, crop, one.cells, told[name])
            for name, one in seen
            for crop in one.pictures.places  # type: ignore[union-attr]
            if crop.why is why
        ]
        yield CropGroup(title, _SAMPLE_NOTE if why is Why.SAMPLE else note(finding), (*fibers, *places))


def _told(why: Why, pattern: PatternReading) -> bool:
    """Small fibers and clusters are shown where something is made of them; every muscle has some small fibers."""
    if why in (Why.SMALL, Why.SMALL_AT_EDGE):
        return pattern.grades.atrophy not in (Atrophy.NONE, Atrophy.NOT_ASSESSED)
    if why is Why.CLUSTER:
        return pattern.grades.infiltration is not Infiltration.NONE_SPARSE
    return True


def _fiber(slide: str, crop: FiberCrop, letter: str, told_slide: str) -> Crop:
    picture, style = crop.picture, FIBER_STYLES[crop.fiber_class]
    ring = (crop.outline_um.astype(np.float64) - np.array(picture.origin_um)) / _side_um(picture)
    x_um, y_um = crop.center_um
    red, green, blue = (round(255 * part) for part in style.color)
    probability = f"p {crop.probability:.2f}"
    title = f"Fiber {crop.fiber}, {probability}, {crop.min_feret_um:.0f} µm wide"
    of = "candidate for invasion" if crop.why is Why.INVADED else style.label
    return _crop(
        picture,
        ring=tuple((round(float(x), 4), round(float(y), 4)) for x, y in ring),
        color=f"#{red:02x}{green:02x}{blue:02x}",
        dash=style.dash != "solid",
        dots=(),
        letter=letter,
        title=title,
        place=_where(told_slide, x_um, y_um),
        alt=f"{title}, called {of}, on {slide}, with its outline",
    )


def _place(slide: str, crop: PlaceCrop, cells: Cells, told_slide: str) -> Crop:
    side_um, (left, top) = _side_um(crop.picture), crop.picture.origin_um
    dots = () if crop.why is Why.SAMPLE else tuple(
        (round((x - left) / side_um, 4), round((y - top) / side_um, 4), kind is CellClass.LYMPHOCYTE)
        for kind, x, y in cells_in(cells, crop.picture)
    )  # fmt: skip
    x_um, y_um = crop.center_um
    title = {
        Why.CLUSTER: f"Cluster of {crop.cells:,} cells",
        Why.DENSEST: f"{crop.cells:,} cells outside necrotic fibers",
    }.get(crop.why, "Drawn by lot")
    return _crop(
        crop.picture, ring=(), color="", dash=False, dots=dots, letter="",
        title=f"{title}, {side_um:,.0f} µm across",
        place=_where(told_slide, x_um, y_um),
        alt=f"{title}: a field of {side_um:,.0f} µm on {slide}",
    )  # fmt: skip


def _where(slide: str, x_um: float, y_um: float) -> str:
    place = f"x {x_um / 1000:.2f} mm, y {y_um / 1000:.2f} mm"
    return f"{slide}, {place}" if slide else place


def _side_um(picture: Picture) -> float:
    return picture.mpp.to_um(float(picture.rgb.shape[0]))


def _crop(
    picture: Picture, *, ring: tuple[tuple[float, float], ...], color: str, dash: bool,
    dots: tuple[tuple[float, float, bool], ...], letter: str, title: str, place: str, alt: str,
) -> Crop:  # fmt: skip
    rgb = np.where(picture.valid[..., None], picture.rgb, _GRAY).astype(np.uint8)
    side_um = _side_um(picture)
    bar_um = scale_bar_um(side_um)
    return Crop(
        image=jpeg_image(rgb), ring=ring, color=color, dash=dash, dots=dots, bar=bar_um / side_um,
        bar_text=f"{bar_um:g} µm", letter=letter, title=title, place=place, alt=alt,
    )  # fmt: skip
