"""Writes docs/cohort-table.md, the columns of a cohort's table: `python docs/write_cohort_table.py`."""

from __future__ import annotations

from pathlib import Path

from histo.cohort.results.schema import GROUPS, SCHEMA, SCHEMA_VERSION

PAGE = Path(__file__).parent / "cohort-table.md"

HEAD = f"""# The table of a cohort

`cohort.parquet` and `cohort.csv` hold one row a biopsy, sorted by name, with the same columns in the same order
(`{SCHEMA}`, version {SCHEMA_VERSION}: a higher first number may take columns away or alter what they mean, a higher
second only adds). This page is written from the code by `docs/write_cohort_table.py`; the same text is in the Parquet
file, as metadata of each column.

Research use only: a histologic pattern, not a diagnosis. Weights that learned from phantoms alone have not been
measured on patients; `trained_on` tells.

![The overview of sixty simulated biopsies: how many have which pattern, how that agrees with the labels of the
manifest, and the evidence of each biopsy as a dot](images/cohort-overview.png)

*The upper part of `overview.html` of sixty phantom biopsies (2 mm² each, of 25 diseases), drawn, and read end to end by default
bundle 5 with `histo cohort`. The manifest's labels are the patterns that the phantoms show. It measures the simulator: 32 of
60 have the same label, 18 that show a pattern are indeterminate or not assessable, 10 have another label. Nine read
necrotizing: eight that are, and a checkpoint-inhibitor myopathy that was drawn to fit no pattern; no storage, vacuolar or
granulomatous one.*

## Reading it

```python
import pyarrow.parquet as pq

table = pq.read_table("cohort.parquet")
print(table.schema.field("necrotic_per_1000_fibers").metadata[b"meaning"].decode())
rows = table.to_pylist()
```

- **Missing is empty, never 0**: not assessed, not measured, or too few to tell. A count of 0 was looked for and not
  found; on a biopsy with `refusals` not even that is shown.
- Columns in `_low` and `_high` are the ends of a 95% interval, unless they say otherwise. Of several slides they hold
  though the slides be levels that show the same fibers again ([evidence](file-formats.md#evidence)).
- Counts and densities are raw: what the network called, its false calls included. `false_call_floor_fibers` and
  `necrosis_at_most_per_1000_fibers` bound what they may hide on either side.
- All of it is read from each biopsy's `reading.json`, which holds more; `reading` tells where it lies. A row depends on
  its own reading alone: outliers, which depend on the rest of the cohort, stand in `overview.html`.
- In the CSV a text that begins like a formula has a `'` before it, or a spreadsheet would run it.

## Beside it

`overview.html` shows the same for people, in one file that needs no network: patterns, their agreement with the
manifest's labels, evidence, coverage, outliers by quality and stain, failures, and a table that can be sorted and
filtered. It is drawn from the table and the failures alone, and so are its bytes.

`run.json` holds what differs from run to run:

| entry | what it is |
|---|---|
| `schema`, `schema_version` | `"histo.cohort_run"`, `"1.0"` |
| `started` | UTC, to the second |
| `seconds_total` | of this run, by the clock |
| `core_seconds`, `working_megapixels`, `mpx_per_core_second` | of all slides of the cohort, whichever run or machine read them: CPU seconds of the processes that read them, core pixels at 0.5 um, and the second over the first; `null` where nobody measured it |
| `engine`, `workers` | what the units ran on, how many at a time |
| `units` | `planned`, `done` in this run, `skipped` since they were there, `failed` |
| `biopsies` | rows of the table |
| `bundle` | `name`, `version`, `sha256` of the weights |
| `arguments` | what was asked for; of a path its last part, of an address its scheme |
| `machine` | `cpu`, `cores` that may be used, `memory_gib`, `system` of the machine that wrote the file |
| `provenance` | versions, as in [reading.json](file-formats.md#readingjson) |
"""  # noqa: E501 - rows of a table


def page() -> str:
    """The page."""
    parts = [HEAD]
    for group in GROUPS:
        rows = [
            f"| `{told.name}` | {told.kind} | {told.unit} | {told.meaning} |"
            for told in (column.told for column in group.columns)
        ]
        parts.append(
            "\n".join([f"## {group.title}", "", "| column | kind | unit | meaning |", "|---|---|---|---|", *rows, ""])
        )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
