"""Inflammatory cells: inside or outside necrotic fibers, where, and how clustered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from section_makers import DIAMETER_UM, lattice, make_cells, make_slide

from histo.evidence import Coverage, Infiltrate, SlideObservation, standard_measures, weigh_evidence
from histo.findings import CellClass, Cells, Compartment, CompartmentMap, FiberClass, Findings

MEASURES = standard_measures()


def infiltrate_of(cells: Cells, kinds: np.ndarray | None = None, columns: int = 20) -> Infiltrate:
    return weigh_evidence([make_slide("a", columns, 20, kinds=kinds, cells=cells)]).pooled.infiltrate


def test_macrophages_inside_a_necrotic_fiber_are_no_infiltrate() -> None:
    kinds = np.zeros(400, np.uint8)
    kinds[0] = FiberClass.MYOPHAGOCYTOSIS
    center = lattice(20, 20)[0]
    cells = make_cells(np.array([center, center + 3]), CellClass.MACROPHAGE, fiber=np.zeros(2, np.int32))
    found = infiltrate_of(cells, kinds)
    assert (found.total.cells, found.inside_necrotic_cells) == (0, 2)
    healthy = infiltrate_of(cells)
    assert (healthy.total.cells, healthy.macrophage_like.cells, healthy.inside_necrotic_cells) == (2, 2, 0)


@pytest.mark.parametrize(("beyond_um", "inside"), [(1.0, 1), (MEASURES.necrotic_rim_um + 1.5, 0)])
def test_a_cell_at_the_rim_of_a_necrotic_fiber_belongs_to_it(beyond_um: float, inside: int) -> None:
    kinds = np.zeros(400, np.uint8)
    kinds[0] = FiberClass.NECROTIC_PALE
    place = lattice(20, 20)[0] + [DIAMETER_UM / 2 + beyond_um, 0]
    assert infiltrate_of(make_cells(place[None]), kinds).inside_necrotic_cells == inside


def test_other_nuclei_are_not_counted() -> None:
    cells = make_cells(lattice(4, 4) + 30, CellClass.MYONUCLEUS)
    assert infiltrate_of(cells).total.cells == 0


@pytest.mark.parametrize(
    ("compartment", "place"),
    [
        (Compartment.ENDOMYSIUM, "endomysial"),
        (Compartment.FIBER, "endomysial"),
        (Compartment.PERIMYSIUM, "perimysial"),
        (Compartment.FAT, "perimysial"),
        (Compartment.VESSEL, "perivascular"),
        (Compartment.GLASS, "unplaced"),
    ],
)
def test_every_compartment_has_a_place(compartment: Compartment, place: str) -> None:
    found = infiltrate_of(make_cells(lattice(2, 1) + 30, compartment=compartment))
    assert getattr(found, place).cells == 2
    assert found.total.cells == 2


@pytest.mark.parametrize("compartment", [Compartment.NERVE_SPINDLE, Compartment.ARTEFACT])
def test_cells_in_nerve_or_artefact_are_not_trusted(compartment: Compartment) -> None:
    found = infiltrate_of(make_cells(lattice(3, 1) + 30, compartment=compartment))
    assert (found.total.cells, found.excluded_cells) == (0, 3)


def test_a_cell_near_a_vessel_is_perivascular() -> None:
    slide = make_slide("a")
    codes = slide.findings.compartments.codes.copy()
    codes[100:110, 100:110] = Compartment.VESSEL
    area = CompartmentMap(codes, slide.findings.compartments.scored)
    edge_um = 400.0
    reach = MEASURES.perivascular_um
    cells = make_cells(
        np.array([[edge_um - reach + 5, 420], [edge_um - reach - 10, 420]]), compartment=Compartment.PERIMYSIUM
    )
    observation = SlideObservation("a", Findings(slide.findings.fibers, cells, area), slide.coverage)
    found = weigh_evidence([observation]).pooled.infiltrate
    assert (found.perivascular.cells, found.perimysial.cells) == (1, 1)


@given(st.integers(2, 30), st.floats(2, 19.5), st.floats(0, 6.28))
@settings(max_examples=25, deadline=None)
def test_a_chain_is_one_cluster_if_every_step_is_short(length: int, step_um: float, angle: float) -> None:
    steps = np.arange(length)[:, None] * step_um * np.array([np.cos(angle), np.sin(angle)])
    found = infiltrate_of(make_cells(steps + 600))
    assert found.clusters_count == (length >= MEASURES.cluster_cells)
    assert found.large_clusters_count == (length >= MEASURES.large_cluster_cells)
    if found.clusters_count:
        assert found.clusters[0].cells == length
        assert found.clusters[0].cell_ids == tuple(range(length))


def test_cells_are_also_told_per_mm2_of_their_own_compartment() -> None:
    cells = make_cells(lattice(4, 4) + 30, compartment=Compartment.PERIMYSIUM)
    slide = make_slide("a", cells=cells, fascicle_fibers=10)
    pooled = weigh_evidence([slide]).pooled
    assert pooled.infiltrate is not None
    perimysial, composition = pooled.infiltrate.perimysial, pooled.composition
    assert perimysial.per_own_mm2 is not None
    assert perimysial.per_own_mm2.value == pytest.approx(16 / (composition.perimysium_mm2 + composition.fat_mm2))
    assert pooled.infiltrate.endomysial.per_own_mm2 is not None
    assert pooled.infiltrate.endomysial.per_own_mm2.value == 0
    assert pooled.infiltrate.perivascular.per_own_mm2 is None
    assert pooled.infiltrate.clusters_per_mm2 is not None
    assert pooled.infiltrate.clusters_per_mm2.value == 0


def test_a_gap_divides_a_cluster() -> None:
    line = np.column_stack([np.arange(20) * 10.0, np.zeros(20)])
    line[10:, 0] += MEASURES.cluster_link_um
    found = infiltrate_of(make_cells(line + 300))
    assert [cluster.cells for cluster in found.clusters] == [10, 10]
    line[19] += 900
    assert [cluster.cells for cluster in infiltrate_of(make_cells(line + 300)).clusters] == [10]


def test_the_worst_field_holds_a_dense_focus_whole() -> None:
    random = np.random.default_rng(0)
    focus = random.uniform([2200, 400], [2600, 800], (50, 2))
    found = infiltrate_of(make_cells(np.concatenate([focus, [[100, 100]]])), columns=50)
    assert found.worst_field is not None
    assert found.worst_field.cells == 50
    assert found.worst_field.per_mm2 == pytest.approx(50 / MEASURES.field_mm2)
    # The focus lies in its midst, to a step of the search.
    assert found.worst_field.center_um == pytest.approx((2400, 600), abs=65)


@given(st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_no_field_holds_more_than_the_worst(seed: int) -> None:
    random = np.random.default_rng(seed)
    points = random.uniform(0, 1200, (40, 2))
    worst = infiltrate_of(make_cells(points)).worst_field
    side = 1000 * MEASURES.field_mm2**0.5
    corner = random.integers(0, 16, 2) * side / 16
    stored = points.astype(np.float32)
    inside = np.all((stored >= corner) & (stored < corner + side), axis=1)
    assert worst is not None
    assert worst.cells >= np.count_nonzero(inside)


def test_density_is_over_assessable_tissue_of_all_slides() -> None:
    slides = [
        make_slide(name, cells=make_cells(lattice(4, 1) + 30), assessable_mm2=area)
        for name, area in (("a", 1.0), ("b", 3.0))
    ]
    evidence = weigh_evidence(slides)
    per_mm2 = [slide.numbers.infiltrate.total.per_mm2 for slide in evidence.slides]
    assert [one.value for one in per_mm2 if one is not None] == [4.0, pytest.approx(4 / 3)]
    assert evidence.pooled.infiltrate.total.per_mm2 is not None
    assert evidence.pooled.infiltrate.total.per_mm2.value == 2.0
    assert evidence.pooled.coverage == Coverage(4.0, 0.0, 0.0, 4.0, {})
