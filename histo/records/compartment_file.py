"""compartments.png: the tissue map that densities were taken over, as a picture that any viewer opens.

A palette image of one byte a pixel, so that `fibers.parquet`, `cells.parquet` and this file together are the findings
without loss, and evidence can be weighed again without the network.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from histo.errors import RecordError
from histo.findings import Compartment, CompartmentMap
from histo.geometry import Mpp

NOT_SCORED = 255
SCALE_KEY = "micrometers per pixel"
REMEDY = "read the slide again with `histo read`"

PALETTE: dict[Compartment, tuple[int, int, int]] = {
    Compartment.GLASS: (245, 245, 245),
    Compartment.FIBER: (213, 170, 180),
    Compartment.ENDOMYSIUM: (240, 228, 66),
    Compartment.PERIMYSIUM: (0, 114, 178),
    Compartment.VESSEL: (213, 94, 0),
    Compartment.FAT: (230, 200, 120),
    Compartment.NERVE_SPINDLE: (0, 158, 115),
    Compartment.ARTEFACT: (90, 90, 90),
}


def write_compartments(path: Path, compartments: CompartmentMap) -> None:
    """Write the map; what was not scored becomes transparent."""
    codes = np.where(compartments.scored, compartments.codes, np.uint8(NOT_SCORED))
    image = Image.fromarray(codes.astype(np.uint8))
    palette = np.full((256, 3), 255, np.uint8)
    for compartment, color in PALETTE.items():
        palette[compartment] = color
    image.putpalette(palette.tobytes())
    about = PngInfo()
    about.add_text(SCALE_KEY, repr(compartments.mpp.um_per_px))
    about.add_text(
        "codes", ", ".join(f"{c.value} {c.name.lower()}" for c in Compartment) + f", {NOT_SCORED} not scored"
    )
    image.save(path, format="PNG", pnginfo=about, transparency=NOT_SCORED, optimize=False)


def read_compartments(path: Path) -> CompartmentMap:
    """Read the map back.

    Raises:
        RecordError: If the file is missing, damaged, or not a map that histo wrote.
    """
    try:
        with Image.open(path) as image:
            scale = image.info.get(SCALE_KEY)
            if image.mode != "P" or scale is None:
                raise RecordError(path, "is not a compartment map that histo wrote", REMEDY)
            codes = np.array(image, dtype=np.uint8)
        mpp = Mpp(float(scale))
    except FileNotFoundError as error:
        raise RecordError(path, "there is no such file", REMEDY) from error
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as error:
        raise RecordError(path, "is not a readable PNG file", REMEDY) from error
    scored = codes != NOT_SCORED
    if np.any(codes[scored] >= len(Compartment)):
        raise RecordError(path, "holds codes that are no compartment", REMEDY)
    return CompartmentMap(codes=np.where(scored, codes, np.uint8(Compartment.GLASS)), scored=scored, mpp=mpp)
