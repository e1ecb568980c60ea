"""Macrophage-type nuclei inside fibers: what myophagocytosis is recognized by, counted beside the network's call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from histo.evidence.cell_results import PhagocyteSupport
from histo.evidence.measures import Measures
from histo.evidence.section import Section
from histo.findings import CellClass, Cells, FiberClass, Fibers


def macrophages_inside(fibers: Fibers, cells: Cells) -> NDArray[np.int32]:
    """(N,) int32, for each fiber the macrophage-type nuclei whose centers lie inside its outline.

    Args:
        fibers: The fibers, of any class.
        cells: The nuclei; their `fiber` is a row of `fibers`.
    """
    held = cells.fiber[(cells.cell_class == CellClass.MACROPHAGE) & (cells.fiber >= 0)]
    return np.bincount(held, minlength=len(fibers)).astype(np.int32)


def phagocytosed_uncalled(section: Section, measures: Measures) -> NDArray[np.bool_]:
    """(N,) bool, fibers not called necrotic that hold as many macrophage-type nuclei as make myophagocytosis sure.

    Macrophages inside a fiber digest it; they are no infiltrate, whatever the network thinks of the sarcoplasm. Where
    lymphocyte-like cells are as many it may be an invasion by both, and is left to that.
    """
    held = section.cell_fiber >= 0

    def inside(kind: CellClass) -> NDArray[np.int64]:
        return np.bincount(section.cell_fiber[held & (section.cell_class == kind)], minlength=len(section))

    macrophages = inside(CellClass.MACROPHAGE)
    enough = (macrophages >= measures.myophagocytosis_nuclei) & (macrophages > inside(CellClass.LYMPHOCYTE))
    return np.asarray(enough & ~section.necrotic, np.bool_)


def support_of_calls(sections: Sequence[Section], measures: Measures) -> PhagocyteSupport:
    """How many fibers called myophagocytosis hold as many macrophage-type nuclei as the conventions ask for."""
    inside = [_inside_calls(section) for section in sections]
    nuclei = np.concatenate(inside) if inside else np.zeros(0, np.int32)
    enough = nuclei >= measures.myophagocytosis_nuclei
    possible = ~enough & (nuclei >= measures.possible_myophagocytosis_nuclei)
    uncalled = sum(int(np.count_nonzero(phagocytosed_uncalled(section, measures))) for section in sections)
    return PhagocyteSupport(
        fibers=len(nuclei),
        enough_fibers=int(np.count_nonzero(enough)),
        possible_fibers=int(np.count_nonzero(possible)),
        fewer_fibers=int(np.count_nonzero(~enough & ~possible)),
        uncalled_fibers=uncalled,
    )


def _inside_calls(section: Section) -> NDArray[np.int32]:
    fibers = section.findings.fibers
    called: NDArray[np.bool_] = fibers.fiber_class == FiberClass.MYOPHAGOCYTOSIS
    inside: NDArray[np.int32] = macrophages_inside(fibers, section.findings.cells)[called]
    return inside
