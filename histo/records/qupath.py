"""Findings under the names that QuPath shows.

The names are a contract with users' QuPath projects and scripts. The two necrotic kinds use QuPath's derived-class form
(`Base: derived`), so that a script which asks for `Necrotic fiber` gets both.
"""

from __future__ import annotations

from histo.findings import CellClass, Compartment, FiberClass

FIBER_NAMES: dict[FiberClass, str] = {
    FiberClass.INTACT: "Intact fiber",
    FiberClass.REGENERATING: "Regenerating fiber",
    FiberClass.NECROTIC_PALE: "Necrotic fiber: pale",
    FiberClass.NECROTIC_HYALINE: "Necrotic fiber: hyaline",
    FiberClass.MYOPHAGOCYTOSIS: "Myophagocytosis",
}

CELL_NAMES: dict[CellClass, str] = {
    CellClass.LYMPHOCYTE: "Lymphocyte",
    CellClass.MACROPHAGE: "Macrophage",
    CellClass.MYONUCLEUS: "Myonucleus",
    CellClass.OTHER: "Other nucleus",
}

TISSUE_NAME = "Tissue"
ARTEFACT_NAME = "Artefact"
UNREADABLE_NAME = "Unreadable"
FASCICLE_NAME = "Fascicle"
STRUCTURE_NAME = "Structure"

COMPARTMENT_NAMES: dict[Compartment, str] = {
    Compartment.GLASS: "Glass",
    Compartment.ENDOMYSIUM: "Endomysium",
    Compartment.PERIMYSIUM: "Perimysium",
    Compartment.VESSEL: "Vessel",
    Compartment.FAT: "Fat",
    Compartment.NERVE_SPINDLE: "Nerve or spindle",
    Compartment.ARTEFACT: ARTEFACT_NAME,
}
"""Of areas that are outlined as a whole; fibers are outlined one by one."""

COLORS: dict[str, tuple[int, int, int]] = {
    "Intact fiber": (153, 153, 153),
    "Regenerating fiber": (0, 158, 115),
    "Necrotic fiber: pale": (240, 228, 66),
    "Necrotic fiber: hyaline": (230, 159, 0),
    "Myophagocytosis": (0, 114, 178),
    "Lymphocyte": (0, 0, 0),
    "Macrophage": (86, 180, 233),
    "Myonucleus": (190, 190, 190),
    "Other nucleus": (120, 120, 120),
    TISSUE_NAME: (70, 70, 70),
    ARTEFACT_NAME: (204, 121, 167),
    UNREADABLE_NAME: (176, 176, 184),
    FASCICLE_NAME: (0, 90, 120),
    STRUCTURE_NAME: (150, 110, 60),
    "Glass": (225, 225, 225),
    "Endomysium": (170, 210, 180),
    "Perimysium": (120, 170, 130),
    "Vessel": (213, 94, 0),
    "Fat": (250, 220, 160),
    "Nerve or spindle": (130, 90, 180),
}
"""RGB of every class: the palette of Okabe and Ito, told apart with any common color blindness
(https://jfly.uni-koeln.de/color/)."""
