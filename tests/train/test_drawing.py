"""Pictures show what the samples hold."""

from __future__ import annotations

import numpy as np
from stand_in import draw_field

from histo.findings import CellClass, Compartment, FiberClass
from histo.network import IGNORE, OperatingPoints, decode_block
from histo.records import CELL_NAMES, COLORS, FIBER_NAMES
from train.dataset import sample_of
from train.drawing import draw_findings, draw_targets, lay_out, maps_of_sample
from train.matching import draw_fibers, match_fibers

FIELD = draw_field(4, 256)
SAMPLE = sample_of(FIELD.rgb, FIELD.truth)


def test_the_maps_of_a_sample_decode_to_its_truth() -> None:
    fibers, cells = decode_block(maps_of_sample(SAMPLE), (0.0, 0.0), OperatingPoints())
    truth = FIELD.truth.fiber_labels
    pairs, _ = match_fibers(truth, draw_fibers(fibers, truth.shape, FIELD.truth.mpp))
    assert len(pairs) == len(np.unique(truth)) - 1
    assert np.array_equal(FIELD.truth.fiber_class[pairs[:, 0]], fibers.fiber_class[pairs[:, 1] - 1])
    assert len(cells) >= 0.8 * len(FIELD.truth.cell_class)


def test_outlines_and_nuclei_have_the_color_of_their_class() -> None:
    fibers, cells = decode_block(maps_of_sample(SAMPLE), (0.0, 0.0), OperatingPoints())
    drawn = draw_findings(FIELD.rgb, fibers, cells)
    assert drawn.shape == FIELD.rgb.shape
    assert np.count_nonzero((drawn != FIELD.rgb).any(axis=2)) < 0.3 * drawn[..., 0].size
    for kind in np.unique(fibers.fiber_class):
        assert np.any(np.all(drawn == COLORS[FIBER_NAMES[FiberClass(kind)]], axis=2))
    for center_um, kind in zip(cells.center_um, cells.cell_class, strict=True):
        x, y = np.round(2 * center_um).astype(int)
        if 4 < x < 252 and 4 < y < 252:
            near = drawn[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3)
            assert np.any(np.all(near == COLORS[CELL_NAMES[CellClass(kind)]], axis=1))


def test_what_is_not_known_is_black() -> None:
    unknown = {**SAMPLE, "compartments": np.full_like(SAMPLE["compartments"], IGNORE)}
    unknown["fibers_known"] = np.zeros_like(SAMPLE["fibers_known"])
    known, areas = draw_targets(SAMPLE)
    targets, blank = draw_targets(unknown)
    assert areas.shape == known.shape == FIELD.rgb.shape
    assert blank.max() == 0
    glass = (SAMPLE["fiber_class"] == IGNORE) & (SAMPLE["boundary"] == 0) & (SAMPLE["cells"].max(axis=0) == 0)
    rows, columns = np.nonzero(glass)
    assert known[2 * rows, 2 * columns].min() == 255
    assert targets[2 * rows, 2 * columns].max() == 0
    fiber = SAMPLE["compartments"] == Compartment.FIBER
    assert len(np.unique(areas[::2, ::2][fiber], axis=0)) == 1


def test_a_sheet_holds_every_picture_once() -> None:
    pictures = [[np.full((6, 5, 3), 10 * (3 * row + column), np.uint8) for column in range(3)] for row in range(2)]
    sheet = lay_out(pictures)
    assert sheet.shape == (2 * 10, 3 * 9, 3)
    assert all((sheet == value).all(axis=2).sum() == 30 for value in (0, 10, 20, 30, 40, 50))
