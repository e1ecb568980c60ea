"""What there is to see: the section with its findings, maps, and the very fibers that decided."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from histo.evidence import Infiltrate, Measures, SlideEvidence, SlideObservation
from histo.findings import Cells, Findings
from histo.pattern import PatternReading
from histo.report.case.blocks import Figure as Shown
from histo.report.case.blocks import Figures, Section, Words
from histo.report.choice import leading
from histo.report.crops import FiberCrop, SlidePictures
from histo.report.image import Image, jpeg_of
from histo.report.map_base import quiet_picture
from histo.report.maps import SlideMap, draw_maps
from histo.report.overview import legend_handles, legend_title
from histo.report.pictures import Picture
from histo.report.rows import typeset
from histo.report.section import draw_section
from histo.tissue import TissueMap

DPI = 200
SECTION_IN = (7.1, 7.4)
"""Largest width and height of the section: a printed page is as wide."""

LEGEND_IN = 3.5
"""Width of a column of the legend; a section is never narrower in the figure."""

LETTERS = 12
"""Fibers that are marked on the section."""


@dataclass(frozen=True, eq=False)
class SlideSights:
    """The pictures of one slide, drawn.

    Attributes:
        overview: The section with its findings; None where the findings are not at hand.
        from_slide: Whether that shows the slide's pixels, or only what was made of them.
        maps: Maps.
        pictures: Magnified places; None where the slide is not at hand.
        letters: The letter of each fiber that is marked on the overview, by its row.
        cells: The slide's nuclei, for drawing on magnified places.
        missing: What cannot be drawn, in sentences.
    """

    overview: Image | None
    from_slide: bool
    maps: tuple[SlideMap, ...]
    pictures: SlidePictures | None
    letters: Mapping[int, str]
    cells: Cells
    missing: tuple[str, ...]


def see_slide(
    observation: SlideObservation,
    evidence: SlideEvidence,
    measures: Measures,
    tissue: TissueMap | None,
    pictures: SlidePictures | None,
) -> SlideSights:
    """Draw one slide.

    Args:
        observation: What was found on it.
        evidence: What that amounts to.
        measures: How it was measured.
        tissue: What was set aside; None where the slide is not at hand.
        pictures: Of the slide; None where it is not at hand.
    """
    missing = () if pictures is not None else (_not_at_hand(observation.name),)
    crops = () if pictures is None else pictures.crops
    chosen = leading([crop.fiber_class for crop in crops], LETTERS)
    letters = {crops[index].fiber: chr(ord("A") + place) for place, index in enumerate(chosen)}
    marked = [(letters[crops[index].fiber], crops[index]) for index in chosen]
    shown = pictures.overview if pictures is not None else quiet_picture(observation.findings.compartments)
    return SlideSights(
        overview=_draw_overview(observation.findings, evidence.numbers.infiltrate, tissue, shown, marked),
        from_slide=pictures is not None,
        maps=draw_maps(observation, evidence, measures),
        pictures=pictures,
        letters=letters,
        cells=observation.findings.cells,
        missing=missing,
    )


def unseen_slide(name: str, why: str) -> SlideSights:
    """A slide of which nothing can be drawn, and the reason."""
    missing = f"Of {name} neither overview nor maps nor fibers can be drawn: {why}."
    return SlideSights(None, False, (), None, {}, Cells.empty(), (missing,))


def _not_at_hand(name: str) -> str:
    return (
        f"The slide of {name} was not at hand when this report was drawn: findings and maps are drawn on the stored "
        "map of its tissue. Its pixels, what was set aside as artefact, and magnified fibers cannot be shown."
    )


def _draw_overview(
    findings: Findings,
    infiltrate: Infiltrate | None,
    tissue: TissueMap | None,
    shown: Picture,
    marked: list[tuple[str, FiberCrop]],
) -> Image:
    height_px, width_px = shown.valid.shape
    scale = min(SECTION_IN[0] / width_px, SECTION_IN[1] / height_px)
    width_in, height_in = max(width_px * scale, LEGEND_IN), height_px * scale
    handles = legend_handles(findings, infiltrate, tissue)
    columns = 2 if width_in >= 2 * LEGEND_IN else 1
    legend_in = 0.3 + 0.2 * math.ceil(len(handles) / columns)
    figure = Figure(figsize=(width_in, height_in + legend_in), dpi=DPI, facecolor="white", layout="constrained")
    axes = figure.subplots()
    drawn = findings if infiltrate is not None else Findings(
        findings.fibers, Cells.empty(), findings.compartments, findings.unreadable_mm2
    )  # fmt: skip
    draw_section(axes, shown, drawn, tissue, marked, width_in * DPI)
    legend = figure.legend(
        handles=handles, title=legend_title(findings), loc="outside lower left", ncols=columns, frameon=False,
        fontsize=8.5, title_fontsize=9, alignment="left", borderpad=0,
    )  # fmt: skip
    legend.get_title().set_fontweight("bold")
    return jpeg_of(figure)


def overview_section(sights: Mapping[str, SlideSights]) -> Section:
    """The sections as a whole."""
    figures = []
    for name, seen in sights.items():
        if seen.overview is None:
            continue
        what = "Every diseased fiber and every inflammatory cell outside necrotic fibers."
        letters = " Letters mark fibers that are shown magnified below." if seen.letters else ""
        ground = "" if seen.from_slide else " Drawn on the stored map of the tissue, not on the slide."
        alt = f"The section {name} with the findings drawn on it"
        figures.append(Shown(seen.overview, name if len(sights) > 1 else "", what + letters + ground, alt))
    missing = [Words(text, "notice") for seen in sights.values() for text in seen.missing]
    blocks = (*missing, *([Figures(tuple(figures), wide=True)] if figures else ()))
    return Section("overview", "The section", blocks)


_MAP_TEXTS = {
    "necrosis": ("Necrosis", "spread", "Where necrotic fibers lie, each kind with its own marker."),
    "infiltrate": ("Infiltrate", "infiltration", "Inflammatory cells outside necrotic fibers."),
    "necrosis_position": (
        "Necrosis against the fascicle edge",
        "necrosis_position",
        "Fibers at an edge are those whose center lies as near to perimysium as the conventions say.",
    ),
    "atrophy_position": (
        "Small fibers against the fascicle edge",
        "atrophy",
        "Fibers that are small for this biopsy, at the edge and elsewhere.",
    ),
}


def maps_section(sights: Mapping[str, SlideSights], pattern: PatternReading) -> Section | None:
    """Maps of all slides; None where none can be drawn."""
    told = {reason.finding: reason.sentence for reason in pattern.reasons}
    figures = []
    for name, seen in sights.items():
        for drawn in seen.maps:
            title, finding, text = _MAP_TEXTS[drawn.key]
            # Reasons are about the whole biopsy: beside the map of one slide of several they would mislead.
            sentence = told.get(finding, "") if len(sights) == 1 else ""
            heading = title if len(sights) == 1 else f"{title}: {name}"
            figures.append(Shown(drawn.image, heading, typeset(f"{text} {sentence}".strip()), drawn.alt))
    if not figures:
        return None
    keys = {drawn.key for seen in sights.values() for drawn in seen.maps}
    absent = [
        Words(f"Without a map: {title.lower()}, for it is not assessed.", "note")
        for key, (title, _, _) in _MAP_TEXTS.items()
        if key not in keys and key != "atrophy_position"
    ]
    told_by = (
        "Markers and outlines tell kinds apart without color. Shading is darker where there is more: per mm² of "
        "assessed tissue, in a field of the conventions' size around each place, as in the exported heat map. Of few "
        "findings it shows where they happen to lie, not that they cluster."
    )
    note = Words(told_by, "note")
    return Section("maps", "Maps", (note, Figures(tuple(figures)), *absent))
