"""Columns of the reading itself: whose it is, the pattern, what could be read, how slides look, what read them."""

from __future__ import annotations

from collections.abc import Callable
from math import fsum

from histo.appearance import Appearance
from histo.cohort.results.columns import Column, Group, Source, count, flag, listed, number, text
from histo.evidence import AcrossSlides, Coverage
from histo.pattern import Candidate, Grades
from histo.pattern.familiarity import Familiarity, Verdict
from histo.records.plain_table import Value
from histo.tissue import ArtefactClass


def _candidate(rank: int) -> Callable[[Source], Candidate | None]:
    def of(source: Source) -> Candidate | None:
        differential = source.facts.pattern.differential
        return differential[rank] if len(differential) > rank else None

    return of


def _label(rank: int) -> Callable[[Source], Value]:
    def of(source: Source) -> Value:
        found = _candidate(rank)(source)
        return None if found is None else found.label.value

    return of


def _tied(source: Source) -> Value:
    first, second = _candidate(0)(source), _candidate(1)(source)
    return None if first is None or second is None else first.rank == second.rank


def _probability(source: Source) -> Value:
    first = _candidate(0)(source)
    return None if first is None else first.probability


def _refusals(get: str) -> Callable[[Source], Value]:
    def of(source: Source) -> Value:
        pattern = source.facts.pattern
        if pattern.refusal is None:
            return None
        return listed([str(getattr(one, get)) for one in (pattern.refusal, *pattern.further_refusals)])

    return of


def _grade(name: str) -> Column:
    meaning = f"grade of {name.replace('_', ' ')}, a word of histo/pattern/grades.py; not_assessed on a refusal"
    return text(f"grade_{name}", meaning, lambda source: str(getattr(source.facts.pattern.grades, name).value))


def _across(end: str) -> Callable[[Source], Value]:
    def of(source: Source) -> Value:
        found: AcrossSlides | None = source.facts.evidence.spread.necrotic_per_1000_fibers
        return None if found is None else float(getattr(found, end))

    return of


def percent_of_found(area_mm2: float, coverage: Coverage) -> float | None:
    """A share of the tissue that was found; None where none was."""
    return 100 * area_mm2 / coverage.found_mm2 if coverage.found_mm2 else None


def _area_share(area: Callable[[Coverage], float]) -> Callable[[Source], Value]:
    return lambda source: percent_of_found(area(source.pooled.coverage), source.pooled.coverage)


def _artefact(kind: ArtefactClass) -> Column:
    name = kind.name.lower()
    return number(
        f"{name}_mm2",
        "mm2",
        f"rejected: {name.replace('_', ' ')}",
        lambda source: source.pooled.coverage.artefact_mm2.get(name, 0.0),
    )


def _worst(source: Source) -> Familiarity | None:
    """The slide that is least like what the network was trained on."""
    order = list(Verdict)
    judged = source.facts.pattern.familiarity
    return max(
        judged,
        key=lambda one: (order.index(one.verdict), one.distances[0].distance if one.distances else 0.0),
        default=None,
    )


def _verdict(source: Source) -> Value:
    worst = _worst(source)
    return None if worst is None else worst.verdict.value


def _distance(group: str) -> Callable[[Source], Value]:
    """The farthest slide's."""

    def of(source: Source) -> Value:
        found = [one.distance for slide in source.facts.pattern.familiarity for one in slide.distances
                 if one.group == group]  # fmt: skip
        return max(found, default=None)

    return of


def _look(get: Callable[[Appearance], float | None]) -> Callable[[Source], Value]:
    """The mean over slides, each by the area that could be assessed on it; None where no slide tells it."""

    def of(source: Source) -> Value:
        told = [
            (value, slide.coverage.assessable_mm2)
            for slide, seen in zip(source.facts.slides, source.appearances, strict=True)
            if seen is not None and (value := get(seen)) is not None
        ]
        weight = fsum(area for _, area in told)
        return fsum(value * area for value, area in told) / weight if weight else None

    return of


BIOPSY = Group(
    "The biopsy",
    (
        text("biopsy", "name of the biopsy; of the slide where it was read on its own", lambda s: s.biopsy.biopsy),
        text("patient", "pseudonym of the patient, as the manifest has it", lambda s: s.biopsy.patient),
        text("site", "scanner or laboratory, as the manifest has it", lambda s: s.biopsy.site),
        text(
            "manifest_label",
            "the pattern that the manifest gives it: someone's reading, not the truth",
            lambda s: None if s.biopsy.label is None else s.biopsy.label.value,
        ),
        count("slides", "slides that were read", lambda s: len(s.facts.slides)),
        count("slides_failed", "slides that could not be read", lambda s: len(s.facts.failures)),
    ),
)

PATTERN = Group(
    "The pattern: not a diagnosis",
    (
        text("pattern", "pattern label", lambda s: s.facts.pattern.label.value),
        text(
            "rule",
            "row of the decision table that spoke; refusal or conflict if none did",
            lambda s: s.facts.pattern.rule,
        ),
        text(
            "refusals",
            "codes of the reasons why no pattern is named, separated by semicolons; what was not found on "
            "such a biopsy is not shown to be absent",
            _refusals("code"),
        ),
        text("refusal_reasons", "the same in sentences", _refusals("sentence")),
        text("differential_first", "first candidate", _label(0)),
        text("differential_second", "second candidate", _label(1)),
        flag("differential_tied", "whether the first two share a rank: then their order means nothing", _tied),
        number(
            "differential_first_probability",
            "probability",
            "of the first candidate; missing unless calibrated on a laboratory's own biopsies",
            _probability,
        ),
        *(_grade(name) for name in Grades.__dataclass_fields__),
        number(
            "slides_necrotic_low",
            "per 1,000 fibers",
            "fewest necrotic fibers on a slide; missing with one slide",
            _across("low"),
        ),
        number(
            "slides_necrotic_high",
            "per 1,000 fibers",
            "most necrotic fibers on a slide; missing with one slide",
            _across("high"),
        ),
    ),
)

COVERAGE = Group(
    "What could be read",
    (
        number("found_mm2", "mm2", "tissue to account for", lambda s: s.pooled.coverage.found_mm2),
        number("rejected_mm2", "mm2", "set aside as artefact", lambda s: s.pooled.coverage.rejected_mm2),
        number("unreadable_mm2", "mm2", "pixels that could not be read", lambda s: s.pooled.coverage.unreadable_mm2),
        number(
            "assessable_mm2",
            "mm2",
            "what remains: the area of all densities",
            lambda s: s.pooled.coverage.assessable_mm2,
        ),
        number("um_per_px", "um per pixel", "scale; missing where slides differ", lambda s: s.scale_um_per_px),
        text("scale_source", "the tag that it was read from with its value, or --mpp", lambda s: s.scale_source),
    ),
)

QUALITY = Group(
    "Quality and stain",
    (
        number("rejected_percent", "%", "artefact of the tissue found", _area_share(lambda c: c.rejected_mm2)),
        number("unreadable_percent", "%", "unreadable of the tissue found", _area_share(lambda c: c.unreadable_mm2)),
        number(
            "out_of_focus_percent",
            "%",
            "out of focus of the tissue found",
            _area_share(lambda c: c.artefact_mm2.get(ArtefactClass.OUT_OF_FOCUS.name.lower(), 0.0)),
        ),
        *(_artefact(kind) for kind in ArtefactClass if kind),
        text(
            "slide_warnings",
            "warnings of the slides, separated by semicolons",
            lambda s: listed([warning for slide in s.facts.slides for warning in slide.warnings]) or None,
        ),
        text("stain", "what the slides' colors look like", lambda s: listed([slide.stain for slide in s.facts.slides])),
        text(
            "familiarity",
            "beside what the network was trained on, the worst slide: familiar, doubtful, strange",
            _verdict,
        ),
        number("distance_colors", "familiar distances", "unlike in colors, the farthest slide", _distance("colors")),
        number(
            "distance_texture", "familiar distances", "unlike in contrasts, the farthest slide", _distance("texture")
        ),
        number(
            "distance_answers",
            "familiar distances",
            "unlike in the network's answers, the farthest slide",
            _distance("answers"),
        ),
        number("nucleus_um", "um", "typical diameter of dark compact places: nuclei", _look(lambda a: a.nucleus_um)),
        number(
            "stain_density",
            "optical density",
            "mean over dyed pixels, summed over red, green and blue",
            _look(lambda a: a.colors.density),
        ),
        number(
            "stain_red_share",
            "share",
            "red's share of what most of the tissue absorbs",
            _look(lambda a: a.colors.red_middle),
        ),
        number(
            "stain_blue_share",
            "share",
            "blue's share of what most of the tissue absorbs",
            _look(lambda a: a.colors.blue_middle),
        ),
        number(
            "stain_nuclei_red_share", "share", "red's share of what nuclei absorb", _look(lambda a: a.colors.red_high)
        ),
        number(
            "sharpness",
            "ratio",
            "contrast below 0.5 um over that of 0.5 to 1 um: lower is more blurred",
            _look(lambda a: a.texture.finest),
        ),
    ),
)

PROVENANCE = Group(
    "What read it",
    (
        text(
            "slides_sha256",
            "digests of the slide files, separated by semicolons",
            lambda s: listed([one.sha256 for one in s.facts.slides]),
        ),
        text("bundle", "name and version of the weights", lambda s: f"{s.facts.model.name} {s.facts.model.version}"),
        text(
            "bundle_sha256",
            "digest of the bundle's card, which holds that of its weights",
            lambda s: s.facts.model.sha256,
        ),
        text("trained_on", "what these weights learned from", lambda s: s.facts.model.trained_on),
        text("engine", "what ran the network", lambda s: s.facts.model.engine),
        text("precision", "in which numbers it ran", lambda s: s.facts.model.precision),
        text(
            "conventions", "name and version of the conventions that graded it", lambda s: s.facts.pattern.conventions
        ),
        text("histo", "version of histo", lambda s: s.facts.software.histo),
        text("reading", "folder of the reading, relative to the cohort's", lambda s: s.biopsy.folder.as_posix()),
    ),
)
