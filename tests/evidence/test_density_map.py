"""Density maps: as dense at the rim as in the middle, and nothing where nothing was assessed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from section_makers import lattice, make_fibers

from histo.evidence import Coverage, SlideObservation, density_map, slide_maps, standard_measures
from histo.evidence.density_map import MAP_PX
from histo.findings import CellClass, Cells, Compartment, CompartmentMap, FiberClass, Findings

FIELD_MM2 = 0.05
PIXEL_UM = 32.0


def tissue_of(scored: NDArray[np.bool_]) -> CompartmentMap:
    return CompartmentMap(np.where(scored, Compartment.ENDOMYSIUM, Compartment.GLASS).astype(np.uint8), scored)


def blob(height: int = 203, width: int = 300) -> CompartmentMap:
    """Tissue with a ragged rim and a hole, its last map pixels cut."""
    rows, columns = np.mgrid[:height, :width]
    scored = (rows - 95) ** 2 / 90**2 + (columns - 160) ** 2 / 140**2 < 1
    scored[80:110, 100:140] = False
    return tissue_of(scored)


def test_pixels_without_tissue_are_not_assessed_and_no_others() -> None:
    tissue = blob()
    found = density_map(np.zeros((0, 2)), tissue, FIELD_MM2)
    assert found.mpp.um_per_px == PIXEL_UM
    assert found.per_mm2.shape == (26, 38)
    padded = np.pad(tissue.scored, ((0, 26 * MAP_PX - 203), (0, 38 * MAP_PX - 300)))
    assessed = padded.reshape(26, MAP_PX, 38, MAP_PX).any(axis=(1, 3))
    assert np.array_equal(np.isnan(found.per_mm2), ~assessed)
    assert (found.per_mm2[assessed] == 0).all()


def test_evenly_spread_points_are_as_dense_at_the_rim_as_in_the_middle() -> None:
    """One point to a scored pixel of 4 um: 62,500 per mm2 everywhere."""
    tissue = blob()
    row, column = np.nonzero(tissue.scored)
    points_um = (np.column_stack([column, row]) + 0.5) * 4.0
    found = density_map(points_um, tissue, FIELD_MM2)
    np.testing.assert_allclose(found.per_mm2[~np.isnan(found.per_mm2)], 1e6 / 16, rtol=1e-3)


def test_a_lone_point_is_densest_where_it_lies() -> None:
    tissue = tissue_of(np.ones((400, 400), np.bool_))
    found = density_map(np.array([[700.0, 1000.0]]), tissue, FIELD_MM2)
    row, column = np.unravel_index(int(np.argmax(found.per_mm2)), found.per_mm2.shape)
    assert (row, column) == (1000 // 32, 700 // 32)
    # A Gaussian of the field's area: its peak is one half of one per field, for it reaches past the field.
    assert found.per_mm2.max() == pytest.approx(2 / FIELD_MM2, rel=0.05)


@given(
    st.lists(st.tuples(st.floats(0, 1199), st.floats(0, 811)), max_size=12),
    st.tuples(st.floats(0, 1199), st.floats(0, 811)),
)
def test_one_more_point_never_makes_any_place_less_dense(
    places: list[tuple[float, float]], more: tuple[float, float]
) -> None:
    few = density_map(np.array(places).reshape(-1, 2), blob(), FIELD_MM2).per_mm2
    many = density_map(np.array([*places, more]), blob(), FIELD_MM2).per_mm2
    assert np.nanmin(many - few) >= -1e-3
    assert np.nansum(many) > np.nansum(few) or np.nansum(few) == np.nansum(many)


def observed(*, cells_assessed: bool) -> SlideObservation:
    """Two necrotic fibers, three lymphocytes outside them and one inside."""
    centers = lattice(20, 15)
    kinds = np.zeros(len(centers), np.uint8)
    kinds[[42, 250]] = FiberClass.NECROTIC_PALE
    points = np.array([[300, 300], [360, 300], [900, 600], centers[42]], np.float32)
    cells = Cells(
        center_um=points,
        cell_class=np.full(4, CellClass.LYMPHOCYTE, np.uint8),
        class_probability=np.ones((4, len(CellClass)), np.float32),
        compartment=np.full(4, Compartment.ENDOMYSIUM, np.uint8),
        fiber=np.array([-1, -1, -1, 42], np.int32),
    )
    findings = Findings(make_fibers(centers, kinds), cells, tissue_of(np.ones((225, 300), np.bool_)))
    coverage = Coverage.of(rejected_mm2=0, unreadable_mm2=0, assessable_mm2=1.08, artefact_mm2={})
    return SlideObservation("a", findings, coverage, cells_assessed)


def test_maps_show_what_the_evidence_counts() -> None:
    observation = observed(cells_assessed=True)
    maps = slide_maps(observation, standard_measures())
    fibers, tissue = observation.findings.fibers, observation.findings.compartments
    field_mm2 = standard_measures().field_mm2
    necrotic = density_map(fibers.center_um[[42, 250]].astype(float), tissue, field_mm2)
    outside = density_map(observation.findings.cells.center_um[:3].astype(float), tissue, field_mm2)
    np.testing.assert_allclose(maps.necrosis.per_mm2, necrotic.per_mm2)
    assert maps.infiltrate is not None
    np.testing.assert_allclose(maps.infiltrate.per_mm2, outside.per_mm2)


def test_a_slide_too_coarse_for_cells_has_no_map_of_them() -> None:
    assert slide_maps(observed(cells_assessed=False), standard_measures()).infiltrate is None
