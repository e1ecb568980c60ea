"""What evidence says of inflammatory cells outside necrotic fibers."""

from __future__ import annotations

from dataclasses import dataclass

from histo.evidence.fiber_results import Estimate


@dataclass(frozen=True, slots=True)
class CompartmentDensity:
    """Inflammatory cells of one compartment.

    Attributes:
        cells: How many.
        per_mm2: Per mm2 of all assessable tissue, so that compartments add up.
        per_own_mm2: Per mm2 of the compartment itself: of fibers and endomysium, or of perimysium and fat. None for the
            other rows, whose area is not measured.
    """

    cells: int
    per_mm2: Estimate | None
    per_own_mm2: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of inflammatory cells outside necrotic fibers.

    Attributes:
        slide: The slide it lies on.
        center_um: x and y of its mean, slide micrometers.
        cells: Number of cells.
        cell_ids: Their rows among the slide's cells.
    """

    slide: str
    center_um: tuple[float, float]
    cells: int
    cell_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WorstField:
    """The square field with the most inflammatory cells outside necrotic fibers.

    Attributes:
        slide: The slide it lies on.
        center_um: x and y of its middle, slide micrometers.
        field_mm2: Its area; tissue need not fill it.
        cells: Cells in it.
        per_mm2: Cells over the field's whole area.
    """

    slide: str
    center_um: tuple[float, float]
    field_mm2: float
    cells: int
    per_mm2: float


@dataclass(frozen=True, slots=True)
class PhagocyteSupport:
    """How many fibers called myophagocytosis hold macrophage-type nuclei, by the numbers of the conventions.

    That three make it sure and two make it possible is a convention (C). The class itself is the network's, which looks
    at the sarcoplasm too: a call with fewer nuclei stays a call, and is one to look at.

    Attributes:
        fibers: Fibers called myophagocytosis: the sum of the next three.
        enough_fibers: With at least `Measures.myophagocytosis_nuclei` inside.
        possible_fibers: With fewer, but at least `Measures.possible_myophagocytosis_nuclei`.
        fewer_fibers: With fewer still.
        uncalled_fibers: Not called necrotic, but with at least `Measures.myophagocytosis_nuclei` inside: possible
            myophagocytosis. They are not counted as necrotic; what they hold is no infiltrate.
    """

    fibers: int
    enough_fibers: int
    possible_fibers: int
    fewer_fibers: int
    uncalled_fibers: int = 0


@dataclass(frozen=True, slots=True)
class Infiltrate:
    """Lymphocyte- and macrophage-like cells outside necrotic fibers. Lineage on H&E is a likeness, not a proof.

    Intervals count the cells as independent; they are not, where cells cluster, and then the truth is wider.

    Attributes:
        total: All of them: the sum of the four places.
        lymphocyte_like: Those that look like lymphocytes.
        macrophage_like: Those that look like macrophages.
        endomysial: Between fibers, or inside non-necrotic ones.
        perimysial: Between fascicles, in fat included.
        perivascular: In a vessel's wall or near it, wherever the vessel runs.
        unplaced: In a cleft or off the map, so that no compartment can be told.
        inside_necrotic_cells: Cells inside necrotic fibers and others with phagocytes, or at their rim:
            myophagocytosis, not infiltrate.
        excluded_cells: Cells in nerve, spindle or artefact: not trusted, not part of the total.
        worst_field: The field with the most cells; None where there is no such cell.
        clusters: All clusters, largest first.
        clusters_count: How many clusters.
        large_clusters_count: How many large ones.
        macrophage_clusters_count: How many of more macrophage-like than lymphocyte-like cells.
        clusters_per_mm2: Clusters per mm2 of assessable tissue.
        large_clusters_per_mm2: Large ones.
    """

    total: CompartmentDensity
    lymphocyte_like: CompartmentDensity
    macrophage_like: CompartmentDensity
    endomysial: CompartmentDensity
    perimysial: CompartmentDensity
    perivascular: CompartmentDensity
    unplaced: CompartmentDensity
    inside_necrotic_cells: int
    excluded_cells: int
    worst_field: WorstField | None
    clusters: tuple[Cluster, ...]
    clusters_count: int
    large_clusters_count: int
    clusters_per_mm2: Estimate | None = None
    large_clusters_per_mm2: Estimate | None = None
    macrophage_clusters_count: int = 0
