"""What is to be done: the slides of a manifest or a folder as units, and the biopsies that they make, in order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from histo.biopsy import check_names
from histo.clinical import ClinicalFacts
from histo.cohort.folder import slides_in
from histo.cohort.manifest import NO_SITE, ManifestRow, load_manifest
from histo.cohort.settings import Settings, digest_of, known_digest
from histo.errors import UsageError
from histo.slide import slide_name

RESULT_FILES = ("cohort.parquet", "cohort.csv", "overview.html", "run.json", "failures.json")
"""What a run writes beside the biopsies' folders."""

LONGEST_NAME_BYTES = 180
"""Of a biopsy: disks take names of 255 bytes, and its folder has a longer one for the moment when it is replaced."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which slides are a run's: those at `index`, `index + count`, ... in the plan.

    Attributes:
        index: From 0.
        count: How many such parts there are; 1 is the whole.
    """

    index: int = 0
    count: int = 1


@dataclass(frozen=True, slots=True)
class SlideUnit:
    """One slide: what is claimed, read and published as a whole.

    Attributes:
        id: Of this slide under these settings, whatever the file holds at present.
        biopsy: Name of its biopsy.
        alone: Whether it is a biopsy of its own, as with `histo read` without `--biopsy`.
        slide: Name of its results.
        path: Absolute.
        mpp: Scale in um per level-0 pixel that overrides the file's own.
        known_of: Digest of what is known of the patient, if it is a biopsy of its own; else empty.
    """

    id: str
    biopsy: str
    alone: bool
    slide: str
    path: Path
    mpp: float | None
    known_of: str


@dataclass(frozen=True, slots=True)
class Biopsy:
    """The slides of one biopsy.

    Attributes:
        id: Of its name; the settings are no part of it, for there is one folder of this name.
        name: Of its folder.
        alone: Whether it is one slide without a biopsy's name.
        units: In the manifest's order.
        patient: Pseudonym; None where no manifest tells.
        site: Scanner or laboratory.
        label: The pattern that the manifest gives it; None where it gives none.
        known_of: Digest of what is known of the patient; empty if nothing is.
    """

    id: str
    name: str
    alone: bool
    units: tuple[SlideUnit, ...]
    patient: str | None
    site: str
    label: str | None
    known_of: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A cohort.

    Attributes:
        source: The manifest or the folder.
        settings: What reads.
        biopsies: In the order of the manifest, or by name.
        left_out: Files of a folder that are no slides.
        digest: Of the settings, of what is known of the patients, and of the slides and where they lie: runs of one
            digest may share an output folder.
    """

    source: Path
    settings: Settings
    biopsies: tuple[Biopsy, ...]
    left_out: int
    digest: str

    @property
    def units(self) -> tuple[SlideUnit, ...]:
        """All slides, in the order of their biopsies."""
        return tuple(unit for biopsy in self.biopsies for unit in biopsy.units)

    def part(self, part: Part) -> tuple[SlideUnit, ...]:
        """The slides of a part."""
        return self.units[part.index :: part.count]


def plan_cohort(
    source: Path,
    out: Path,
    settings: Settings,
    mpp: float | None = None,
    known: Mapping[str, ClinicalFacts] | None = None,
) -> Plan:
    """Read the manifest, or look through the folder.

    Args:
        source: A manifest, or a folder of slides.
        out: The output folder; what lies in it is no slide.
        settings: What reads.
        mpp: Scale for slides of which the manifest tells none.
        known: What is known of the patients, by biopsy.

    Raises:
        ManifestError: If the manifest has faults, each named with its row.
        UsageError: If there is no slide, results would overwrite each other, or a biopsy's name can be no folder's.
    """
    known = known or {}
    left_out = 0
    if source.is_dir():
        slides, left_out = slides_in(source.absolute(), out.absolute(), mpp)
        if not slides:
            raise UsageError(
                source, f"holds no slide ({left_out} other files)", "give a folder of slides, or a manifest"
            )
        check_names([slide_name(path) for path in slides], None)
        groups = {slide_name(path): [_row_of(path)] for path in slides}
    else:
        groups = {}
        for row in load_manifest(source).rows:
            groups.setdefault(row.biopsy, []).append(row)
        check_names(list(groups), None)
        for name, rows in groups.items():
            check_names([slide_name(row.slide) for row in rows], name)
    for name, rows in groups.items():
        if len(os.fsencode(name)) > LONGEST_NAME_BYTES:
            where = f"row {rows[0].number}: " if rows[0].number else ""
            problem = f"{where}a biopsy's name becomes a folder, and has more than {LONGEST_NAME_BYTES} bytes"
            raise UsageError(repr(f"{name[:40]}..."), problem, "give it a shorter one")
        if name.startswith("."):
            raise UsageError(repr(name), "a biopsy's folder would be hidden", "give it a name without a leading dot")
        if name.casefold() in RESULT_FILES:
            raise UsageError(repr(name), "a biopsy's folder would stand where the cohort's own file does", "rename it")
    alone = source.is_dir()
    biopsies = tuple(_biopsy(name, rows, alone, settings, mpp, known.get(name)) for name, rows in groups.items())
    return Plan(source.absolute(), settings, biopsies, left_out, _digest(settings, biopsies))


def _digest(settings: Settings, biopsies: tuple[Biopsy, ...]) -> str:
    # One file may be named in several ways, by paths of its own and through links: runs may differ in that.
    slides = [
        [biopsy.name, biopsy.known_of, [[unit.id, str(unit.path.resolve())] for unit in biopsy.units]]
        for biopsy in biopsies
    ]
    return digest_of(settings.digest, slides)


def _row_of(path: Path) -> ManifestRow:
    name = slide_name(path)
    return ManifestRow(name, name, path, annotation=None, mpp=None, split=None, site=NO_SITE, label=None, number=0)


def _biopsy(
    name: str,
    rows: list[ManifestRow],
    alone: bool,
    settings: Settings,
    mpp: float | None,
    facts: ClinicalFacts | None,
) -> Biopsy:
    known_of = known_digest(facts)
    first = rows[0]
    biopsy = Biopsy(
        id=digest_of(name)[:24],
        name=name,
        alone=alone,
        units=(),
        patient=None if alone else first.patient,
        site=first.site,
        label=next((row.label for row in rows if row.label is not None), None),
        known_of=known_of,
    )
    units = []
    for row in rows:
        scale = mpp if row.mpp is None else row.mpp
        of_patient = known_of if alone else ""
        identity = digest_of(None if alone else name, slide_name(row.slide), scale, settings.digest, of_patient)[:24]
        units.append(SlideUnit(identity, name, alone, slide_name(row.slide), row.slide.absolute(), scale, of_patient))
    return replace(biopsy, units=tuple(units))
