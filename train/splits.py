"""Which patient is for training, for choosing, and for figures: grouped, balanced, drawn by a seed, and kept."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from histo.cohort import Manifest, ManifestRow, Split
from histo.errors import ManifestError
from histo.records.atomic import write_atomically

SPLIT_LIST = "splits.csv"
_Tag = tuple[str, str]
_COLUMNS = ("patient", "split", "biopsy", "slide", "site", "label", "slide_sha256")


@dataclass(frozen=True)
class Shares:
    """How the patients are shared out.

    Attributes:
        train: Share of the patients whose slides are trained on.
        validation: Share for choosing thresholds.
        test: Share for figures.

    Raises:
        ValueError: If one is negative, none is trained on, or they do not sum to 1.
    """

    train: float = 0.65
    validation: float = 0.15
    test: float = 0.20

    def __post_init__(self) -> None:
        """Refuse what is no sharing out."""
        shares = (self.train, self.validation, self.test)
        if min(shares) < 0 or self.train <= 0 or abs(sum(shares) - 1) > 1e-6:
            raise ValueError(f"shares must be positive for training and sum to 1, not {shares}")

    def of(self, split: Split) -> float:
        """The share of one split."""
        return {Split.TRAIN: self.train, Split.VALIDATION: self.validation, Split.TEST: self.test}[split]


def patient_key(patient: str) -> str:
    """What makes two spellings one patient: case and spaces do not count."""
    return " ".join(patient.split()).casefold()


def assign_splits(
    rows: Sequence[ManifestRow],
    seed: int,
    shares: Shares = Shares(),
    earlier: Mapping[str, Split] | None = None,
) -> tuple[Split, ...]:
    """Give every patient to one split, with labels and sites shared out alike.

    Patients whose split the manifest gives, or who had one earlier, keep it. The others are dealt out one after
    another, those with the rarest label or site first, each to the split that lacks its label and site most (iterative
    stratification, Sechidis 2011, doi 10.1007/978-3-642-23808-6_10). With too few patients for all three, training is
    served first, then validation. Labels of fewer than three patients cannot be in every split and count as one.

    Args:
        rows: Of the manifest.
        seed: Of all chance.
        shares: How many patients each split gets, to the nearest patient; at least one if there are enough.
        earlier: Splits of an earlier run by `patient_key`, so that patients who come later move nobody.

    Returns:
        The split of each row.

    Raises:
        ManifestError: If a patient has two splits.
    """
    given = _given(rows, earlier or {})
    tags = _tags(rows)
    sizes = Counter(tag for own in tags.values() for tag in own)
    room = _room(len(tags), shares)
    lacking = {split: {tag: shares.of(split) * size for tag, size in sizes.items()} for split in Split}
    dealt = dict(given)
    for patient, split in given.items():
        _take(room, lacking, split, tags[patient])
    rng = np.random.default_rng(seed)
    free = sorted(set(tags) - set(given))
    free = [free[place] for place in rng.permutation(len(free))]
    for patient in sorted(free, key=lambda one: min(sizes[tag] for tag in tags[one])):
        luck = dict(zip(Split, rng.permutation(len(Split)), strict=True))
        # where the given splits have used up more than their share, all three may be full: then shares decide alone
        open_splits = [split for split in Split if room[split] > 0] or [s for s in Split if shares.of(s) > 0]

        def lack(split: Split, patient: str = patient, luck: dict[Split, int] = luck) -> tuple[float, int, int]:
            missing = sum(lacking[split][tag] / sizes[tag] for tag in tags[patient])
            return round(missing, 9), room[split], luck[split]

        dealt[patient] = max(open_splits, key=lack)
        _take(room, lacking, dealt[patient], tags[patient])
    return tuple(dealt[patient_key(row.patient)] for row in rows)


def _tags(rows: Sequence[ManifestRow]) -> dict[str, set[_Tag]]:
    """What shall be shared out alike, by patient: sites, and labels that are frequent enough."""
    tags: dict[str, set[_Tag]] = defaultdict(set)
    for row in rows:
        tags[patient_key(row.patient)] |= {("site", row.site), ("label", row.label or "")}
    sizes = Counter(tag for own in tags.values() for tag in own)

    def pooled(tag: _Tag) -> _Tag:
        return ("label", "rare") if tag[0] == "label" and sizes[tag] < len(Split) else tag

    return {patient: {pooled(tag) for tag in own} for patient, own in tags.items()}


def few_to_train(
    manifest: Manifest, splits: Sequence[Split], patients: int, seed: int
) -> tuple[Manifest, tuple[Split, ...]]:
    """Leave out patients to train on, until so many are left: those of a smaller number are among those of a larger.

    Args:
        manifest: Of all slides.
        splits: Of each row.
        patients: How many to keep.
        seed: Of the choice.

    Returns:
        The manifest without the rows of those left out, and the splits of the others.
    """
    pairs = list(zip(manifest.rows, splits, strict=True))
    training = sorted({patient_key(row.patient) for row, split in pairs if split is Split.TRAIN})
    order = np.random.default_rng([seed, 1]).permutation(len(training))
    kept = {training[place] for place in order[:patients]}
    pairs = [(row, split) for row, split in pairs if split is not Split.TRAIN or patient_key(row.patient) in kept]
    return Manifest(manifest.path, tuple(row for row, _ in pairs)), tuple(split for _, split in pairs)


def _given(rows: Sequence[ManifestRow], earlier: Mapping[str, Split]) -> dict[str, Split]:
    """Splits that are not left to chance, by patient."""
    present = {patient_key(row.patient) for row in rows}
    given = {patient: split for patient, split in earlier.items() if patient in present}
    for row in rows:
        if row.split is not None:
            before = given.setdefault(patient_key(row.patient), row.split)
            if before != row.split:
                raise ManifestError(
                    f"patient {row.patient}",
                    f"is in {before} and, by row {row.number} of the manifest, in {row.split}",
                    "give all slides of a patient the same split, or prepare into a new folder",
                )
    return given


def _room(patients: int, shares: Shares) -> dict[Split, int]:
    """How many patients each split gets: whole parts, at least one each, then the largest remainders."""
    wanted = {split: patients * shares.of(split) for split in Split}
    room = {split: int(wanted[split] + 1e-9) for split in Split}
    for split in Split:
        if shares.of(split) > 0 and room[split] == 0 and sum(room.values()) < patients:
            room[split] = 1
    while sum(room.values()) < patients:
        room[max(Split, key=lambda split: (wanted[split] - room[split], shares.of(split)))] += 1
    while sum(room.values()) > patients:
        room[max(Split, key=lambda split: room[split] - wanted[split] if room[split] > 1 else -np.inf)] -= 1
    return room


def _take(room: dict[Split, int], lacking: dict[Split, dict[_Tag, float]], split: Split, own: set[_Tag]) -> None:
    room[split] -= 1
    for tag in own:
        lacking[split][tag] -= 1


def check_apart(rows: Sequence[ManifestRow], splits: Sequence[Split], digests: Sequence[str]) -> None:
    """Refuse what would make figures look better than they are: one patient, or the same pixels, in two splits.

    Args:
        rows: Of the manifest.
        splits: Of each row.
        digests: sha256 of each row's slide.

    Raises:
        ManifestError: Naming the rows.
    """
    first: dict[tuple[str, str], int] = {}
    for place, (row, digest) in enumerate(zip(rows, digests, strict=True)):
        for what, key in ((f"patient {row.patient}", patient_key(row.patient)), ("the same slide", digest)):
            before = first.setdefault((what.split()[0], key), place)
            if splits[before] != splits[place]:
                raise ManifestError(
                    row.slide,
                    f"{what} is in {splits[before]} (row {rows[before].number}) and in {splits[place]} "
                    f"(row {row.number})",
                    "keep a patient and a slide in one split",
                )


def write_splits(folder: Path, rows: Sequence[ManifestRow], splits: Sequence[Split], digests: Sequence[str]) -> Path:
    """Keep who is where beside the fields, as `splits.csv`.

    Raises:
        OutputError: If it cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row, split, digest in zip(rows, splits, digests, strict=True):
        writer.writerow([row.patient, split, row.biopsy, row.slide.name, row.site, row.label or "", digest])
    return write_atomically(folder / SPLIT_LIST, text.getvalue().encode())


def read_splits(folder: Path) -> dict[str, Split]:
    """The split of each patient in an earlier run, by `patient_key`; empty if there was none."""
    path = folder / SPLIT_LIST
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {patient_key(row["patient"]): Split(row["split"]) for row in csv.DictReader(file)}
