"""The files of a comparison of real and phantom tissue: JSON, pictures and a page that shows them."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path

import cv2

from histo.records.atomic import write_atomically
from train.realism import Apart, Comparison, Distance
from train.realism_fields import Crop
from train.realism_figures import draw_distributions, draw_spectra
from train.realism_measures import Measures
from train.realism_sheet import Picture, blind_sheet, labelled_sheet

LIMITS = (
    "There are only three real images, and two of them are of one source, with one stain and one scanner. A classifier "
    "that has seen one of the two knows the other; held out by source, each number rests on one or two images. The "
    "masks of two were made by a machine, the third has none, and its 0.95 µm/px were interpolated, so that its fine "
    "detail is missing. Phantoms for training are wider than life on purpose: a large distance is no fault in itself, "
    "but a real image outside the phantoms' range is one."
)

_PIXELS_AND_OBJECTS = ("pixels", "fibers")
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;color:#222;max-width:1500px;margin:2rem auto;padding:0 1rem}"
    "img{max-width:100%}table{border-collapse:collapse;font-size:13px}"
    "td,th{padding:2px 10px;text-align:right;border-bottom:1px solid #e4e4e4}"
    "td:first-child,th:first-child{text-align:left}"
    ".outside{background:#fbe3d6}"
)


def write_comparison(
    found: Comparison,
    real: Sequence[Measures],
    phantoms: Sequence[Measures],
    shown: tuple[Sequence[Crop], Sequence[Crop]],
    out: Path,
) -> tuple[Path, ...]:
    """Write `realism.json`, `sheet.png`, `distributions.png`, `features.png`, `spectra.png` and `realism.html`.

    Args:
        found: What the page says.
        real: What the curves show.
        phantoms: See there.
        shown: As many real as phantom crops, for the sheet.
        out: The folder.

    Returns:
        The files.

    Raises:
        OutputError: If one cannot be written.
    """
    names = [each.name for each in found.distances]
    curves = sorted(name for name in names if name.partition(":")[0] in _PIXELS_AND_OBJECTS or _is_of_nuclei(name))
    pictures = {
        "sheet": png_of(labelled_sheet(*shown)),
        "distributions": draw_distributions(curves, real, phantoms),
        "features": draw_distributions(sorted(set(names) - set(curves)), real, phantoms),
        "spectra": draw_spectra(real, phantoms, len(shown[0][0].rgb)),
    }
    files = {f"{name}.png": data for name, data in pictures.items()}
    files["realism.json"] = (json.dumps(asdict(found), indent=1) + "\n").encode()
    files["realism.html"] = _page(found, pictures).encode()
    return tuple(write_atomically(out / name, data) for name, data in files.items())


def write_blind(shown: tuple[Sequence[Crop], Sequence[Crop]], seed: int, out: Path) -> tuple[Path, Path]:
    """Write `blind.png`, crops without labels, and `blind-key.csv`, which says what each number is.

    Args:
        shown: Real and phantom crops.
        seed: Of the order.
        out: The folder.
    """
    sheet, key = blind_sheet(*shown, seed)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("number", "kind", "specimen"), *key])
    return (
        write_atomically(out / "blind.png", png_of(sheet)),
        write_atomically(out / "blind-key.csv", text.getvalue().encode()),
    )


def png_of(picture: Picture) -> bytes:
    """A picture as the bytes of a PNG file."""
    _, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return data.tobytes()


def as_table(distances: Sequence[Distance]) -> list[tuple[str, ...]]:
    """Rows of text, the first of headings."""
    heading = (
        "measure",
        "real, by image",
        "phantom fields, 5% | 50% | 95%",
        "real at percentile",
        "inside",
        "distance",
    )
    return [heading, *(_row(each) for each in distances)]


def _row(each: Distance) -> tuple[str, ...]:
    return (
        each.name,
        " / ".join(f"{value:.3g}" for value in each.real_medians.values()),
        f"{each.phantom_low:.3g} | {each.phantom_median:.3g} | {each.phantom_high:.3g}",
        f"{each.percentile:.0f}",
        f"{each.images_inside} of {len(each.real_medians)}",
        "\u2013" if each.wasserstein is None else f"{each.wasserstein:.2f}",
    )


def _is_of_nuclei(name: str) -> bool:
    return name in {"nuclei: area_um2", "nuclei: elongation", "nuclei: hematoxylin OD above crop"}


def _page(found: Comparison, pictures: dict[str, bytes]) -> str:
    heading, *rows = as_table(found.distances)
    outside = [each.images_inside < len(each.real_medians) for each in found.distances]
    body = "".join(
        f"<tr{' class=outside' if out else ''}>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n"
        for row, out in zip(rows, outside, strict=True)
    )
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heading)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Real and phantom muscle</title>"
        f"<style>{_STYLE}</style>"
        f"<h1>Real and phantom muscle</h1><p>Real: {escape(', '.join(found.real))}. Phantom: {found.phantoms} fields. "
        f"{found.crops[0]} real and {found.crops[1]} phantom crops at 0.5 µm/px.</p><p>{escape(LIMITS)}</p>"
        + _figure(pictures["sheet"], "Real and phantom crops side by side")
        + "<h2>Told apart by a classifier</h2><p>Area under the ROC curve of a random forest on crops that it has not "
        "seen, whole images and fields held out: 0.5 cannot tell them apart, 1 always can.</p>"
        + _apart(found.by_image, "Real images held out one by one")
        + _apart(found.by_source, "All images of a source held out together")
        + "<h2>Distributions</h2>"
        + _figure(pictures["spectra"], "Power spectra and border profile")
        + _figure(pictures["distributions"], "Distributions over pixels, fibers and nuclei")
        + _figure(pictures["features"], "Distributions over crops")
        + "<h2>Distances</h2><p>Percentile: where the median of the real images lies among the medians of the phantom "
        "fields. Inside: real images between the 2.5th and the 97.5th. Distance: Wasserstein, in standard deviations "
        f"of the real values.</p><table><tr>{head}</tr>\n{body}</table></html>\n"
    )


def _apart(apart: Apart | None, title: str) -> str:
    if apart is None:
        return f"<h3>{escape(title)}</h3><p>Too few to hold any out.</p>"
    folds = ", ".join(f"{name} {auc:.3f}" for name, auc in apart.fold_auc.items())
    groups = ", ".join(f"{name} {auc:.3f}" for name, auc in apart.group_auc.items())
    telling = ", ".join(f"{name} ({share:.0%})" for name, share in apart.telling.items())
    return (
        f"<h3>{escape(title)}: AUC {apart.auc:.3f}</h3><p>Held out: {escape(folds)}.<br>One group of features alone: "
        f"{escape(groups)}.<br>What decides: {escape(telling)}.</p>"
    )


def _figure(png: bytes, words: str) -> str:
    return f'<p><img alt="{escape(words)}" src="data:image/png;base64,{base64.b64encode(png).decode()}"></p>'
