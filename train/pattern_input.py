"""What the differential is fitted on: labelled biopsies, all of one bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from histo.errors import UsageError
from train.biopsies import Biopsies, gather_readings, read_biopsies
from train.biopsy_labels import label


@dataclass(frozen=True, slots=True)
class Given:
    """Labelled biopsies, sorted by name, and what was left out, in sentences."""

    biopsies: Biopsies
    left_out: tuple[str, ...]


def gather(sources: Sequence[Path], labels: Path | None, weights_sha256: str) -> Given:
    """Bring biopsies and labels together.

    Args:
        sources: Folders of readings, or one table.
        labels: CSV file; a table may do without.
        weights_sha256: Of the bundle that the fit is for.

    Raises:
        UsageError: If there are no labels, the sources are mixed, or the biopsies were read with other weights.
        RecordError: If a source cannot be read.
    """
    left_out = []
    if [source.suffix for source in sources] == [".parquet"]:
        biopsies = read_biopsies(sources[0])
    elif any(source.suffix == ".parquet" for source in sources):
        raise UsageError("--biopsies", "names a table and something besides", "give one table, or folders of readings")
    elif labels is None:
        raise UsageError("--labels", "is missing, and readings hold no pathologist's label", "give a CSV biopsy,label")
    else:
        biopsies, refused = gather_readings(sources)
        if refused:
            left_out.append(f"{refused} readings are refusals and are left out")
    if biopsies.weights_sha256 != weights_sha256:
        raise UsageError(sources[0], "was read with other weights than the bundle's", "read the biopsies with it")
    before = len(biopsies)
    if labels is not None:
        biopsies = label(biopsies, labels)
    rows = sorted((name, row) for row, name in enumerate(biopsies.names) if biopsies.labels[row] is not None)
    biopsies = biopsies.select([row for _, row in rows])
    if len(biopsies) < before:
        left_out.append(f"{before - len(biopsies)} biopsies have no label and are left out")
    return Given(biopsies, tuple(left_out))
