"""Where jobs run. An engine takes a job and gives a future of its outcome; it knows nothing of leases or records."""

from histo.cohort.engines.engine import Engine, Listen
from histo.cohort.engines.local import LocalEngine

__all__ = ["Engine", "Listen", "LocalEngine"]
