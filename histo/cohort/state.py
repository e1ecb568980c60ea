"""Where every slide and biopsy of a plan stands, from what is written in the output folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from histo.cohort.jobs import BiopsyJob, Job, Outcome, SlideJob
from histo.cohort.leases import Leases
from histo.cohort.listening import Subject
from histo.cohort.plan import Biopsy, Part, Plan, SlideUnit
from histo.cohort.settings import digest_of
from histo.cohort.signature import sign
from histo.cohort.store import Attempt, Kind, Record, Standing, Store, link_tree
from histo.errors import OutputError
from histo.records import SlideFailure


@dataclass(frozen=True, slots=True)
class Task:
    """Something that is to be done: a slide to read, or a biopsy to conclude.

    Attributes:
        id: Of the unit or the biopsy.
        biopsy: Which it is, or belongs to.
        unit: The slide; None where the biopsy is concluded.
        wanted: Signature of the slide's files when they were looked at; of a biopsy, the key of its conclusion.
        subject: For telling.
    """

    id: str
    biopsy: Biopsy
    unit: SlideUnit | None
    wanted: str
    subject: Subject


class State:
    """What is known of a plan.

    Args:
        plan: What is to be done.
        store: Where it is written.
    """

    def __init__(self, plan: Plan, store: Store) -> None:
        """Look at everything once."""
        self.plan, self.store = plan, store
        self._slides: dict[str, Record] = {}
        self._biopsies: dict[str, Record] = {}
        self._standing: dict[str, Standing | None] = {}
        self._set_aside: set[str] = set()
        self._signed = {unit.id: sign(unit.path) for unit in self.plan.units}
        self.look_at_records()

    def look_at_records(self) -> None:
        """Look again at what is written; a slide that changes meanwhile is another one for the next run only."""
        self._slides = self.store.records("slides")
        self._biopsies = self.store.records("biopsies")
        self._standing.clear()

    def slide(self, unit: SlideUnit) -> Standing:
        """Where a slide stands."""
        if unit.id not in self._standing:
            self._standing[unit.id] = self._slide(unit)
        return self._standing[unit.id] or Standing.OPEN

    def biopsy(self, biopsy: Biopsy) -> Standing | None:
        """Where a biopsy stands; None as long as its slides are open, or where none of them could be read."""
        if biopsy.id not in self._standing:
            self._standing[biopsy.id] = self._biopsy(biopsy)
        return self._standing[biopsy.id]

    def _slide(self, unit: SlideUnit) -> Standing:
        record = self._slides.get(unit.id)
        if record is None or record.signature != self._signed[unit.id].text:
            return Standing.OPEN
        if record.quarantined:
            return Standing.QUARANTINED
        return Standing.DONE if self.store.has_unit(record.key) else Standing.OPEN

    def _biopsy(self, biopsy: Biopsy) -> Standing | None:
        wanted = self.wanted(biopsy)
        if wanted is None:
            return None
        record = self._biopsies.get(biopsy.id)
        if record is None or record.signature != wanted:
            return Standing.OPEN
        if record.quarantined:
            return Standing.QUARANTINED
        return Standing.DONE if record.key == wanted and self.store.is_whole(biopsy.name, record) else Standing.OPEN

    def wanted(self, biopsy: Biopsy) -> str | None:
        """The key that its conclusion must have; None as long as slides are open, or where none could be read."""
        standings = [self.slide(unit) for unit in biopsy.units]
        if Standing.OPEN in standings or Standing.DONE not in standings:
            return None
        failures = [[failure.kind, failure.problem] for failure in self.failures(biopsy)]
        return digest_of(biopsy.name, biopsy.alone, self.keys(biopsy), failures, biopsy.known_of)

    def keys(self, biopsy: Biopsy) -> tuple[str, ...]:
        """The units of its slides that were read."""
        records = [self._slides[unit.id] for unit in biopsy.units if self.slide(unit) is Standing.DONE]
        return tuple(record.key for record in records if record.key is not None)

    def failures(self, biopsy: Biopsy) -> tuple[SlideFailure, ...]:
        """Of its slides that could not be read."""
        found = [self.failure(unit) for unit in biopsy.units]
        return tuple(failure for failure, _ in (one for one in found if one is not None))

    def failure(self, unit: SlideUnit) -> tuple[SlideFailure, int] | None:
        """Why a slide is in quarantine, and after how many attempts; None if it is not."""
        if self.slide(unit) is not Standing.QUARANTINED:
            return None
        return _last(str(unit.path), self._slides[unit.id])

    def biopsy_failure(self, biopsy: Biopsy) -> tuple[SlideFailure, int] | None:
        """Why a biopsy could not be concluded; None if it could."""
        if self.biopsy(biopsy) is not Standing.QUARANTINED:
            return None
        return _last(biopsy.name, self._biopsies[biopsy.id])

    def open_tasks(self, part: Part) -> Iterator[Task]:
        """What is to be done next: biopsies whose slides are all read, then slides in the plan's order.

        Slides of which an attempt has failed come last: perhaps the machine is less busy by then.
        """
        for biopsy in self.plan.biopsies:
            if self.biopsy(biopsy) is Standing.OPEN:
                yield self._task(biopsy, None)
        of = {unit.id: biopsy for biopsy in self.plan.biopsies for unit in biopsy.units}
        own = [(of[unit.id], unit) for unit in self.plan.part(part) if self.slide(unit) is Standing.OPEN]
        tried = {unit.id for _, unit in own if unit.id in self._slides and self._slides[unit.id].attempts}
        for biopsy, unit in (pair for late in (False, True) for pair in own if (pair[1].id in tried) is late):
            yield self._task(biopsy, unit)

    def needs_network(self) -> bool:
        """Whether anything is open for which the network must be loaded: all but biopsies of one slide that is read."""
        return any(task.unit is not None or not task.biopsy.alone for task in self.open_tasks(Part()))

    def look_again(self, task: Task) -> bool:
        """Whether a task is still open now that its lease is held: what is on the disk now stays so.

        Before a biopsy is concluded, its units are compared with their digests. One that was altered is set aside: then
        its slide is open again, and the biopsy waits for it.

        Raises:
            OutputError: If a unit cannot be set aside, or is not what was written though it was just read again.
        """
        self._changed(task.biopsy, task.unit)
        if task.unit is None:
            self._renew("biopsies", task.id)
            is_open = self.biopsy(task.biopsy) is Standing.OPEN and self.wanted(task.biopsy) == task.wanted
            return is_open and self._are_units_whole(task.biopsy)
        self._renew("slides", task.id)
        self._signed[task.id] = sign(task.unit.path)
        return self.slide(task.unit) is Standing.OPEN

    def _are_units_whole(self, biopsy: Biopsy) -> bool:
        altered = [key for key in self.keys(biopsy) if not self.store.is_unit_whole(key)]
        for key in filter(self.store.has_unit, altered):  # another biopsy of the same slide may have been quicker
            if key in self._set_aside:
                problem = "does not hold what was just written to it"
                raise OutputError(self.store.unit(key), problem, "check the disk, then run again")
            self.store.set_unit_aside(key)
            self._set_aside.add(key)
        for unit in biopsy.units if altered else ():
            self._changed(biopsy, unit)
        return not altered

    def job(self, task: Task, token: str, threads: int) -> Job | None:
        """What a process must be told to do it; None where none is needed."""
        out, reader = str(self.store.out.absolute()), self.plan.settings.reader
        unit, biopsy = task.unit, task.biopsy
        if unit is None:
            if biopsy.alone:
                return None
            keys, failures = self.keys(biopsy), self.failures(biopsy)
            return BiopsyJob(
                id=biopsy.id,
                biopsy=biopsy.name,
                units=keys,
                failures=failures,
                key=task.wanted,
                settings=self.plan.settings.digest,
                parts=self.plan.settings.parts,
                known_of=biopsy.known_of,
                out=out,
                token=token,
                threads=threads,
                reader=reader,
            )
        record = self._slides.get(unit.id)
        return SlideJob(
            id=unit.id,
            slide=str(unit.path),
            copy=None,
            signature=self._signed[unit.id].text,
            known=None if record is None else record.key,
            mpp=unit.mpp,
            settings=self.plan.settings.digest,
            parts=self.plan.settings.parts,
            biopsy=biopsy.name if biopsy.alone else None,
            known_of=unit.known_of,
            out=out,
            token=token,
            threads=threads,
            reader=reader,
        )

    def finish(self, task: Task, outcome: Outcome, token: str) -> None:
        """Write down that a task is done; a biopsy's folder is put in its place.

        Raises:
            OutputError: If that is not possible.
        """
        if task.unit is not None:
            signed, before = self._signed[task.id], self._slides.get(task.id)
            seconds = outcome.seconds
            if before is not None and before.key == outcome.key and not outcome.read_wpx:
                seconds = before.seconds  # it was known again, not read: estimates need what reading took
            record = Record(
                task.id,
                str(task.unit.path),
                signed.text,
                outcome.key,
                size_bytes=signed.size_bytes,
                seconds=round(seconds, 3),
            )
            self.store.write("slides", record)
            self._slides[task.id] = record
            self._changed(task.biopsy, task.unit)
            return
        if task.biopsy.alone:
            (key,) = self.keys(task.biopsy)
            (slide,) = (self.store.unit(key) / "slide").iterdir()
            link_tree(slide, self.store.draft(task.id, token) / "alone")
        record = Record(task.id, task.biopsy.name, task.wanted, task.wanted, seconds=round(outcome.seconds, 3))
        draft = self.store.drafted(task.id, token) / ("alone" if task.biopsy.alone else "biopsy")
        self._biopsies[task.id] = self.store.publish_biopsy(draft, record, self._biopsies.get(task.id))
        self._changed(task.biopsy, None)

    def fail(self, task: Task, attempt: Attempt, *, passing: bool, most: int) -> Record:
        """Write down that an attempt failed.

        Args:
            task: What was attempted.
            attempt: How it failed.
            passing: Whether another may fare better;
            most: and how many there may be.

        Returns:
            What is known of it now.

        Raises:
            OutputError: If that cannot be written.
        """
        kind: Kind = "biopsies" if task.unit is None else "slides"
        records = self._biopsies if task.unit is None else self._slides
        signature = task.wanted if task.unit is None else self._signed[task.id].text
        before = records.get(task.id)
        if before is None or before.signature != signature:
            before = Record(task.id, task.subject.name if task.unit is None else str(task.unit.path), signature)
        attempts = (*before.attempts, attempt)
        record = replace(before, key=None, attempts=attempts, quarantined=not passing or len(attempts) >= most)
        self.store.write(kind, record)
        records[task.id] = record
        self._changed(task.biopsy, task.unit)
        return record

    def release_quarantine(self) -> int:
        """Let everything in quarantine be tried again; how much that is."""
        kinds: tuple[tuple[Kind, dict[str, Record]], ...] = (("slides", self._slides), ("biopsies", self._biopsies))
        released = 0
        wanted = {unit.id for unit in self.plan.units} | {biopsy.id for biopsy in self.plan.biopsies}
        for kind, records in kinds:
            for record in [one for one in records.values() if one.quarantined and one.id in wanted]:
                records[record.id] = replace(record, quarantined=False, attempts=())
                self.store.write(kind, records[record.id])
                released += 1
        self._standing.clear()
        return released

    def strangers(self) -> list[str]:
        """Names of biopsies whose folder is there already, though no run has made it."""
        unknown = [one for one in self.plan.biopsies if one.id not in self._biopsies]
        there = [one for one in unknown if (self.store.out / one.name).exists()]
        # Another run may have published one since the records were listed; a record is written before its folder.
        return [one.name for one in there if self.store.record("biopsies", one.id) is None]

    def retire_what_is_not_current(self, token: str, leases: Leases) -> None:
        """Take every biopsy's folder away that is not, to the last setting, what the plan asks for."""
        planned = {biopsy.id: biopsy for biopsy in self.plan.biopsies}
        for record in list(self._biopsies.values()):
            biopsy = planned.get(record.id)
            if biopsy is not None and self.biopsy(biopsy) is Standing.DONE:
                continue
            if (self.store.out / record.subject).exists() and leases.take(record.id):
                # Looked at once more: another run may have concluded it since this one looked at its slides.
                if biopsy is None or not self._is_current(biopsy):
                    self.store.retire(record.subject, self.store.record("biopsies", record.id), token)
                leases.give_back(record.id)

    def _is_current(self, biopsy: Biopsy) -> bool:
        self._renew("biopsies", biopsy.id)
        for unit in biopsy.units:
            self._renew("slides", unit.id)
            self._changed(biopsy, unit)
        return self.biopsy(biopsy) is Standing.DONE

    def _task(self, biopsy: Biopsy, unit: SlideUnit | None) -> Task:
        if unit is None:
            return Task(biopsy.id, biopsy, None, self.wanted(biopsy) or "", Subject(biopsy.id, biopsy.name, None))
        subject = Subject(unit.id, biopsy.name, unit.slide)
        return Task(unit.id, biopsy, unit, self._signed[unit.id].text, subject)

    def _renew(self, kind: Kind, identity: str) -> None:
        records = self._slides if kind == "slides" else self._biopsies
        record = self.store.record(kind, identity)
        if record is None:
            records.pop(identity, None)
        else:
            records[identity] = record

    def _changed(self, biopsy: Biopsy, unit: SlideUnit | None) -> None:
        """Forget where these stood; it is looked up again when it is asked for."""
        self._standing.pop(biopsy.id, None)
        if unit is not None:
            self._standing.pop(unit.id, None)


def _last(subject: str, record: Record) -> tuple[SlideFailure, int]:
    last = record.attempts[-1]
    return SlideFailure(subject, last.kind, last.problem, last.remedy), len(record.attempts)
