"""Counts, sizes and stages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from section_makers import lattice, make_cells, make_slide

from histo.evidence import standard_measures, weigh_evidence
from histo.findings import FiberAttribute, FiberClass

MEASURES = standard_measures()


def test_kinds_are_counted_apart_and_together() -> None:
    kinds = np.zeros(400, np.uint8)
    kinds[:4], kinds[4:7], kinds[7:9], kinds[9] = 2, 3, 4, 1
    pooled = weigh_evidence([make_slide("a", kinds=kinds)]).pooled
    assert pooled.necrotic_pale.fibers == 4
    assert pooled.necrotic_hyaline.fibers == 3
    assert pooled.myophagocytosis.fibers == 2
    assert pooled.regenerating.fibers == 1
    assert pooled.necrotic.fibers == 9
    assert pooled.necrotic.per_1000_fibers is not None
    assert pooled.necrotic.per_1000_fibers.value == pytest.approx(22.5)
    assert pooled.necrotic.per_mm2 is not None
    assert pooled.necrotic.per_mm2.value == pytest.approx(9 / 1.44)
    assert pooled.stages.early_percent is not None
    assert pooled.stages.early_percent.value == pytest.approx(70)


def test_opaque_fibers_are_outside_the_necrotic_burden() -> None:
    opaque = np.zeros(400, np.bool_)
    opaque[:5] = True
    pooled = weigh_evidence([make_slide("a", attributes={FiberAttribute.OPAQUE: opaque})]).pooled
    assert (pooled.fibers.opaque, pooled.necrotic.fibers) == (5, 0)


def test_sizes_and_small_fibers() -> None:
    diameter_um = np.full(400, 50.0)
    diameter_um[:40] = 20.0
    oblique = np.zeros(400, np.bool_)
    oblique[:10] = True
    slide = make_slide("a", diameter_um=diameter_um, attributes={FiberAttribute.OBLIQUE: oblique})
    pooled = weigh_evidence([slide]).pooled
    assert pooled.sizes is not None
    assert pooled.atrophic is not None
    assert pooled.sizes.fibers == 390
    assert pooled.atrophic.fibers == 30
    assert pooled.sizes.small_below_um == pytest.approx(27.5)
    measured = diameter_um[10:]
    assert pooled.sizes.min_feret_cv == pytest.approx(np.std(measured, ddof=1) / np.mean(measured))
    assert pooled.fibers.transverse_percent is not None
    assert pooled.fibers.transverse_percent.value == pytest.approx(97.5)


def test_small_is_small_for_the_biopsy_not_for_the_slide() -> None:
    small = make_slide("small", diameter_um=np.full(400, 20.0))
    large = make_slide("large", columns=40, rows=40)
    alone = weigh_evidence([small]).pooled.atrophic
    together = weigh_evidence([small, large])
    assert alone is not None
    assert alone.fibers == 0
    assert together.slides[0].numbers.atrophic is not None
    assert together.slides[0].numbers.atrophic.fibers == 400


def test_internal_nuclei_are_a_share_of_intact_transverse_fibers() -> None:
    internal = np.zeros(400, np.bool_)
    internal[:30] = True
    kinds = np.zeros(400, np.uint8)
    kinds[:10] = FiberClass.REGENERATING
    pooled = weigh_evidence(
        [make_slide("a", kinds=kinds, attributes={FiberAttribute.INTERNAL_NUCLEUS: internal})]
    ).pooled
    assert pooled.fibers.internal_nuclei == 20
    assert pooled.fibers.internal_nuclei_percent is not None
    assert pooled.fibers.internal_nuclei_percent.value == pytest.approx(100 * 20 / 390)


def test_an_intact_fiber_with_several_cells_is_an_invasion_candidate_and_a_necrotic_one_is_not() -> None:
    kinds = np.zeros(400, np.uint8)
    kinds[1] = FiberClass.MYOPHAGOCYTOSIS
    host = np.array([0, 0, 1, 1, 1, 2], np.int32)
    cells = make_cells(lattice(20, 20)[host] + [[0, 0], [5, 0], [0, 0], [5, 0], [0, 5], [0, 0]], fiber=host)
    evidence = weigh_evidence([make_slide("a", kinds=kinds, cells=cells)])
    assert evidence.slides[0].ids.invasion_candidates == (0,)


def test_looking_invaded_counts_only_with_a_cell_inside() -> None:
    marked = np.zeros(400, np.bool_)
    marked[[2, 3]] = True
    host = np.array([2, 4], np.int32)
    cells = make_cells(lattice(20, 20)[host], fiber=host)
    evidence = weigh_evidence([make_slide("a", cells=cells, attributes={FiberAttribute.INVASION_CANDIDATE: marked})])
    assert evidence.slides[0].ids.invasion_candidates == (2,)


def test_outlined_fibers_are_held_against_the_map() -> None:
    pooled = weigh_evidence([make_slide("a")]).pooled
    assert pooled.composition.outlined_mm2 == pytest.approx(400 * np.pi * 25**2 / 1e6)
    assert pooled.composition.outlined_percent == pytest.approx(100 * pooled.composition.outlined_mm2 / 1.44)


def test_measures_can_be_replaced() -> None:
    diameter_um = np.full(400, 50.0)
    diameter_um[:40] = 30.0
    slide = make_slide("a", diameter_um=diameter_um)
    strict = weigh_evidence([slide]).pooled.atrophic
    loose = weigh_evidence([slide], measures=replace(MEASURES, small_fiber_share=0.7)).pooled.atrophic
    assert strict is not None
    assert loose is not None
    assert (strict.fibers, loose.fibers) == (0, 40)
