"""Findings under the names that QuPath shows.

The names are a contract with users' QuPath projects and scripts. The two necrotic kinds use QuPath's derived-class form
(`Base: derived`), so that a script which asks for `Necrotic fiber` gets both.
"""

from __future__ import annotations

from histo.findings import CellClass, FiberClass

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
}
"""RGB of every class: the palette of Okabe and Ito, told apart with any common color blindness
(https://jfly.uni-koeln.de/color/)."""
