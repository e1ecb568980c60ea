"""Recovers implants from a slide file: open, read or take the reading that is there, implant, write; on one page."""

from __future__ import annotations

from pathlib import Path

from histo.clock import StageClock
from histo.detection import detect
from histo.errors import SlideError, UsageError
from histo.findings import Findings
from histo.model import Model
from histo.pattern import Conventions, load_conventions
from histo.progress import Progress, Silent
from histo.records import plain, read_findings, read_reading
from histo.recovery import PER_KIND, SEED, Recovery, recover_implants
from histo.report import write_recovery
from histo.slide import SlideReader, StainGuess, open_slide
from histo.tissue import TissueMap, find_tissue


def recover_slide(
    slide: Path | str | SlideReader,
    model: Model,
    *,
    out: Path | None = None,
    mpp: float | None = None,
    per_kind: int = PER_KIND,
    seed: int = SEED,
    conventions: Conventions | None = None,
    progress: Progress | None = None,
) -> Recovery:
    """Implant necrosis and cells into a slide's own tissue and tell how many come back. Research use.

    Optimistic: the implants are the simulator's idea of disease, and so is what the default weights learned.

    Args:
        slide: What to try; one given open stays open.
        model: Whose sight is tried.
        out: Folder of results: where `out/<slide name>/` holds a reading of this slide by this model its findings are
            taken, else the slide is read first; `recovery.json` and `recovery.png` are written there. None writes
            nothing.
        mpp: Overrides the scale of a slide file, in um per level-0 pixel.
        per_kind: Implants of each kind.
        seed: Repeats it.
        conventions: What counts as poor; those that ship with histo if left out.
        progress: Told what happens.

    Returns:
        The counts, with a verdict in words. Poor recovery is a result, not an error.

    Raises:
        UsageError: If `per_kind` is not at least 1, or the reading in `out` is of another file or by another model.
        SlideError: If the slide cannot be read, is not stained with H&E, or holds too few healthy fibers.
        RecordError: If the reading in `out` is damaged.
        OutputError: If results cannot be written.
    """
    if per_kind < 1 or seed < 0:
        raise UsageError(f"per kind {per_kind}, seed {seed}", "are counts", "give at least 1 implant and a seed from 0")
    conventions = conventions or load_conventions()
    clock = StageClock(progress or Silent())
    if isinstance(slide, Path | str):
        with clock.stage("open"):
            reader = open_slide(Path(slide), mpp)
        with reader:
            return _recover(reader, model, out, per_kind, seed, conventions, clock)
    return _recover(slide, model, out, per_kind, seed, conventions, clock)


def _recover(
    reader: SlideReader, model: Model, out: Path | None, per_kind: int, seed: int, conventions: Conventions,
    clock: StageClock,
) -> Recovery:  # fmt: skip
    info = reader.info
    if info.stain is not StainGuess.HE:
        raise SlideError(info.name, f"its stain looks like {info.stain.value}, not H&E", "give an H&E slide")
    folder = None if out is None else out / info.name
    with clock.stage("find tissue"):
        tissue = find_tissue(reader)
    findings = None if folder is None else _stored(folder, reader, model)
    if findings is None:
        findings = _read(reader, tissue, model, clock)
    with clock.stage("implant"):
        recovery, examples = recover_implants(
            reader, tissue, findings, model.bundle, model.engine, conventions,
            per_kind=per_kind, seed=seed, progress=clock.listener.advance,
        )  # fmt: skip
    if folder is not None:
        clock.listener.stage("write")
        write_recovery(folder, recovery, examples)
    return recovery


def _read(reader: SlideReader, tissue: TissueMap, model: Model, clock: StageClock) -> Findings:
    with clock.stage("detect"):
        return detect(reader, tissue, model.bundle, model.engine, clock.listener.advance)


def _stored(folder: Path, reader: SlideReader, model: Model) -> Findings | None:
    """The findings of a reading that is there, if it is of this slide and by this model; None if there is none."""
    if not (folder / "reading.json").exists():
        return None
    document = read_reading(folder).document
    slides, read_by = document.get("slides"), document.get("model")
    of = slides[0] if isinstance(slides, list) and len(slides) == 1 and isinstance(slides[0], dict) else {}
    if of.get("sha256") != reader.info.sha256:
        raise UsageError(folder, "holds the reading of another file", "give another folder with --out")
    if not isinstance(read_by, dict) or read_by.get("sha256") != model.bundle.sha256:
        raise UsageError(folder, "holds a reading by other weights", "give these with --bundle, or another --out")
    scale = of.get("scale")
    if not isinstance(scale, dict) or scale.get("um_per_px") != plain(reader.info.scale.mpp.um_per_px):
        raise UsageError(folder, "holds a reading at another scale", "give the same --mpp, or another --out")
    return read_findings(folder)
