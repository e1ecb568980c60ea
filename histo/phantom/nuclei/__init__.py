"""Nuclei and cells as ellipses: those in fibers, between fibers, and of structures."""

from histo.phantom.nuclei.between_fibers import Occupancy, interstitial_cells
from histo.phantom.nuclei.in_fibers import populate
from histo.phantom.nuclei.nuclei import NOT_A_CELL, Nuclei, NucleusLook, together
from histo.phantom.nuclei.of_structures import structure_nuclei

__all__ = [
    "NOT_A_CELL",
    "Nuclei",
    "NucleusLook",
    "Occupancy",
    "interstitial_cells",
    "populate",
    "structure_nuclei",
    "together",
]
