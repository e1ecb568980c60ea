"""The conventions: every number that decides how evidence is graded, with its source, in a file a lab can replace."""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path

from histo.errors import UsageError
from histo.evidence import FalseCalls, Measures
from histo.evidence.settings_file import load_toml, read_numbers

SHIPPED = Path(str(files("histo.pattern"))) / "conventions.toml"


@dataclass(frozen=True, slots=True)
class Adequacy:
    """When no pattern is named.

    Attributes:
        min_mm2: Least assessable tissue.
        min_fibers: Least fibers.
        max_um_per_px: Coarsest finest scale.
        max_artefact_percent: Most artefact among the tissue found.
        max_unreadable_percent: Most unreadable tissue.
        min_transverse_percent: Least fibers cut transversely.
        min_fiber_percent: Least share of the scored tissue that is muscle fiber.
        min_outlined_percent: Least share of fibers and endomysium that could be outlined as fibers.
        few_outlined_percent: Below this share the reading warns.
        min_median_um: Least median diameter that a muscle can have.
        max_median_um: Largest median diameter that a muscle can have.
        max_size_cv: Largest standard deviation over mean of the diameters that a muscle can have.
        few_fiber_percent: Below this share the reading warns.
    """

    min_mm2: float
    min_fibers: int
    max_um_per_px: float
    max_artefact_percent: float
    max_unreadable_percent: float
    min_transverse_percent: float
    min_fiber_percent: float
    min_outlined_percent: float
    few_outlined_percent: float
    min_median_um: float
    max_median_um: float
    max_size_cv: float
    few_fiber_percent: float


@dataclass(frozen=True, slots=True)
class NecrosisBands:
    """Grades of necrosis, by necrotic fibers in percent of all fibers."""

    normal_fibers_per_section: int
    moderate_from_percent: float
    marked_above_percent: float
    extensive_above_percent: float


@dataclass(frozen=True, slots=True)
class InfiltrateBands:
    """Grades of the infiltrate outside necrotic fibers, of its place and of invasion."""

    sparse_below_per_mm2: float
    present_from_clusters: int
    dense_above_clusters: int
    clusters_on_mm2: float
    diffuse_from_per_mm2: float
    missed_phagocytes_percent: float
    placed_from_cells: int
    mostly_percent: float
    invasion_from_fibers: int
    invasion_from_per_1000: float


@dataclass(frozen=True, slots=True)
class StageBands:
    """When a stage of necrosis counts as present."""

    present_from_percent: float


@dataclass(frozen=True, slots=True)
class SpreadBands:
    """When necrotic fibers are clustered, in small groups, or scattered."""

    max_p: float
    clustered_from_percent: float
    scattered_envelope_low: float


@dataclass(frozen=True, slots=True)
class PositionBands:
    """When fibers of a kind prefer the fascicle edge, or avoid it."""

    edge_from_preference: float
    away_below_index: float


@dataclass(frozen=True, slots=True)
class AtrophyBands:
    """When small fibers make perifascicular, grouped, or scattered atrophy."""

    perifascicular_from_percent_of_edge: float
    perifascicular_from_in_groups_percent: float
    grouped_from_percent: float
    grouped_from_in_groups_percent: float
    scattered_from_percent: float


@dataclass(frozen=True, slots=True)
class ChronicityBands:
    """When internal nuclei, size variation, fibrosis and fat are signs of chronic myopathy."""

    internal_nuclei_from_percent: float
    size_cv_from: float
    endomysium_from_percent: float
    fat_from_percent: float
    marked_from_signs: int


@dataclass(frozen=True, slots=True)
class FamiliarityBands:
    """From where on a slide's appearance is doubtful (a caveat) and strange (no pattern is named).

    Attributes:
        doubtful_from_distance: In units of the distance that 95 of 100 held-out training fields stay within.
        strange_from_distance: The same.
        nucleus_um: Typical diameter of a nucleus in a section of muscle.
        doubtful_from_nucleus_ratio: Times as wide, or as narrow.
        strange_from_nucleus_ratio: The same.
    """

    doubtful_from_distance: float
    strange_from_distance: float
    nucleus_um: float
    doubtful_from_nucleus_ratio: float
    strange_from_nucleus_ratio: float


@dataclass(frozen=True, slots=True)
class RecoveryBands:
    """What follows from implants that a slide gave back; see `histo recover`.

    Attributes:
        poor_below_percent: Of a kind of implant; where fewer come back it cannot be seen on the slide.
        redrawn_above_percent: Of healthy fibers drawn anew; where more are called necrotic, drawing alone makes it.
        min_healthy_fibers: Fewer give no implants.
    """

    poor_below_percent: float
    redrawn_above_percent: float
    min_healthy_fibers: int


@dataclass(frozen=True, slots=True)
class Conventions:
    """All conventions.

    Attributes:
        name: The file's own name for itself; it stands in every reading.
        sources: (key, source) of every number: a DOI, or (C).
        sha256: Of the file.
    """

    name: str
    measures: Measures
    adequacy: Adequacy
    necrosis: NecrosisBands
    infiltrate: InfiltrateBands
    stages: StageBands
    spread: SpreadBands
    position: PositionBands
    atrophy: AtrophyBands
    chronicity: ChronicityBands
    familiarity: FamiliarityBands
    recovery: RecoveryBands
    sources: tuple[tuple[str, str], ...]
    sha256: str


_SECTIONS = {
    "measures": Measures,
    "adequacy": Adequacy,
    "necrosis": NecrosisBands,
    "infiltrate": InfiltrateBands,
    "stages": StageBands,
    "spread": SpreadBands,
    "position": PositionBands,
    "atrophy": AtrophyBands,
    "chronicity": ChronicityBands,
    "familiarity": FamiliarityBands,
    "recovery": RecoveryBands,
}


def load_conventions(path: Path | None = None) -> Conventions:
    """Read a conventions file, strictly.

    Args:
        path: A lab's own file; the shipped one if left out.

    Raises:
        UsageError: If the file cannot be read, or a key is missing, unknown, without a source, or impossible.
    """
    file = SHIPPED if path is None else path
    content = load_toml(file)
    tables = content.tables
    name = tables.pop("name", None)
    if not isinstance(name, str) or not name.strip():
        raise UsageError(file, "has no name", 'begin it with name = "our conventions 1"')
    for key in tables:
        if key not in _SECTIONS:
            raise UsageError(file, f"[{key}] is not a table of conventions", f"use one of {', '.join(_SECTIONS)}")
    sections: dict[str, object] = {}
    sources: list[tuple[str, str]] = []
    for key, section in _SECTIONS.items():
        sections[key], found = read_numbers(section, key, tables, file)
        sources.extend(found.items())
    conventions = Conventions(name=name, sources=tuple(sources), sha256=content.sha256, **sections)  # type: ignore[arg-type]
    _check(conventions, file)
    return conventions


def _check(conventions: Conventions, file: Path) -> None:
    """Refuse numbers that are possible one by one, but not together."""
    for section in fields(conventions):
        values = getattr(conventions, section.name)
        for number in fields(values) if section.name in _SECTIONS else ():
            value = getattr(values, number.name)
            if "_percent" in number.name and value > 100:
                raise UsageError(file, f"{section.name}.{number.name} is {value}, above 100%", "give a percentage")
    measures = conventions.measures
    try:
        FalseCalls(measures.assumed_false_necrotic_per_1000, measures.assumed_false_necrotic_variation)
    except ValueError as error:
        raise UsageError(file, f"measures: {error}", "correct the number") from error
    ordered = (
        (
            "measures.cluster_cells",
            measures.cluster_cells,
            "measures.large_cluster_cells",
            measures.large_cluster_cells,
        ),
        (
            "measures.possible_myophagocytosis_nuclei",
            measures.possible_myophagocytosis_nuclei,
            "measures.myophagocytosis_nuclei",
            measures.myophagocytosis_nuclei,
        ),
        (
            "necrosis.moderate_from_percent",
            conventions.necrosis.moderate_from_percent,
            "necrosis.marked_above_percent",
            conventions.necrosis.marked_above_percent,
        ),
        (
            "necrosis.marked_above_percent",
            conventions.necrosis.marked_above_percent,
            "necrosis.extensive_above_percent",
            conventions.necrosis.extensive_above_percent,
        ),
        (
            "infiltrate.sparse_below_per_mm2",
            conventions.infiltrate.sparse_below_per_mm2,
            "infiltrate.diffuse_from_per_mm2",
            conventions.infiltrate.diffuse_from_per_mm2,
        ),
        (
            "familiarity.doubtful_from_distance",
            conventions.familiarity.doubtful_from_distance,
            "familiarity.strange_from_distance",
            conventions.familiarity.strange_from_distance,
        ),
        (
            "familiarity.doubtful_from_nucleus_ratio",
            conventions.familiarity.doubtful_from_nucleus_ratio,
            "familiarity.strange_from_nucleus_ratio",
            conventions.familiarity.strange_from_nucleus_ratio,
        ),
    )
    for low_name, low, high_name, high in ordered:
        if low > high:
            raise UsageError(file, f"{low_name} is {low}, above {high_name}, {high}", "exchange them")
    for name in (
        "field_mm2",
        "cluster_link_um",
        "cluster_cells",
        "ripley_reach_diameters",
        "permutations",
        "sheet_neighbors",
    ):
        if getattr(measures, name) == 0:
            raise UsageError(file, f"measures.{name} is 0", "give a number above 0")
    if conventions.familiarity.nucleus_um == 0:
        raise UsageError(file, "familiarity.nucleus_um is 0", "give a number above 0")
    for name, limit in (("small_fiber_percentile", 100), ("sheet_local_share", 1), ("small_fiber_share", 1)):
        if getattr(measures, name) > limit:
            raise UsageError(file, f"measures.{name} is above {limit}", f"give at most {limit}")
