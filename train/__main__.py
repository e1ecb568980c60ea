"""`python -m train render|prepare|fit|export|calibrate|evaluate|...`."""

from __future__ import annotations

from train.commands import application

if __name__ == "__main__":
    application()
