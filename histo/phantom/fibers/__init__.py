"""Fibers as shapes: how they are packed into fascicles, what becomes of each, and what that does to its outline."""

from histo.phantom.fibers.fate import assign
from histo.phantom.fibers.look import FiberLook
from histo.phantom.fibers.outlines import reshape
from histo.phantom.fibers.packing import Packing, pack

__all__ = [
    "FiberLook",
    "Packing",
    "assign",
    "pack",
    "reshape",
]
