"""What one field shows, against independent implementations of the same measures."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest
from answers import perfect_fibers
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from stand_in import draw_field

from histo.findings import CellClass, FiberAttribute, FiberClass, Fibers
from histo.network import OperatingPoints, encode_targets
from histo.network.cell_peaks import Peaks
from histo.network.layout import ATTRIBUTES, CELLS, CHANNELS, CLASSES, COMPARTMENTS, DISTANCE, FOREGROUND
from histo.phantom.truth import UNKNOWN_COMPARTMENT, FieldTruth
from train.curves import gather, trace
from train.matching import draw_fibers
from train.metrics import pair_fibers
from train.observe import Observation, observe, rank_cells, ranked_fibers, tissue_mm2

seeds = st.integers(0, 2**32 - 1)
POINTS = OperatingPoints()


def perfect(truth: FieldTruth, known: FieldTruth | None = None) -> Observation:
    """Of maps that say what is true, by what is known of it."""
    targets = encode_targets(truth)
    maps = np.zeros((CHANNELS, *targets.distance.shape), np.float32)
    maps[FOREGROUND], maps[DISTANCE] = targets.foreground, targets.distance
    maps[CLASSES] = np.arange(len(FiberClass))[:, None, None] == targets.fiber_class
    maps[ATTRIBUTES], maps[CELLS] = targets.attributes, targets.cells
    maps[COMPARTMENTS] = np.arange(8)[:, None, None] == targets.compartments
    return observe(known or truth, maps, POINTS)


def disturbed(truth: FieldTruth, rng: np.random.Generator) -> Fibers:
    """The whole fibers, moved a little, some dropped, with classes made up but often right."""
    fibers = perfect_fibers(truth)
    fibers = fibers.select(~fibers.cut)
    shift = rng.uniform(-5, 5, (len(fibers), 2)).astype(np.float32)
    outline = fibers.outline_um + np.repeat(shift, np.diff(fibers.outline_start), axis=0)
    shares = rng.dirichlet(np.ones(5), len(fibers)) + 0.3 * np.eye(5)[fibers.fiber_class]
    shares = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    columns = {name: getattr(fibers, name) for name in fibers.__dataclass_fields__}
    made = Fibers(**columns | {"outline_um": outline, "class_probability": shares})
    return made.select(rng.random(len(made)) < 0.9)


def without_cut_fibers(truth: FieldTruth) -> FieldTruth:
    labels = truth.fiber_labels.copy()
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    labels[np.isin(labels, edge)] = 0
    return replace(truth, fiber_labels=labels)


def run_length(mask: np.ndarray) -> dict[str, object]:
    return coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))


def test_precision_and_recall_by_class_are_those_of_pycocotools() -> None:
    rng = np.random.default_rng(4)
    images, true, found, parts = [], [], [], []
    for place in range(4):
        truth = without_cut_fibers(draw_field(40 + place, 400).truth)
        fibers = disturbed(truth, rng)
        parts.append(ranked_fibers(truth, fibers, pair_fibers(truth, fibers), 1.0))
        images.append({"id": place, "height": 400, "width": 400})
        for number in np.unique(truth.fiber_labels[truth.fiber_labels > 0]).tolist():
            mask = truth.fiber_labels == number
            kind = int(truth.fiber_class[number]) + 1
            true.append(
                {"id": len(true) + 1, "image_id": place, "category_id": kind, "segmentation": run_length(mask),
                 "area": int(mask.sum()), "iscrowd": 0}
            )  # fmt: skip
        drawn = draw_fibers(fibers, (400, 400), truth.mpp)
        for row in range(len(fibers)):
            shape = run_length(drawn == row + 1)
            for kind in FiberClass:
                score = float(fibers.class_probability[row, kind])
                found.append({"image_id": place, "category_id": int(kind) + 1, "segmentation": shape, "score": score})
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = {"images": images, "annotations": true, "categories": [{"id": k + 1} for k in FiberClass]}
        known.createIndex()
        judge = COCOeval(known, known.loadRes(found), "segm")
        judge.params.iouThrs = np.array([0.5])
        judge.params.maxDets = [1000]
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
        judge.evaluate()
        judge.accumulate()
    means = []
    for kind in FiberClass:
        curve = trace(gather([part[f"fiber.{kind.name.lower()}"] for part in parts]))
        assert curve is not None
        best = np.maximum.accumulate(curve.precision[::-1])[::-1]
        reached = np.searchsorted(curve.recall, judge.params.recThrs - 1e-12, side="left")
        expected = [best[place] if place < len(best) else 0.0 for place in reached]
        np.testing.assert_allclose(judge.eval["precision"][0, :, kind, 0, 0], expected, atol=1e-6)
        means.append(float(np.mean(expected)))
    assert 0.1 < min(means) < max(means) < 0.95


def test_perfect_maps_leave_nothing_to_wish_for() -> None:
    seen = perfect(draw_field(2, 320).truth)
    for name, (score, hit, positives, mm2) in seen.ranked.items():
        assert int(hit.sum()) == positives, name
        assert not score[hit].size or score[hit].min() > 0.5
        assert score[~hit].max(initial=0) < 0.5, name
        assert mm2 == pytest.approx(0.0256)
    stated, true = seen.bins["compartments"][-1, 1:]
    assert stated * 0.99 < true <= stated  # the truth is met at every second pixel, the maps at the mean of four


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(0, 8), st.integers(0, 8))
def test_the_surest_call_takes_the_nearest_nucleus(seed: int, truths: int, calls: int) -> None:
    rng = np.random.default_rng(seed)
    truth = replace(
        draw_field(1, 64).truth,
        cell_center_px=rng.uniform(0, 50, (truths, 2)).astype(np.float32),
        cell_class=rng.integers(0, 2, truths).astype(np.uint8),
    )
    table = np.zeros((calls, 4), np.float32)
    kind = rng.integers(0, 2, calls).astype(np.uint8)
    table[np.arange(calls), kind] = rng.permutation(calls) / 10 + 0.1
    center = rng.uniform(0, 25, (calls, 2))
    peaks = Peaks(center, np.zeros((calls, 2), np.int64), kind, table)
    height, hit, positives = rank_cells(truth, peaks, (CellClass.MACROPHAGE,))
    free = [(x / 2, y / 2) for (x, y), k in zip(truth.cell_center_px.tolist(), truth.cell_class, strict=True) if k == 1]
    assert positives == len(free)
    expected = {}
    for row in sorted(np.flatnonzero(kind == 1), key=lambda row: -table[row, 1]):
        away = [float(np.hypot(*(center[row] - np.array(at)))) for at in free]
        right = bool(away) and min(away) <= 6
        if right:
            free.pop(int(np.argmin(away)))
        expected[round(float(table[row, 1]), 4)] = right
    assert dict(zip(np.round(height, 4).tolist(), hit.tolist(), strict=True)) == pytest.approx(expected)


def test_what_nobody_drew_is_neither_right_nor_wrong() -> None:
    truth = draw_field(3, 480).truth
    known = np.zeros(truth.fiber_labels.shape, bool)
    known[:, :240] = True
    codes = np.where(known, truth.compartments, UNKNOWN_COMPARTMENT).astype(np.uint8)
    partly = replace(
        truth,
        fibers_known=known,
        cells_known=known,
        attributes_known=np.arange(6) == FiberAttribute.VACUOLATED,
        cell_classes_known=np.array([True, True, False, False]),
        compartments=codes,
    )
    all_seen, seen = perfect(truth), perfect(truth, partly)
    assert tissue_mm2(partly, known) == pytest.approx(tissue_mm2(truth, None) / 2)
    for name in ("fiber.intact", "cell.lymphocyte", "cell.inflammatory", "attribute.vacuolated"):
        assert 0 < seen.ranked[name][2] < all_seen.ranked[name][2], name
        score, hit, _, _ = seen.ranked[name]
        all_score, all_hit, _, _ = all_seen.ranked[name]
        assert 0 < len(score) < len(all_score)
        assert 0 < hit.sum() < all_hit.sum()
        assert np.count_nonzero(~hit) <= np.count_nonzero(~all_hit)
    for name in ("cell.other", "cell.all", "attribute.opaque"):
        assert len(seen.ranked[name][0]) == seen.ranked[name][2] == 0
    assert seen.bins["compartments"][:, 0].sum() == all_seen.bins["compartments"][:, 0].sum() / 2
    assert seen.tally.compartments.sum() == all_seen.tally.compartments.sum() / 2
