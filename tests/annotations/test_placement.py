"""Outlines that sit well are told from those that are moved, scaled, swapped, or belong elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import shapely
from drawn_files import coco_document, qupath
from scipy import ndimage

from histo.annotations import Annotations, Placement, PlacementVerdict, check_placement, load_annotations, load_mapping
from histo.findings import CellClass
from histo.geometry import Mpp
from histo.mask_outlines import mask_polygons
from histo.phantom import Field, make_field
from histo.slide import MemorySlide, SlideReader, open_slide

Move = Callable[[np.ndarray], np.ndarray]


def stay(xy: np.ndarray) -> np.ndarray:
    return xy


@cache
def field() -> Field:
    return make_field(5, 768)


@cache
def field_outlines() -> tuple[shapely.Polygon, ...]:
    labels, outlines = field().truth.fiber_labels, []
    for label, window in enumerate(ndimage.find_objects(labels), start=1):
        if window is not None and np.count_nonzero(labels[window] == label) > 400:
            outline = max(mask_polygons(labels[window] == label), key=lambda piece: piece.area)
            corner = np.array([window[1].start, window[0].start])
            outlines.append(shapely.transform(outline, lambda xy, corner=corner: xy + corner))
    return tuple(outlines)


def slide() -> MemorySlide:
    return MemorySlide(field().rgb, Mpp(0.5))


def drawn(folder: Path, move: Move, *, fibers: bool = True) -> Annotations:
    """The phantom's own outlines (or nuclei) as QuPath would export them, moved in micrometers."""
    truth = field().truth
    if fibers:
        objects = [("Intact fiber", shapely.transform(o, lambda xy: move(xy / 2) * 2)) for o in field_outlines()]
        return load_annotations(qupath(folder / "drawn.json", objects), load_mapping(None), Mpp(0.5))
    points = move(truth.cell_center_px[truth.cell_class <= CellClass.MYONUCLEUS].astype(float) / 2) * 2
    keypoints = np.c_[points, np.ones(len(points))].ravel().tolist()
    path = coco_document(folder / "drawn.json", [{"category_id": 0, "keypoints": keypoints}], ["Myonucleus"])
    return load_annotations(path, load_mapping(None), Mpp(0.5))


def corrected(found: Placement, xy: np.ndarray) -> np.ndarray:
    return (xy[:, ::-1] if found.swapped else xy) * found.scale + found.offset_um


@pytest.mark.parametrize(
    ("move", "verdict"),
    [
        (stay, PlacementVerdict.SITS_WELL),
        (lambda xy: xy + np.array([2, -2]), PlacementVerdict.SITS_WELL),
        (lambda xy: xy + np.array([-31, 58]), PlacementVerdict.MOVED),
        (lambda xy: xy * 1.06, PlacementVerdict.SCALED),
        (lambda xy: xy * 0.5 + 20, PlacementVerdict.SCALED),
        (lambda xy: xy * 2, PlacementVerdict.SCALED),
        (lambda xy: xy[:, ::-1], PlacementVerdict.SWAPPED),
    ],
)
def test_what_is_wrong_is_found_and_undone(tmp_path: Path, move: Move, verdict: PlacementVerdict) -> None:
    found = check_placement(slide(), drawn(tmp_path, move))
    assert found.verdict is verdict
    assert found.agreeing >= 1
    places = np.array([[80.0, 300.0], [190.0, 190.0], [300.0, 80.0]])
    np.testing.assert_allclose(corrected(found, move(places)), places, atol=4)
    assert bool(found.warnings) == (verdict is not PlacementVerdict.SITS_WELL)


@pytest.mark.parametrize(
    ("move", "verdict"),
    [(stay, PlacementVerdict.SITS_WELL), (lambda xy: xy + np.array([40, 25]), PlacementVerdict.MOVED)],
)
def test_nuclei_alone_can_be_checked(tmp_path: Path, move: Move, verdict: PlacementVerdict) -> None:
    found = check_placement(slide(), drawn(tmp_path, move, fibers=False))
    assert found.verdict is verdict
    np.testing.assert_allclose(corrected(found, move(np.array([[9.0, 9.0]]))), [[9, 9]], atol=2)


def test_outlines_of_another_slide_cannot_be_placed(tmp_path: Path) -> None:
    other = MemorySlide(make_field(6, 400).rgb, Mpp(0.5))
    found = check_placement(other, drawn(tmp_path, stay))
    assert found.verdict is PlacementVerdict.CANNOT_TELL
    assert (found.offset_um, found.scale, found.swapped, found.agreeing) == ((0, 0), 1, False, 0)
    assert found.warnings[0] == "what was drawn fits nowhere"


def test_outlines_off_the_slide_lie_on_no_tissue(tmp_path: Path) -> None:
    found = check_placement(slide(), drawn(tmp_path, lambda xy: xy + 30_000))
    assert found.verdict is PlacementVerdict.CANNOT_TELL
    assert found.on_tissue == 0
    assert found.warnings[1] == "only 0% of the objects lie on tissue: do they belong to this slide?"


def test_too_few_objects_say_nothing(tmp_path: Path) -> None:
    single = max(field_outlines(), key=lambda outline: outline.area)
    path = qupath(tmp_path / "a.json", [("Intact fiber", single)])
    found = check_placement(slide(), load_annotations(path, load_mapping(None), Mpp(0.5)))
    assert found.verdict is PlacementVerdict.CANNOT_TELL
    assert found.windows == 0
    assert found.warnings == ("too few objects to check their place: fewer than 3 fibers and 20 nuclei",)


@cache
def large_section() -> tuple[SlideReader, tuple[shapely.Polygon, ...]]:
    """A section of 3 mm of plain discs, in micrometers: large enough that moves of its parts tell a scale."""
    rng = np.random.default_rng(0)
    picture = np.full((3000, 3000, 3), 235, np.uint8)
    fibers = []
    for x in range(60, 2950, 70):
        for y in range(60, 2950, 70):
            if rng.random() < 0.8:
                center, radius = (x + int(rng.integers(-9, 9)), y + int(rng.integers(-9, 9))), int(rng.integers(17, 30))
                cv2.circle(picture, center, radius, (205, 120, 160), -1)
                fibers.append(shapely.Point(center[0] + 0.5, center[1] + 0.5).buffer(radius, quad_segs=4))
    return MemorySlide(picture, Mpp(1.0)), tuple(fibers)


@pytest.mark.parametrize(("scale", "offset"), [(1.0, (0, 0)), (1.004, (0, 0)), (0.98, (-12, 30))])
def test_moves_of_a_section_s_parts_tell_the_scale(tmp_path: Path, scale: float, offset: tuple[float, float]) -> None:
    reader, fibers = large_section()
    wrong = [("Intact fiber", shapely.transform(fiber, lambda xy: (xy - offset) / scale)) for fiber in fibers]
    found = check_placement(reader, load_annotations(qupath(tmp_path / "a", wrong), load_mapping(None), Mpp(1.0)))
    assert found.scale == pytest.approx(scale, abs=0.002)
    np.testing.assert_allclose(found.offset_um, offset, atol=4)
    assert found.agreeing == found.windows == 6
    assert (found.verdict is PlacementVerdict.SITS_WELL) == (scale == 1)


def test_masks_of_a_real_field_sit_well(real_data: Path, tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('[classes]\nunclassified = "intact"')
    mapping = load_mapping(tmp_path / "lab.toml")
    masks = real_data / "muscle/fibers_04_masks.png"
    with open_slide(real_data / "muscle/fibers_04.tif", 0.2775) as reader:
        found = check_placement(reader, load_annotations(masks, mapping, Mpp(0.2775), reader.info.size_px))
        assert found.verdict is PlacementVerdict.SITS_WELL
        assert found.warnings == ()
        wrong = check_placement(reader, load_annotations(masks, mapping, Mpp(0.26)))
    assert wrong.verdict is PlacementVerdict.SCALED
    assert wrong.scale == pytest.approx(0.2775 / 0.26, abs=0.01)
