"""Many biopsies, unattended: their list, and a folder of readings that a run can be stopped and resumed in at any time.

One slide is one *unit*. Its identity is derived from the slide's content, the bundle, the settings and the code, and
its result is a folder that is renamed into place, so that it is there in full or not at all. A biopsy is concluded
from the units of its slides. The rooms:

    manifest.py   the list of a laboratory's biopsies: one CSV, read strictly; training reads the same
    folder.py     the slides of a folder, where there is no list
    settings.py   what decides a reading besides the slide, and its digest
    signature.py  what tells that a slide's files have changed, without reading them
    kept.py       a slide that was read, to the last bit, for the conclusion of its biopsy
    plan.py       units and biopsies, in order: `plan_cohort`
    forecast.py   time and space, from what was measured
    jobs.py       what one process is told to do, and what came of it: `SlideJob`, `BiopsyJob`, `Outcome`
    work.py       does one job: the code that runs in the process of its own (`python -m histo.cohort`)
    isolate.py    runs a job in such a process, and watches its time, its progress and its memory
    engines/      where jobs run: `Engine` (submit a job, get a future of its outcome); local, and Ray
    slurm.py      an array of jobs that read what is missing, and a job that concludes: their scripts
    staging.py    copies slides near before they are read (copying.py)
    pool.py       how a machine is shared out
    store.py      the output folder: units, biopsies, what is known of each; publishing
    leases.py     who is at work on what, for several runs that share one output folder
    at_work.py    a run that others see from its first change of the folder to its last
    state.py      where every slide and biopsy stands, from what is written there
    run.py        puts it together: claims, submits, records, retries, quarantines
    finish.py     what is written when all is done: failures.json, and the tables of the whole cohort
    results/      these tables, the overview and run.json

A Slurm array runs the same command with `--only INDEX/COUNT` in each task; Ray is an `Engine`.
"""

from histo.cohort.manifest import Manifest, ManifestRow, Split, load_manifest

__all__ = ["Manifest", "ManifestRow", "Split", "load_manifest"]
