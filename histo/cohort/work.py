"""Does one job: what runs in the process of its own that `histo.cohort.isolate` starts and watches.

It reads one line of JSON, the job, and prints lines of JSON: what it tells while it works, and last its outcome. The
line's pipe stays open as long as the process that asked lives; when it closes, nobody waits for the outcome any more.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from histo.cohort.copying import copy_slide
from histo.cohort.digests import tree_digests
from histo.cohort.jobs import BiopsyJob, CopyJob, Job, JobFailure, Outcome, SlideJob, Told, subject_of
from histo.cohort.settings import changed_since, digest_of, known_digest, refuse_changes
from histo.cohort.signature import changed, sign
from histo.cohort.store import UNIT_NAME, Store, link_tree, telling
from histo.errors import HistoError, OutputError, SlideError
from histo.evidence import from_dict, to_dict
from histo.records import SlideFailure, json_bytes
from histo.slide import slide_digest

if TYPE_CHECKING:
    from histo.clinical import ClinicalFacts
    from histo.cohort.jobs import Reader
    from histo.model import Model

Tell = Callable[[Told], None]
SPARE_BYTES = 1 << 30
"""Beyond the limit that is watched from outside the system refuses memory: a leap between two looks is caught too."""

KINDS: dict[str, type[Job]] = {kind.__name__: kind for kind in (SlideJob, BiopsyJob, CopyJob)}


def main() -> None:
    """Do the job that stands on standard input, and print its outcome."""
    said = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no outcome
    asked = json.loads(sys.stdin.readline())
    _limit(int(asked["memory_bytes"]))
    threading.Thread(target=_end_with_the_asker, name="asker", daemon=True).start()
    job: Job = from_dict(KINDS[asked["kind"]], asked["job"])

    def tell(told: Told) -> None:
        said.write(json.dumps({"told": to_dict(told)}) + "\n")

    outcome = do(job, tell)
    said.write(json.dumps({"outcome": to_dict(outcome)}) + "\n")
    said.flush()
    os._exit(0)  # libraries that stumble over their own end must not spoil what is done


def do(job: Job, tell: Tell) -> Outcome:
    """Do a job; whatever it raises becomes a failure in its outcome."""
    subject = subject_of(job)
    try:
        match job:
            case SlideJob():
                return _read(job, tell)
            case BiopsyJob():
                return _conclude(job, tell)
            case CopyJob():
                return copy_slide(job, tell)
    except HistoError as error:
        failure = JobFailure.of(error)
        if isinstance(error, OutputError) and not isinstance(job, CopyJob) and error.subject.startswith(job.out):
            failure = replace(failure, subject=job.out)  # nobody knows the folder where it was being made
        if isinstance(job, SlideJob) and isinstance(error, SlideError):
            # Of a slide that changed under the reader's eyes, errors say more about the change than about the slide.
            failure = changed(job.slide, job.signature) or JobFailure(
                subject, failure.kind, failure.problem, failure.remedy
            )
        return Outcome(job.id, failure=failure)
    except MemoryError:
        problem, remedy = "the memory that it may take is full", "give it more with --memory, or use fewer --workers"
        return Outcome(job.id, failure=JobFailure(subject, "OutOfMemory", problem, remedy, passing=True))
    except Exception as error:  # noqa: BLE001 - a fault of histo in one slide must not cost the others
        text = " ".join(str(error).split())[:200]
        problem = f"unexpected {type(error).__name__}" + (f" ({text})" if text else "")
        remedy = "read it alone with `histo read --debug` and report what it shows"
        return Outcome(job.id, failure=JobFailure(subject, "Unexpected", problem, remedy, passing=True))


def unit_key(job: SlideJob, sha256: str) -> str:
    """The identity of a unit: the slide's content and name, and all that decides what is read from it."""
    return digest_of(sha256, Path(job.slide).name, job.mpp, job.settings, job.known_of, job.biopsy is not None)


def _read(job: SlideJob, tell: Tell) -> Outcome:
    refuse_changes(job.reader, job.parts)
    store = Store(Path(job.out))
    path = Path(job.slide)
    if job.known is not None and store.has_unit(job.known):
        # The files were touched or copied; often they are what they were.
        tell(Told(job.id, "compare"))
        if unit_key(job, slide_digest(path)) == job.known and changed(job.slide, job.signature) is None:
            return Outcome(job.id, key=job.known)

    from histo.biopsy import read_and_write_slide
    from histo.clock import StageClock
    from histo.cohort.kept import KEPT_NAME, keep_slide
    from histo.pattern import load_conventions

    listener = _Listener(job.id, tell)
    clock = StageClock(listener)
    with clock.stage("load"):
        model = _model(job.reader, job.threads)
        conventions = load_conventions(_path(job.reader.conventions))
        clinical = _known(job)
    draft = store.draft(job.id, job.token)
    result, pictures = read_and_write_slide(
        path if job.copy is None else Path(job.copy),
        model,
        conventions,
        job.mpp,
        draft / "slide",
        clock,
        clinical,
        original=path,
        recover=job.reader.recover,
    )
    if (change := changed(job.slide, job.signature)) is not None:
        return Outcome(job.id, failure=change)
    refuse_changes(job.reader, job.parts)  # what was loaded in between is then what the job names
    tell(Told(job.id, "publish"))
    if job.biopsy is None and pictures is not None:
        keep_slide(draft / KEPT_NAME, result, pictures)
    key = unit_key(job, result.info.sha256)
    outcome = Outcome(job.id, key=key, cpu_seconds=_cpu_seconds(), read_wpx=listener.total_wpx)
    document = {
        "schema": "histo.cohort-unit",
        "schema_version": "1.1",
        "key": key,
        "slide": result.info.name,
        "slide_sha256": result.info.sha256,
        "settings_sha256": job.settings,
        "seconds": {stage: round(seconds, 3) for stage, seconds in clock.seconds.items()},
        "cpu_seconds": round(outcome.cpu_seconds, 3),
        "threads": job.threads,
        "read_wpx": outcome.read_wpx,
        "slide_bytes": sign(path).size_bytes,
    }
    with telling(draft):
        document["digests"] = tree_digests(draft)
        (draft / UNIT_NAME).write_bytes(json_bytes(document))
    store.publish_unit(draft, key)
    return outcome


def _conclude(job: BiopsyJob, tell: Tell) -> Outcome:
    from histo.biopsy import conclude_and_write
    from histo.clock import StageClock
    from histo.cohort.kept import KEPT_NAME, kept_slide
    from histo.pattern import load_conventions

    refuse_changes(job.reader, job.parts)
    store = Store(Path(job.out))
    clock = StageClock(_Listener(job.id, tell))
    with clock.stage("load"):
        model = _model(job.reader, job.threads)
        conventions = load_conventions(_path(job.reader.conventions))
        clinical = _known(job)
        read = [kept_slide(store.unit(key) / KEPT_NAME) for key in job.units]
    draft = store.draft(job.id, job.token) / "biopsy"
    with telling(draft):
        draft.mkdir()
    for key in job.units:
        (slide,) = (store.unit(key) / "slide").iterdir()
        link_tree(slide, draft / slide.name)
    conclude_and_write(job.biopsy, read, job.failures, model, conventions, clinical, draft, clock)
    refuse_changes(job.reader, job.parts)
    return Outcome(job.id, key=job.key, cpu_seconds=_cpu_seconds())


class _Listener:
    """Passes on what a reading tells."""

    def __init__(self, identity: str, tell: Tell) -> None:
        self.total_wpx = 0
        self._id, self._tell = identity, tell

    def slide(self, name: str, number: int, of: int) -> None:
        """Known already."""

    def stage(self, name: str) -> None:
        self._tell(Told(self._id, name))

    def advance(self, done: int, total: int) -> None:
        self.total_wpx = total
        self._tell(Told(self._id, done_wpx=done, total_wpx=total))

    def failed(self, failure: SlideFailure) -> None:
        """The outcome tells it."""


def _model(reader: Reader, threads: int) -> Model:
    import cv2

    from histo.model import load_model

    cv2.setNumThreads(threads)
    return load_model(
        _path(reader.bundle),
        device=reader.device,
        precision=reader.precision,
        threads=threads,
        detector_errors=reader.detector_errors,
    )


def _known(job: SlideJob | BiopsyJob) -> ClinicalFacts | None:
    from histo.clinical import load_clinical

    clinical, biopsy = job.reader.clinical, job.biopsy
    facts = None if clinical is None or biopsy is None else load_clinical(Path(clinical)).get(biopsy)
    if known_digest(facts) != job.known_of:
        raise changed_since(f"clinical facts of {biopsy}")
    return facts


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _cpu_seconds() -> float:
    """Of this process so far, and of the children that it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _limit(memory_bytes: int) -> None:
    """No core file, and no more memory than the limit and a little."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # (With a GPU its driver claims address space by the hundred gigabytes; then the look from outside must do.)
    if sys.platform == "linux" and not Path("/dev/nvidiactl").exists():
        most = memory_bytes + SPARE_BYTES
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _end_with_the_asker() -> None:
    sys.stdin.read()
    os._exit(1)
