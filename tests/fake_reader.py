"""Stands in for the process of a job: obeys the same protocol, and does what the slide's text says. Imports no histo.

    ok              publishes a unit          abort, segv, exit     ends badly
    hang            says nothing more         chatter               goes on for ever, and says so
    memory          holds 400 MB              grow                  changes its own slide while it reads
    no ScaleMissing tells that error          sleep 0.5             takes so long, then publishes
    until FILE      waits for a file to be there, then publishes
    first abort     ends badly the first time, then publishes
    full            tells that the disk is full
    stuck           cannot be copied: says nothing more; can be read

Every beginning is a line in the file that FAKE_LOG names.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path


def say(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def outcome(key: str | None, failure: dict[str, object] | None = None) -> None:
    read_wpx = 1000 if asked["kind"] == "SlideJob" else 0
    facts = {"seconds": 0.0, "cpu_seconds": 0.0, "peak_memory_bytes": 0, "read_wpx": read_wpx}
    say(outcome={"id": job["id"], "key": key, "failure": failure, **facts})
    sys.exit(0)


def fail(kind: str, problem: str, *, passing: bool = False, stops: bool = False) -> None:
    subject = job.get("slide") or job["biopsy"]
    parts = {"subject": subject, "kind": kind, "problem": problem, "remedy": "mend it"}
    outcome(None, {**parts, "passing": passing, "stops": stops})


asked = json.loads(sys.stdin.readline())
job = asked["job"]
log = Path(os.environ["FAKE_LOG"])
subject = Path(job["slide"]).name if "slide" in job else job["biopsy"]
begun_before = log.read_text().splitlines().count(f"{asked['kind']} {subject}") if log.exists() else 0
with log.open("a") as lines:
    lines.write(f"{asked['kind']} {subject}\n")
say(told={"id": job["id"], "stage": "read", "done_wpx": 0, "total_wpx": 0})

if asked["kind"] == "CopyJob":
    if Path(job["slide"]).read_text().startswith("stuck"):
        time.sleep(600)
    copy = Path(job["to"]) / Path(job["slide"]).name
    shutil.copy(job["slide"], copy)
    with Path(f"{log}.stage").open("a") as lines:
        lines.write(f"{sum(path.stat().st_size for path in copy.parents[1].rglob('*') if path.is_file())}\n")
    outcome(str(copy))

state = Path(job["out"]) / ".cohort"
draft = state / "tmp" / f"{job['id']}.{job['token']}"
shutil.rmtree(draft, ignore_errors=True)

if asked["kind"] == "BiopsyJob":
    (draft / "biopsy").mkdir(parents=True)
    for key in job["units"]:
        (slide,) = (state / "units" / key / "slide").iterdir()
        shutil.copytree(slide, draft / "biopsy" / slide.name)
    failures = [[one["kind"], one["problem"]] for one in job["failures"]]
    (draft / "biopsy/reading.json").write_text(json.dumps({"units": job["units"], "failures": failures}))
    outcome(job["key"])

slide = Path(job["copy"] or job["slide"])
text = slide.read_text()
what, _, more = text.splitlines()[0].partition(" ")
if what == "first" and begun_before == 0:
    what = more
match what:
    case "abort":
        os.abort()
    case "segv":
        os.kill(os.getpid(), signal.SIGSEGV)
    case "exit":
        sys.stderr.write("Traceback\nValueError: no such thing\n")
        sys.exit(1)
    case "hang":
        time.sleep(600)
    case "chatter":
        while True:
            say(told={"id": job["id"], "stage": "", "done_wpx": 1, "total_wpx": 9})
            time.sleep(0.02)
    case "memory":
        held = bytearray(400 << 20)
        time.sleep(600)
    case "grow":
        Path(job["slide"]).write_text(text + "more\n")
        fail("SlideChanged", "it changed while it was read")
    case "no":
        fail(more, "it tells no scale")
    case "full":
        fail("OutputError", "cannot write (No space left on device)", stops=True)
    case "until":
        while not Path(more).exists():
            time.sleep(0.02)
    case "sleep":
        time.sleep(float(more))
identity = [hashlib.sha256(text.encode()).hexdigest(), subject, job["mpp"], job["settings"]]
key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
(draft / "slide" / Path(subject).stem).mkdir(parents=True)
(draft / "slide" / Path(subject).stem / "reading.json").write_text(text)
reading = Path("slide") / Path(subject).stem / "reading.json"
digests = {str(reading): hashlib.sha256((draft / reading).read_bytes()).hexdigest()}
(draft / "unit.json").write_text(json.dumps({"cpu_seconds": 2.5, "read_wpx": 1000, "digests": digests}))
try:
    draft.rename(state / "units" / key)
except OSError:
    shutil.rmtree(draft)
outcome(key)
