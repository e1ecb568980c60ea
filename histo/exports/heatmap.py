"""Heat maps as OME-TIFF: densities that viewers of microscopy lay over the slide, by their size and place in um."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
import tifffile

from histo.exports.stored_slide import StoredSlide

NECROSIS_CHANNEL = "Necrotic fibers per mm2"
INFILTRATE_CHANNEL = "Inflammatory cells outside necrotic fibers per mm2"
_UM_PER_CM = 1e4


def write_heatmap(path: Path, slide: StoredSlide) -> None:
    """Write the density of necrotic fibers, and of inflammatory cells where they are assessed, as channels.

    Pixels are float32; NaN is where no tissue was assessed. The first pixel's corner is the slide's: position 0, 0.

    Args:
        path: Where to write.
        slide: What.
    """
    maps = slide.maps
    channels = [(NECROSIS_CHANNEL, maps.necrosis)]
    if maps.infiltrate is not None:
        channels.append((INFILTRATE_CHANNEL, maps.infiltrate))
    um_per_px = maps.necrosis.mpp.um_per_px
    name = uuid.uuid5(uuid.NAMESPACE_OID, f"{slide.sha256} heatmap")
    at_corner = {"PositionX": [0.0] * len(channels), "PositionY": [0.0] * len(channels)}
    units = {"PositionXUnit": ["µm"] * len(channels), "PositionYUnit": ["µm"] * len(channels)}
    metadata = {
        "axes": "CYX",
        "Name": "Densities. Research use only.",
        "UUID": name.urn,
        "PhysicalSizeX": um_per_px,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": um_per_px,
        "PhysicalSizeYUnit": "µm",
        "Channel": {"Name": [title for title, _ in channels]},
        "Plane": at_corner | units,
    }
    tifffile.imwrite(
        path,
        np.stack([density.per_mm2 for _, density in channels]),
        ome=True,
        photometric="minisblack",
        compression="adobe_deflate",
        tile=(256, 256),
        resolution=(_UM_PER_CM / um_per_px,) * 2,
        resolutionunit="CENTIMETER",
        metadata=metadata,
    )
