"""How evidence is measured: distances, counts and seeds. Their values live in the conventions file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from histo.evidence.settings_file import load_toml, read_numbers

CONVENTIONS_FILE = Path("pattern", "conventions.toml")
"""Inside the package: one file holds what is measured and how it is graded, though evidence knows nothing of
grading."""


@dataclass(frozen=True, slots=True)
class Measures:
    """The settings of every measurement; all are conventions (C) that a lab may change.

    Attributes:
        perivascular_um: A cell at most this far from a vessel is perivascular.
        vessel_min_um2: Smaller vessel patches are taken for noise.
        perimysium_min_um2: Smaller perimysium patches do not make a fascicle edge.
        edge_zone_diameters: A fiber whose center is at most this many well-preserved diameters from perimysium lies at
            the fascicle edge.
        cluster_link_um: Inflammatory cells at most this far apart belong to one cluster (single linkage).
        cluster_cells: Cells that make a cluster.
        large_cluster_cells: Cells that make a large cluster.
        field_mm2: Area of the square field whose worst place is reported.
        necrotic_rim_um: Cells this close to a necrotic fiber's outline count as inside it.
        invading_cells: Inflammatory cells inside one non-necrotic fiber that make it an invasion candidate, whatever it
            looks like; one is enough in a fiber that the network marks as invaded.
        myophagocytosis_nuclei: Macrophage-type nuclei inside a fiber that make myophagocytosis sure.
        possible_myophagocytosis_nuclei: Those that make it possible.
        small_fiber_percentile: Percentile of diameters that stands for the biopsy's well-preserved fibers.
        small_fiber_share: A fiber below this share of that percentile is small for the biopsy (atrophic).
        group_gap_um: Fibers whose outlines are at most this far apart belong to one group,
        group_link_diameters: as do fibers whose centers are at most this many well-preserved diameters apart.
        large_group_fibers: Fibers that make a group large.
        sheet_neighbors: Nearest fibers among which the local share of necrosis is taken.
        sheet_local_share: Local share of necrosis that makes a fiber part of a sheet.
        sheet_link_um: Sheet fibers at most this far apart belong to one sheet.
        sheet_min_fibers: Fibers that make a sheet.
        sheet_fascicle_fibers: Sheet fibers that a fascicle must hold to count as part of the sheet.
        spatial_min_fibers: With fewer fibers of a kind their spread and position are "cannot tell".
        bootstrap_min_fascicles: With fewer fascicles (by their effective number) none are resampled; nor are fields of
            tissue.
        piece_diameters: Centers at most this many well-preserved diameters apart are pieces of one fiber, and no pair.
        ripley_reach_diameters: Ripley's L is taken up to this many well-preserved diameters.
        permutations: Random labellings of each spatial test.
        seed: Seed of the random labellings.
        assumed_false_necrotic_per_1000: False necrotic calls per 1,000 healthy fibers where nobody has measured them.
        assumed_false_necrotic_variation: Standard deviation over mean of that rate between sections, likewise; none in
            readings of a schema before 1.5.
    """

    perivascular_um: float
    vessel_min_um2: float
    perimysium_min_um2: float
    edge_zone_diameters: float
    cluster_link_um: float
    cluster_cells: int
    large_cluster_cells: int
    field_mm2: float
    necrotic_rim_um: float
    invading_cells: int
    myophagocytosis_nuclei: int
    possible_myophagocytosis_nuclei: int
    small_fiber_percentile: float
    small_fiber_share: float
    group_gap_um: float
    group_link_diameters: float
    large_group_fibers: int
    sheet_neighbors: int
    sheet_local_share: float
    sheet_link_um: float
    sheet_min_fibers: int
    sheet_fascicle_fibers: int
    spatial_min_fibers: int
    bootstrap_min_fascicles: int
    piece_diameters: float
    ripley_reach_diameters: float
    permutations: int
    seed: int
    assumed_false_necrotic_per_1000: float
    assumed_false_necrotic_variation: float = 0.0


@cache
def standard_measures() -> Measures:
    """The measures of the shipped conventions file."""
    file = Path(str(files("histo"))) / CONVENTIONS_FILE
    return read_numbers(Measures, "measures", load_toml(file).tables, file)[0]
