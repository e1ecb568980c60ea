"""`python -m train render|fit|calibrate|evaluate|export`."""

from __future__ import annotations

from train.commands import application

if __name__ == "__main__":
    application()
