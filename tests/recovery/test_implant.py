"""Implants: where they go, that only their place changes, and that nothing drawn is nothing changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import shapely
from known_slide import healthy_slide

from histo.detection import fiber_polygons
from histo.findings import FiberClass
from histo.geometry import WORKING_MPP, Mpp, Region
from histo.phantom.nuclei import together
from histo.phantom.nuclei.nuclei import NucleusLook, nuclei_at
from histo.recovery.choose import Site, healthy_fibers, plan
from histo.recovery.implant import draw_implant, paint_over
from histo.recovery.kinds import CELL_KINDS, CONTROL, FIBER_KINDS, ImplantKind
from histo.recovery.measure import SlideLook, measure_look
from histo.recovery.overlay import ImplantedSlide, Patch
from histo.recovery.scenes import bare_scene
from histo.tiling import TileGrid, lay_tiles

KINDS = (*FIBER_KINDS, *CELL_KINDS, CONTROL)


@pytest.fixture(scope="module")
def look() -> SlideLook:
    known = healthy_slide()
    rows = healthy_fibers(known.findings.fibers)
    measured = measure_look(known.reader, known.findings, rows, np.random.default_rng(0))
    assert measured is not None
    return measured


@pytest.fixture(scope="module")
def grid() -> TileGrid:
    known = healthy_slide()
    return lay_tiles(known.reader.info.working_size_wpx, known.tissue, core_wpx=768, halo_wpx=128)


def site_of(kind: ImplantKind) -> Site:
    fibers = healthy_slide().findings.fibers
    row = int(healthy_fibers(fibers)[3])
    return Site(kind, 7, row, fiber_polygons(fibers)[row])


def test_implants_lie_in_healthy_fibers_and_beside_them_far_from_each_other(grid: TileGrid) -> None:
    findings = healthy_slide().findings
    passes = plan(findings, grid, dict.fromkeys(KINDS, 3), np.random.default_rng(2))
    healthy = set(healthy_fibers(findings.fibers).tolist())
    fibers = shapely.STRtree(fiber_polygons(findings.fibers))
    assert Counter(site.kind for one in passes for site in one.sites) == dict.fromkeys(KINDS, 3)
    for one in passes:
        for place, site in enumerate(one.sites):
            assert all(site.shape.distance(other.shape) >= 25 for other in one.sites[:place])
            if site.fiber is None:
                assert not len(fibers.query(site.shape, predicate="intersects"))
            else:
                assert site.fiber in healthy
                core = one.tiles[0].core_wpx
                box = shapely.box(*WORKING_MPP.to_um(np.array([core.x, core.y, core.right, core.bottom], float)))
                assert site.shape.within(box)
    again = plan(findings, grid, dict.fromkeys(KINDS, 3), np.random.default_rng(2))
    assert [site.fiber for one in again for site in one.sites] == [site.fiber for one in passes for site in one.sites]


def test_nothing_painted_is_nothing_changed(look: SlideLook) -> None:
    region = Region(100, 120, 150, 140)
    rgb = healthy_slide().reader.read(region, WORKING_MPP).rgb
    nobody = together([nuclei_at(np.zeros((0, 2)), NucleusLook.FLAT, np.random.default_rng(0))])
    patch = paint_over(rgb, region, bare_scene(nobody, 1), None, look, 1.0, 0)
    assert not patch.changed.any()
    assert np.array_equal(patch.rgb, rgb)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_place_of_an_implant_changes(kind: ImplantKind, look: SlideLook) -> None:
    known = healthy_slide()
    site = site_of(kind)
    if kind in CELL_KINDS:
        site = Site(kind, 7, None, site.shape.centroid)
    made = draw_implant(known.reader, known.findings, site, look, 1)
    assert made is not None
    patch, _ = made
    rows, columns = np.nonzero(patch.changed)
    points = shapely.points(WORKING_MPP.to_um(np.stack([columns + patch.region_wpx.x, rows + patch.region_wpx.y], 1)))
    reach_um = 14 if kind in CELL_KINDS else 6
    assert shapely.distance(points, site.shape).max() < reach_um
    before = known.reader.read(patch.region_wpx, WORKING_MPP).rgb
    assert np.array_equal(before[~patch.changed], patch.rgb[~patch.changed])
    assert not np.array_equal(before, patch.rgb)
    again = draw_implant(known.reader, known.findings, site, look, 1)
    assert again is not None
    assert np.array_equal(again[0].rgb, patch.rgb)
    other = draw_implant(known.reader, known.findings, site, look, 2)
    assert other is not None
    assert not np.array_equal(other[0].rgb[:40], patch.rgb[:40]) or not np.array_equal(other[0].rgb, patch.rgb)


def test_stages_look_as_they_should(look: SlideLook) -> None:
    known = healthy_slide()
    seen: dict[ImplantKind, list[tuple[float, float]]] = {kind: [] for kind in (*FIBER_KINDS, CONTROL)}
    for kind, drawn in seen.items():
        for seed in range(4, 10):
            made = draw_implant(known.reader, known.findings, site_of(kind), look, seed)
            assert made is not None
            patch, _ = made
            blue, eosin = look.stain.amounts(look.stain.density(patch.rgb))
            dark = float(np.mean(blue[patch.changed] > 0.4 * look.nucleus_level))
            drawn.append((float(eosin[patch.changed].mean()), dark))
    mean = {kind: np.mean(drawn, axis=0) for kind, drawn in seen.items()}
    healthy = mean[CONTROL][0]
    assert mean[ImplantKind.PALE][0] < 0.9 * healthy
    hyaline = [eosin for eosin, _ in seen[ImplantKind.HYALINE]]
    assert max(hyaline) > 1.1 * healthy  # some are darker than healthy fibers, and none is pale
    assert min(hyaline) > 0.8 * healthy
    assert mean[ImplantKind.MYOPHAGOCYTOSIS_LATE][1] > 0.02 + 2 * mean[ImplantKind.PALE][1]


def test_the_overlay_shows_patches_and_nothing_else() -> None:
    reader = healthy_slide().reader
    changed = np.zeros((20, 30), np.bool_)
    changed[5:10, 5:25] = True
    over = ImplantedSlide(reader, [Patch(Region(50, 60, 30, 20), np.full((20, 30, 3), 7, np.uint8), changed)])
    whole = over.read(Region(0, 0, 200, 200), WORKING_MPP)
    expected = reader.read(Region(0, 0, 200, 200), WORKING_MPP).rgb.copy()
    expected[65:70, 55:75] = 7
    assert np.array_equal(whole.rgb, expected)
    part = over.read(Region(60, 40, 30, 28), WORKING_MPP)
    assert np.array_equal(part.rgb, expected[40:68, 60:90])
    outside = over.read(Region(-20, -20, 10, 10), WORKING_MPP)
    assert not outside.valid.any()
    with pytest.raises(ValueError, match=r"implants lie at 0\.5"):
        over.read(Region(0, 0, 10, 10), Mpp(1.0))


def test_diseased_cut_or_odd_fibers_are_no_place_for_implants() -> None:
    fibers = healthy_slide().findings.fibers
    rows = healthy_fibers(fibers)
    assert len(rows) > 10
    assert not fibers.cut[rows].any()
    sick = np.full(len(fibers), FiberClass.NECROTIC_PALE, np.uint8)
    assert len(healthy_fibers(replace(fibers, fiber_class=sick))) == 0
