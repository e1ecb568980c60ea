"""A contact sheet: crops as the network sees them, with what they teach."""

from __future__ import annotations

from pathlib import Path

import cv2

from histo.errors import UsageError
from histo.network import ALIGNMENT_WPX, OperatingPoints, decode_block
from histo.records.atomic import write_atomically
from train.augment import PoseRange
from train.dataset import CropDataset, Needs, Sample
from train.drawing import Picture, draw_findings, draw_targets, lay_out, maps_of_sample


def contact_sheet(samples: list[Sample], columns: int) -> Picture:
    """Each crop as four pictures: pixels, what the codec gives back of its targets, the targets, the compartments.

    Args:
        samples: Of one size.
        columns: Crops beside each other.

    Returns:
        The sheet; a last row that is not full is filled with the last crop.
    """
    shown = [_pictures(sample) for sample in samples]
    shown += [shown[-1]] * (-len(shown) % columns)
    rows = [shown[start : start + columns] for start in range(0, len(shown), columns)]
    return lay_out([[picture for crop in row for picture in crop] for row in rows])


def show_crops(fields: Path, out: Path, count: int, crop_wpx: int, seed: int, columns: int = 2) -> None:
    """Draw the first crops that a training with this seed would see.

    Args:
        fields: A folder of stored fields.
        out: The PNG to write.
        count: How many crops.
        crop_wpx: Width and height of a crop.
        seed: Of the crops.
        columns: Crops beside each other.

    Raises:
        UsageError: If crops of that size cannot be taken.
        FileNotFoundError: If there are no fields.
        OutputError: If the picture cannot be written.
    """
    if crop_wpx % ALIGNMENT_WPX:
        raise UsageError(f"--crop {crop_wpx}", "is no size of a crop", f"choose a multiple of {ALIGNMENT_WPX}")
    crops = CropDataset(fields, crop_wpx, seed, Needs(), PoseRange())
    sheet = contact_sheet([crops[number] for number in range(count)], columns)
    _, png = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    write_atomically(out, png.tobytes())


def _pictures(sample: Sample) -> list[Picture]:
    rgb: Picture = sample["rgb"]  # type: ignore[assignment]
    known_by_heart = decode_block(maps_of_sample(sample), (0.0, 0.0), OperatingPoints())
    return [rgb, draw_findings(rgb, *known_by_heart), *draw_targets(sample)]
