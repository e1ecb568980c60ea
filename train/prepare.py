"""From a manifest to fields on disk: open, understand, check, share out, cut. Safe to break off and to call again."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from safetensors import SafetensorError

from histo.annotations import Annotations, ClassMapping, check_placement, load_annotations
from histo.cohort import Manifest, ManifestRow, Split
from histo.errors import HistoError, ManifestError, OutputError
from histo.records.atomic import WRITE_REMEDY, make_folder
from histo.slide import SlideReader, open_slide
from train.field_list import FIELD_LIST, FieldOrigin, write_field_list
from train.field_store import made_by, save_field
from train.slide_fields import FieldSizes, PlannedField, cut_field, plan_fields
from train.splits import Shares, assign_splits, check_apart, few_to_train, read_splits, write_splits

MADE_BY = "slide "
"""Begins what a field cut from a slide says of its making; a phantom's says otherwise."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Cutting:
    """How fields are cut.

    Attributes:
        sizes: Of fields.
        shares: How patients are shared out.
        seed: Of the splits.
        training_patients: Only so many of the patients to train on give fields; None is all of them. With a larger
            number the same patients and some more do: a learning curve.
    """

    sizes: FieldSizes = FieldSizes()  # noqa: RUF009 - frozen
    shares: Shares = Shares()  # noqa: RUF009
    seed: int = 1
    training_patients: int | None = None


@dataclass(frozen=True)
class Prepared:
    """What `prepare` did.

    Attributes:
        fields: All fields.
        cut: How many of them were cut now; the others were there.
        patients: How many in each split.
        without_annotation: Slides on which nothing was drawn: they are in `splits.csv`, but give no fields.
    """

    fields: tuple[FieldOrigin, ...]
    cut: int
    patients: dict[Split, int]
    without_annotation: int


@dataclass(frozen=True)
class _SlidePlan:
    """What becomes of one slide."""

    row: ManifestRow
    split: Split
    name: str
    sha256: str
    fields: tuple[PlannedField, ...]
    made_by: str


def prepare(manifest: Manifest, mapping: ClassMapping, out: Path, cutting: Cutting, tell: Tell) -> Prepared:
    """Cut the annotated regions of a laboratory's slides into fields.

    All slides and annotations are looked at before the first field is cut, so that every fault is told at once. Fields
    that are there already, and were cut from the same slide, annotation and mapping by the same code, are kept; fields
    of an earlier run that no longer belong are removed.

    Args:
        manifest: Of the slides.
        mapping: What the laboratory's class names mean.
        out: Gets `train`, `validation`, `test`, `splits.csv` and, last, `fields.csv`.
        cutting: Sizes, shares and seed.
        tell: Called with one line for each warning.

    Returns:
        What was done.

    Raises:
        ManifestError: If a patient or the same pixels would be in two splits, or slides or annotations cannot be used;
            all of them are named with their rows.
        OutputError: If the disk is full or the folder is not writable.
    """
    splits = assign_splits(manifest.rows, cutting.seed, cutting.shares, read_splits(out))
    if cutting.training_patients is not None:
        manifest, splits = few_to_train(manifest, splits, cutting.training_patients, cutting.seed)
    plans = list(_plans(manifest, splits, mapping, out, cutting, tell))
    digests = [plan.sha256 for plan in plans]
    check_apart(manifest.rows, splits, digests)
    make_folder(out)
    write_splits(out, manifest.rows, splits, digests)
    origins = tuple(_origins(plans))
    if not origins:
        raise ManifestError(manifest.path, "leads to no annotated place", "give at least one slide with annotations")
    (out / FIELD_LIST).unlink(missing_ok=True)  # it vouches for all of its fields
    _remove_strangers(out, {origin.field for origin in origins})
    cut = _cut(plans, mapping, out)
    write_field_list(out, origins)
    owners = {(row.patient, split) for row, split in zip(manifest.rows, splits, strict=True)}
    patients = Counter(split for _, split in owners)
    nothing_drawn = sum(row.annotation is None for row in manifest.rows)
    return Prepared(origins, cut, {split: patients[split] for split in Split}, nothing_drawn)


def _plans(
    manifest: Manifest, splits: Sequence[Split], mapping: ClassMapping, out: Path, cutting: Cutting, tell: Tell
) -> Iterator[_SlidePlan]:
    """Look at every slide and its annotations; the faults of all are raised together at the end."""
    names = Counter(_stem(row) for row in manifest.rows)
    code = _code_digest(mapping)
    faults: list[str] = []
    with _progress("slides") as progress:
        for row, split in zip(progress.track(manifest.rows, description="Looking at slides"), splits, strict=True):
            try:
                yield _plan(row, split, names[_stem(row)] == 1, code, mapping, out, cutting, tell)
            except HistoError as error:
                faults.append(f"row {row.number}: {error}")
    if faults:
        raise ManifestError(manifest.path, " | ".join(faults), "correct or leave out these rows")


def _plan(
    row: ManifestRow, split: Split, alone: bool, code: str, mapping: ClassMapping, out: Path, cutting: Cutting,
    tell: Tell,
) -> _SlidePlan:  # fmt: skip
    """Open a slide, understand what was drawn on it, and lay fields over it.

    Whether the outlines sit on the tissue is checked where there is something to cut: it takes seconds.
    """
    with open_slide(row.slide, row.mpp) as reader:
        sha256 = reader.info.sha256
        for line in reader.info.warnings:
            tell(f"row {row.number}: {row.slide.name}: {line}")
        name = _stem(row) if alone else f"{_stem(row)}-{sha256[:8]}"
        if row.annotation is None:
            return _SlidePlan(row, split, name, sha256, (), "")
        annotations = _drawn(reader, row.annotation, mapping)
        for line in (*annotations.changes, *annotations.warnings):
            tell(f"row {row.number}: {row.annotation.name}: {line}")
        size, for_training = reader.info.working_size_wpx, split is Split.TRAIN
        planned = plan_fields(annotations, size, cutting.sizes, centered=for_training)
        drawn = hashlib.sha256(row.annotation.read_bytes()).hexdigest()
        made = f"{MADE_BY}{hashlib.sha256(f'{code} {sha256} {drawn} {row.mpp}'.encode()).hexdigest()}"
        plan = _SlidePlan(row, split, name, sha256, planned, made)
        if _missing(plan, out):
            for line in check_placement(reader, annotations).warnings:
                tell(f"row {row.number}: {row.annotation.name}: {line}")
    return plan


def _drawn(reader: SlideReader, annotation: Path, mapping: ClassMapping) -> Annotations:
    return load_annotations(annotation, mapping, reader.info.scale.mpp, reader.info.size_px)


def _cut(plans: Sequence[_SlidePlan], mapping: ClassMapping, out: Path) -> int:
    """Cut what is not there yet; returns how many were cut."""
    for split in Split:
        make_folder(out / split)
    missing = [(plan, _missing(plan, out)) for plan in plans]
    total = sum(len(fields) for _, fields in missing)
    with _progress("fields") as progress:
        task = progress.add_task("Cutting fields", total=total)
        for plan, fields in missing:
            if not fields or plan.row.annotation is None:
                continue
            with open_slide(plan.row.slide, plan.row.mpp) as reader:
                annotations = _drawn(reader, plan.row.annotation, mapping)
                for planned in fields:
                    path = out / _file(plan, planned)
                    field = cut_field(reader, annotations, planned)
                    try:
                        save_field(path, field, _made(plan, planned))
                    except (OSError, SafetensorError) as error:
                        raise OutputError(path, f"cannot write ({error})", WRITE_REMEDY) from error
                    progress.advance(task)
    return total


def _missing(plan: _SlidePlan, out: Path) -> list[PlannedField]:
    return [planned for planned in plan.fields if made_by(out / _file(plan, planned)) != _made(plan, planned)]


def _origins(plans: Sequence[_SlidePlan]) -> Iterator[FieldOrigin]:
    for plan in plans:
        for planned in plan.fields:
            yield FieldOrigin(
                field=_file(plan, planned).as_posix(),
                split=plan.split,
                biopsy=plan.row.biopsy,
                patient=plan.row.patient,
                slide=plan.name,
                site=plan.row.site,
                label=plan.row.label or "",
                x_wpx=planned.region_wpx.x,
                y_wpx=planned.region_wpx.y,
                cover=planned.cover,
                slide_sha256=plan.sha256,
            )


def _file(plan: _SlidePlan, planned: PlannedField) -> Path:
    kind = "" if planned.cover else "-centered"
    at = f"x{planned.region_wpx.x:06d}-y{planned.region_wpx.y:06d}"
    return Path(plan.split) / f"{plan.name}-{at}{kind}.safetensors"


def _made(plan: _SlidePlan, planned: PlannedField) -> str:
    """What the pixels and truth of one field depend on."""
    return f"{plan.made_by} {hashlib.sha256(repr(planned).encode()).hexdigest()[:16]}"


def _remove_strangers(out: Path, files: set[str]) -> None:
    """Fields of an earlier run that are not planned now: else a patient could stay in the split that it was in."""
    for split in Split:
        for path in (out / split).glob("*.safetensors"):
            if f"{split}/{path.name}" not in files and (made_by(path) or MADE_BY).startswith(MADE_BY):
                path.unlink()


def _stem(row: ManifestRow) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in row.slide.stem)


def _code_digest(mapping: ClassMapping) -> str:
    """What turns outlines into fields: the code and the meaning of names."""
    digest = hashlib.sha256()
    for name, meaning in sorted(mapping.meanings.items()):
        digest.update(f"{name!r} {meaning.kind!r} {sorted(meaning.attributes)}".encode())
    here = Path(__file__).parent
    code = [here / name for name in ("annotation_truth.py", "slide_fields.py", "matching.py")]
    for path in [*sorted(Path(str(files("histo.annotations"))).rglob("*.py")), *code]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _progress(what: str) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(what)
    return Progress(*columns, TimeRemainingColumn())


class _Rate(ProgressColumn):
    """How many a second, of late."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def render(self, task: Task) -> Text:
        """For one bar."""
        if not task.speed:
            return Text("")
        return Text(f"{task.speed:.1f} {self.what}/s" if task.speed >= 1 else f"{60 * task.speed:.1f} {self.what}/min")
