"""Sheets of phantom pictures with headings and one scale, as the two scripts beside this one draw them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from histo.phantom.look import Look, SectionQuality, typical_look
from histo.phantom.look.stains import EOSINS, HEMATOXYLINS, near

IMAGES = Path(__file__).parent / "images"
VIEW_UM = 200.0
BAR_UM = 50.0
SHOWN_PX = 310
"""Side of a view on the sheet."""
INK, MARKED, FAINT = "#222222", "#9c4a00", "#666666"
_HEAD_PX, _GAP_PX = 44, 10

_LETTERS = np.concatenate(
    [255 + np.linspace(0, 1, 6)[:, None] * (255 * np.array(to_rgb(color)) - 255) for color in (INK, MARKED, FAINT)]
)
"""(18, 3) colors of letters and their soft rims, which must not be lost among those of tissue."""


@dataclass(frozen=True)
class Picture:
    """A square view with its heading; marked ones have a heading in another color."""

    rgb: NDArray[np.uint8]
    title: str
    seen: str
    marked: bool = False
    side_um: float = VIEW_UM


def good_look(stain: int) -> Look:
    """A good routine stain without artefacts; each number is that of another laboratory."""
    rng = np.random.default_rng([stain, 5])
    return replace(
        typical_look(rng),
        hematoxylin=near(HEMATOXYLINS[stain % 3], 0.02, rng),
        eosin=near(EOSINS[(0, 3)[stain % 2]], 0.04, rng),
        hematoxylin_level=rng.uniform(1.6, 2.2),
        blur_wpx=0.5,
        section=SectionQuality(),
        noise=0.0,
    )


def save_sheet(name: str, pictures: list[Picture], columns: int) -> None:
    """Write a sheet as a PNG of 256 colors.

    Args:
        name: Of the file in docs/images.
        pictures: Row by row.
        columns: How many stand side by side.
    """
    rows = -(-len(pictures) // columns)
    width = columns * (SHOWN_PX + _GAP_PX) + _GAP_PX
    height = rows * (SHOWN_PX + _HEAD_PX) + _GAP_PX
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    for place, shown in enumerate(pictures):
        row, column = divmod(place, columns)
        left, top = _GAP_PX + column * (SHOWN_PX + _GAP_PX), _HEAD_PX + row * (SHOWN_PX + _HEAD_PX)
        axes = figure.add_axes(
            (left / width, 1 - (top + SHOWN_PX) / height, SHOWN_PX / width, SHOWN_PX / height), xticks=[], yticks=[]
        )
        axes.set_axis_off()
        small = Image.fromarray(shown.rgb).resize((SHOWN_PX, SHOWN_PX), Image.Resampling.LANCZOS)
        axes.imshow(np.asarray(small), extent=(0, shown.side_um, shown.side_um, 0), interpolation="none")
        edge = 0.04 * shown.side_um
        for color, wide in (("white", 5.0), (INK, 2.5)):
            axes.plot(
                [edge, edge + BAR_UM], [shown.side_um - edge] * 2, color=color, linewidth=wide, solid_capstyle="butt"
            )
        if place == 0:
            axes.text(edge + BAR_UM + 4, shown.side_um - edge, f"{BAR_UM:g} µm", fontsize=8, color=INK, va="center")
        color = MARKED if shown.marked else INK
        figure.text(left / width, 1 - (top - 20) / height, shown.title, fontsize=9.5, weight="bold", color=color)
        figure.text(left / width, 1 - (top - 6) / height, shown.seen, fontsize=8, color=FAINT)
    drawn = BytesIO()
    figure.savefig(drawn, format="png")
    sheet = Image.open(drawn).convert("RGB")
    tissue = Image.fromarray(np.concatenate([shown.rgb.reshape(-1, 1, 3) for shown in pictures]))
    palette = tissue.quantize(256 - len(_LETTERS), Image.Quantize.MEDIANCUT, kmeans=2).getpalette() or []
    colors = Image.new("P", (1, 1))
    colors.putpalette(palette[: 3 * (256 - len(_LETTERS))] + [int(part) for color in _LETTERS for part in color])
    sheet.quantize(palette=colors, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
