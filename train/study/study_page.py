"""The files of a study: study.json and one self-contained page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from histo.evidence.intervals import share
from histo.network import Metric
from histo.pattern import Necrosis
from histo.records.atomic import write_atomically
from histo.records.plain import plain
from train.study.normal_sections import UNGRADED, NormalSection
from train.study.results import COLUMNS, NEVER, ROWS, Results
from train.study.shift import headline
from train.study.study_figures import draw_by_pattern, draw_confusion, draw_reliability, draw_shift, draw_worst
from train.study.study_run import Study

LIMITS = (
    "This measures the simulator. Every biopsy is a phantom, its true pattern is the one it was drawn with, and the "
    "mistakes of sampled biopsies were measured on phantoms too. Nothing here says how often a reading of a patient's "
    "biopsy is right. A pattern, not a diagnosis; research use only."
)

FLOORS = (
    ("rendered", "auc.macro", "macro AUC, rendered end to end", 0.93, None),
    ("sampled", "ece.after", "expected calibration error, sampled", None, 0.05),
    ("sampled", "sets.coverage", "coverage of the 90% sets, sampled", 0.87, 0.93),
    ("sampled", "sets.size", "mean size of the sets, sampled", None, 2.0),
)
"""Of which biopsies, which figure, in words, and its least and greatest value: targets, not accepted numbers."""
NORMAL_UNGRADED = 0.95
"""The least share of healthy sections on which necrosis is none, or candidates for review: a target too."""

HEADLINE = {
    "auc.macro": "macro AUC of the differential",
    "first.right": "first candidate right",
    "ece.before": "expected calibration error before",
    "ece.after": "expected calibration error after",
    "sets.coverage": "sets hold the true pattern",
    "sets.size": "mean size of the sets",
    "sets.empty": "empty sets",
    "label.right": "label right, where a pattern shows",
    "label.right_where_named": "label right, where a pattern is named",
    "label.indeterminate": "indeterminate",
    "refused": "refused",
    "necrotizing.sensitivity": "necrotizing: sensitivity",
    "necrotizing.specificity": "necrotizing: specificity",
    "levels.disagree": "levels of one biopsy disagree",
}
PREDICTIVE = {
    "prevalence.imnm": "share of IMNM",
    "ppv.imnm": "label necrotizing: chance of IMNM",
    "npv.imnm": "any other label: chance of no IMNM",
    "prevalence.pattern": "share of the pattern",
    "ppv.pattern": "label necrotizing: chance of the pattern",
    "npv.pattern": "any other label: chance of no such pattern",
}
_WORST = {
    name: HEADLINE[name]
    for name in ("auc.macro", "sets.coverage", "sets.size", "label.right", "necrotizing.sensitivity", "refused")
}
_LOW_IS_BAD = ("auc.macro", "sets.coverage", "label.right", "necrotizing.sensitivity", "necrotizing.specificity")

_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;color:#222;max-width:1200px;margin:2rem auto;padding:0 1rem}"
    "svg{max-width:100%;height:auto}table{border-collapse:collapse;font-size:14px;margin:1em 0}"
    "td,th{padding:2px 12px;text-align:right;border-bottom:1px solid #e4e4e4}"
    "td:first-child,th:first-child{text-align:left}.limits{background:#fbf3d6;padding:.6em 1em}"
    ".missed{background:#fbe3d6}"
)


def write_study(study: Study, out: Path) -> tuple[Path, Path]:
    """Write `study.json` and `study.html`.

    Raises:
        OutputError: If they cannot be written.
    """
    text = json.dumps(study_document(study), indent=1, allow_nan=False) + "\n"
    return (
        write_atomically(out / "study.json", text.encode()),
        write_atomically(out / "study.html", study_page(study).encode()),
    )


def study_document(study: Study) -> dict[str, object]:
    """Everything as JSON values."""
    return {
        "schema": 1,
        "limits": LIMITS,
        "bundle": study.errors.bundle,
        "weights_sha256": study.errors.weights_sha256,
        "calibration": study.calibration,
        "prevalence": plain(study.prevalence),
        "error_model": {name: plain(metric) for name, metric in headline(study.errors).items()},
        "floors": [
            {"figure": words, "least": least, "greatest": greatest, "reached": reached, "value": plain(metric)}
            for words, least, greatest, metric, reached in _standings(study)
        ],
        "sampled": _results(study.sampled),
        "rendered": None if study.rendered is None else _results(study.rendered),
        "worst_case": {
            "scenarios": {
                name: {"text": scenario.text, **_results(found)} for name, (scenario, found) in study.worst.items()
            },
            "worst": {name: list(found) for name, found in worst_of(study).items()},
        },
        "normal_sections": {"grades": grades_of(study.normal), "sections": [plain(one) for one in study.normal]},
        "rendered_less_sampled": plain(study.shift),
    }


def _results(results: Results) -> dict[str, object]:
    return {
        "biopsies": results.biopsies,
        "metrics": {name: plain(metric) for name, metric in results.metrics.items()},
        "rows": [label.value for label in ROWS],
        "columns": [label.value for label in COLUMNS],
        "confusion": results.confusion.tolist(),
        "refusals": dict(results.refusals),
        "near_misses": plain(results.near_misses),
        "near_misses_read_necrotizing": list(results.misread),
    }


def worst_of(study: Study) -> dict[str, tuple[str, float]]:
    """Of each figure, the scenario in which it is worst, and its value there."""
    found = {}
    for name in _LOW_IS_BAD:
        values = {case: one.metrics[name].value for case, (_, one) in study.worst.items() if name in one.metrics}
        if values:
            case = min(values, key=lambda key: values[key])
            found[name] = (case, values[case])
    return found


def _standings(study: Study) -> Iterable[tuple[str, float | None, float | None, Metric, bool]]:
    for of, name, words, least, greatest in FLOORS:
        results = study.rendered if of == "rendered" else study.sampled
        metric = None if results is None else results.metrics.get(name)
        if metric is not None:
            reached = (least is None or metric.value >= least) and (greatest is None or metric.value <= greatest)
            yield words, least, greatest, metric, reached
    if (healthy := ungraded(study.normal)) is not None:
        reached = healthy.value >= NORMAL_UNGRADED
        yield "healthy sections read without graded necrosis", NORMAL_UNGRADED, None, healthy, reached


def grades_of(sections: Sequence[NormalSection]) -> dict[str, int]:
    """How many healthy sections got each grade of necrosis, from the least on."""
    counts = Counter(section.necrosis for section in sections)
    return {grade.value: counts[grade.value] for grade in Necrosis if counts[grade.value]}


def ungraded(sections: Sequence[NormalSection]) -> Metric | None:
    """The share of healthy sections with no necrosis, or candidates; a refusal is neither. None without any."""
    count = sum(section.necrosis in UNGRADED for section in sections)
    found = share(count, len(sections), per=1)
    return None if found is None else Metric(found.value, found.low, found.high, len(sections))


def headlines(study: Study) -> Iterable[str]:
    """The figures that matter most, one a line."""
    for words, least, greatest, metric, reached in _standings(study):
        verdict = "reached" if reached else "MISSED"
        yield f"{words:44s} {_figure(metric)} ({_target(least, greatest)}: {verdict})"
    told = [("sampled", study.sampled), *([] if study.rendered is None else [("rendered", study.rendered)])]
    for name, results in told:
        for key in ("label.right", "refused", "ppv.imnm", "npv.imnm", "levels.disagree"):
            yield f"{name}: {({**HEADLINE, **PREDICTIVE})[key]:44s} {_figure(results.metrics.get(key))}"
        yield f"{name}: near-misses read necrotizing: {', '.join(results.misread) or 'none'}"
    for name, (case, value) in worst_of(study).items():
        yield f"worst case: {HEADLINE[name]:44s} {value:.3f} ({study.worst[case][0].text})"


def study_page(study: Study) -> str:
    """One HTML file without any link to another file or host."""
    sampled, rendered = study.sampled, study.rendered
    both = [sampled] if rendered is None else [sampled, rendered]
    heads = [f"sampled ({sampled.biopsies})", *([] if rendered is None else [f"rendered ({rendered.biopsies})"])]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Phantom cohort study</title>",
        f"<style>{_STYLE}</style><h1>Phantom cohort study</h1><p class=limits>{escape(LIMITS)}</p>",
        f"<p>Bundle {escape(study.errors.bundle)}, weights {study.errors.weights_sha256[:12]}; error model of "
        f"{len(study.errors.sections)} phantom sections; differential: "
        f"{escape(study.calibration or 'none in this bundle, so that nothing is said of ranks and sets')}. "
        "Intervals are of 95%, from resampling biopsies.</p>",
        "<h2>Targets</h2>",
        _table(
            ["", "target", "measured"],
            [
                [words, _target(least, greatest), _figure(metric) + ("" if reached else " — missed")]
                for words, least, greatest, metric, reached in _standings(study)
            ],
        ),
        "<h2>Figures</h2>",
        _metric_table(HEADLINE, both, heads),
        f"<h2>Predictive values at a stated mix</h2><p>{escape(study.prevalence.name)}: "
        f"{escape(study.prevalence.source)}</p>",
        _metric_table(PREDICTIVE, both, heads),
    ]
    for results, head in zip(both, heads, strict=True):
        parts += [f"<h2>Read as, {escape(head)}</h2>", draw_confusion(results), _refusals(results)]
    parts += ["<h2>Near-misses</h2>", _near_misses(both, heads)]
    if sampled.bins:
        bounds = {"sets.coverage.": (0.87, 0.93)}
        titles = {"auc.": "AUC against the others", "sets.coverage.": "sets hold it", "sets.size.": "size of its sets"}
        parts += ["<h2>The differential, sampled biopsies</h2>", draw_reliability(sampled)]
        parts += [draw_by_pattern(sampled, titles, bounds)]
    if study.worst:
        parts += ["<h2>Worst case</h2>", _worst(study), draw_worst(study.worst, _WORST)]
    if study.normal:
        parts += ["<h2>Healthy sections</h2>", _normal(study.normal)]
    if study.shift:
        parts += [
            "<h2>How faithfully biopsies are sampled</h2><p>Features of rendered biopsies less those of sampled ones, "
            "disease by disease. What is far from 0, the error model does not know.</p>",
            draw_shift(study.shift),
        ]
    parts += ["<h2>The bundle's mistakes on phantom sections</h2>", _errors(study), "</html>\n"]
    return "\n".join(parts)


def _metric_table(titles: Mapping[str, str], results: Sequence[Results], heads: Sequence[str]) -> str:
    rows = [
        [title, *(_figure(one.metrics.get(name)) for one in results)]
        for name, title in titles.items()
        if any(name in one.metrics for one in results)
    ]
    return _table(["", *heads], rows)


def _refusals(results: Results) -> str:
    told = ", ".join(f"{code.replace('_', ' ')} {count}" for code, count in sorted(results.refusals.items()))
    return f"<p>Refused: {escape(told) or 'none'}.</p>"


def _near_misses(results: Sequence[Results], heads: Sequence[str]) -> str:
    told = []
    for one, head in zip(results, heads, strict=True):
        wrong = ", ".join(one.misread) or "none"
        told.append(f"<p>Of {escape(', '.join(NEVER))}, {escape(head)}: read necrotizing {escape(wrong)}.</p>")
        rows = [
            [disease, ", ".join(f"{label} {count}" for label, count in sorted(found.items()))]
            for disease, found in one.near_misses.items()
        ]
        told.append(_table(["near-miss", "read as"], rows))
    return "".join(told)


def _worst(study: Study) -> str:
    rows = [
        [HEADLINE[name], f"{value:.3f}", study.worst[case][0].text] for name, (case, value) in worst_of(study).items()
    ]
    misread = [f"{scenario.text}: {', '.join(one.misread)}" for scenario, one in study.worst.values() if one.misread]
    told = "; ".join(misread) or "none in any scenario"
    return _table(["", "worst", "where"], rows) + f"<p>Near-misses read necrotizing: {escape(told)}.</p>"


def _normal(sections: Sequence[NormalSection]) -> str:
    rows = [[Necrosis(grade).text, str(count)] for grade, count in grades_of(sections).items()]
    fibers, wrong = sum(one.fibers for one in sections), sum(one.necrotic for one in sections)
    told = f"{wrong} of {fibers} fibers of {len(sections)} sections are called necrotic; none is."
    return _table(["grade of necrosis", "sections"], rows) + f"<p>{told}</p>"


def _errors(study: Study) -> str:
    return _table(["", "rate"], [[name, _figure(metric)] for name, metric in headline(study.errors).items()])


def _target(least: float | None, greatest: float | None) -> str:
    if least is not None and greatest is not None:
        return f"{least:g} to {greatest:g}"
    return f"at least {least:g}" if least is not None else f"at most {greatest:g}"


def _figure(metric: Metric | None) -> str:
    if metric is None:
        return "\u2013"
    interval = "" if metric.low is None else f" [{metric.low:.3f}, {metric.high:.3f}]"
    return f"{metric.value:.3f}{interval}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    heading = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table><tr>{heading}</tr>\n{body}</table>"
