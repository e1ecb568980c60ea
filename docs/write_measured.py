"""Writes the figures of the default bundle's card into README.md: `PYTHONPATH=. python docs/write_measured.py`."""

from __future__ import annotations

from pathlib import Path

from histo.model import load_model
from histo.network import Metric
from train.floors import standings

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"

FINDINGS = {
    "Fibers, outlined at IoU ≥ 0.5": "fiber",
    "Necrotic fibers, all kinds": "fiber.necrotic",
    "- pale": "fiber.necrotic_pale",
    "- hyaline": "fiber.necrotic_hyaline",
    "Myophagocytosis": "fiber.myophagocytosis",
    "Regenerating fibers": "fiber.regenerating",
    "Intact fibers": "fiber.intact",
    "Nuclei, any kind, within 6 µm": "cell.all",
    "Inflammatory cells": "cell.inflammatory",
    "- lymphocyte-like": "cell.lymphocyte",
    "- macrophage-like": "cell.macrophage",
    "Attribute: internal nucleus": "attribute.internal_nucleus",
    "Attribute: vacuolated": "attribute.vacuolated",
    "Attribute: opaque": "attribute.opaque",
    "Attribute: oblique": "attribute.oblique",
    "Attribute: invasion candidate": "attribute.invasion_candidate",
}
"""Rows of a table of findings, and what their figures' names begin with."""

COLUMNS = ("precision", "recall", "f1", "average_precision")


def rounded(metric: Metric | None, digits: int = 2) -> str:
    """A figure with its interval, as a table shows it; a dash where there is none."""
    if metric is None:
        return "-"
    if metric.low is None or metric.high is None:
        return f"{metric.value:.{digits}f}"
    return f"{metric.value:.{digits}f} ({metric.low:.{digits}f} to {metric.high:.{digits}f})"


def findings_table(metrics: dict[str, Metric], prefix: str = "") -> str:
    """A table of all findings on one kind of phantoms."""
    lines = ["| finding | precision | recall | F1 | average precision |", "|---|---|---|---|---|"]
    for title, name in FINDINGS.items():
        figures = [metrics.get(f"{prefix}{name}.{column}") for column in COLUMNS]
        if any(figure is not None for figure in figures):
            lines.append(f"| {title} | " + " | ".join(rounded(figure) for figure in figures) + " |")
    return "\n".join(lines)


def floors_table(metrics: dict[str, Metric]) -> str:
    """What the project asks of a bundle, and whether this one gives it."""
    lines = ["| asked | bound | measured | reached |", "|---|---|---|---|"]
    for standing in standings(metrics):
        floor, beside = standing.floor, standing.beside
        measured = rounded(standing.metric, 3) + (f"; sensitivity there {rounded(beside)}" if beside else "")
        verdict = "yes" if standing.reached else "**no**"
        lines.append(f"| {floor.title} | {floor.sense} {floor.bound:g} | {measured} | {verdict} |")
    return "\n".join(lines)


def measured() -> str:
    """The section of the README between its two marks."""
    card = load_model().bundle.card
    phantom, real = dict(card.phantom_metrics), dict(card.real_metrics)
    section = "muscle_section"
    return f"""{BEGIN}

These figures are written from the bundle's card by `docs/write_measured.py`. The phantoms are those of the simulator as
it is now, which default bundle 5 learned from ([what was changed, and what it does better and worse than those
before](docs/decisions/08-default-bundles.md)).

### What is asked of a bundle that has seen phantoms alone

Targets of this project, not accepted numbers. Lines marked (real) are measured on real pixels.

{floors_table(phantom | real)}

### On phantoms

Ordinary phantom sections of all patterns, disease as rare as the pattern has it, from seeds that nothing was trained or
chosen on; 95% intervals by resampling sections. They say nothing about patients.

{findings_table(phantom, "sections.")}

Wide training-like fields, far more diseased and varied than life:

{findings_table(phantom)}

Mean IoU of fibers found on these: {rounded(phantom.get("fiber.mean_iou"), 3)}.

### On real pixels

Real images without a pathologist's label: plausibility, not accuracy. The network never saw a real image.

| image | measured |
|---|---|
| `fibers_01`, H&E muscle field, against machine-made masks | {field_line(real, "fibers_01")} |
| `fibers_04`, H&E muscle field, against machine-made masks | {field_line(real, "fibers_04")} |
| `{section}`, toxin-injured mouse muscle, nobody has marked it | {section_line(real, section)} |

{END}"""


def field_line(real: dict[str, Metric], name: str) -> str:
    """What was measured on one real field."""
    f1, iou, called = (real[f"{name}.{figure}"].value for figure in ("fiber_f1", "fiber_mean_iou", "called_necrotic"))
    return f"fiber F1 {f1:.3f}, mean IoU {iou:.3f}; fibers called necrotic: {called:.0f}"


def section_line(real: dict[str, Metric], name: str) -> str:
    """What was measured on the real section."""
    fibers = real[f"{name}.fibers"].value
    necrotic = rounded(real.get(f"{name}.necrotic_per_1000_fibers"), 0)
    cells = rounded(real.get(f"{name}.inflammatory_cells_per_mm2"), 0)
    return f"{fibers:,.0f} fibers outlined, {necrotic} per 1,000 called necrotic, {cells} inflammatory cells per mm²"


def main() -> None:
    """Write it."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(before + measured() + after, encoding="utf-8")


if __name__ == "__main__":
    main()
