"""`python -m train render|prepare|fit|export|calibrate|evaluate|...`."""

from __future__ import annotations

import sys

from histo.errors import HistoError
from train.commands import application

if __name__ == "__main__":
    try:
        application()
    except (HistoError, FileNotFoundError) as error:
        sys.exit(str(error))
