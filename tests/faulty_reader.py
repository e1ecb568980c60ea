"""The true process of a job, but that slides of some names do to it what slides do: kill, abort, hang, change.

It happens while the network would read, so that everything before and after it is in earnest.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import histo.biopsy
from histo.cohort.work import main
from histo.findings import Findings
from histo.network import Bundle
from histo.slide import SlideReader
from histo.tissue import TissueMap

if __name__ == "__main__":
    detect = histo.biopsy.detect

    def faulty(reader: SlideReader, tissue: TissueMap, *arguments: Bundle) -> Findings:
        match reader.info.name.partition("-")[0]:
            case "kills":
                os.kill(os.getpid(), signal.SIGKILL)
            case "aborts":
                os.abort()
            case "hangs":
                time.sleep(3600)
            case "changes":
                with Path(os.environ["FAULTY_SLIDES"], f"{reader.info.name}.tif").open("ab") as file:
                    file.write(b"more")
        return detect(reader, tissue, *arguments)  # type: ignore[arg-type]

    histo.biopsy.detect = faulty
    sys.exit(main())
