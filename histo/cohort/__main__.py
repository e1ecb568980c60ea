"""The process of one job: `python -m histo.cohort`. See `histo.cohort.work`."""

from histo.cohort.work import main

main()
