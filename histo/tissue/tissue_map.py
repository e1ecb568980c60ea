"""What of a slide is tissue, what spoils it, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from histo.geometry import Mpp

TISSUE_MPP = Mpp(8.0)
"""Scale of tissue maps: a fiber is 5 to 10 pixels wide, and a whole slide a few megapixels at most."""


class ArtefactClass(IntEnum):
    """What spoils a place of the slide. Only what is really detected has a name here."""

    NONE = 0
    PEN = 1
    """Marker ink, of a color that no H&E stain has."""
    FOLD = 2
    """Tissue lying double."""
    DEBRIS = 3
    """Opaque dark dirt: dust, soot, pigment, metal."""
    OUT_OF_FOCUS = 4
    """So blurred that nuclei cannot be told apart."""


@dataclass(frozen=True, eq=False)
class TissueMap:
    """The account of a slide's area. Pixel (0, 0) of every map begins at the slide's top left corner.

    Attributes:
        tissue: (H, W) bool, whatever stands out from the glass, spoiled tissue included; never where unreadable.
        artefact: (H, W) uint8, an `ArtefactClass`.
        unreadable: (H, W) bool, inside the slide but without pixels.
        mpp: Scale of all maps.

    Raises:
        ValueError: If shapes or dtypes differ, or tissue is claimed where nothing could be read.
    """

    tissue: NDArray[np.bool_]
    artefact: NDArray[np.uint8]
    unreadable: NDArray[np.bool_]
    mpp: Mpp = TISSUE_MPP

    def __post_init__(self) -> None:
        """Check the maps against each other and make them read-only."""
        shape = self.tissue.shape
        if len(shape) != 2 or self.artefact.shape != shape or self.unreadable.shape != shape:
            raise ValueError("tissue, artefact and unreadable must be maps of one shape")
        if self.tissue.dtype != np.bool_ or self.unreadable.dtype != np.bool_ or self.artefact.dtype != np.uint8:
            raise ValueError("tissue and unreadable must be bool, artefact uint8")
        if np.any(self.tissue & self.unreadable):
            raise ValueError("unreadable pixels are never tissue")
        for name in ("tissue", "artefact", "unreadable"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @property
    def assessable(self) -> NDArray[np.bool_]:
        """(H, W) bool, tissue that is neither spoiled nor unreadable."""
        unspoiled: NDArray[np.bool_] = self.artefact == ArtefactClass.NONE
        return self.tissue & unspoiled

    @property
    def found_mm2(self) -> float:
        """All there is to account for, tissue and unreadable places: the sum of the next three."""
        return self._mm2(self.tissue | self.unreadable)

    @property
    def rejected_mm2(self) -> float:
        """Tissue that an artefact spoils."""
        return self._mm2(self.tissue & (self.artefact != ArtefactClass.NONE))

    @property
    def unreadable_mm2(self) -> float:
        """Area inside the slide without pixels; whether it is tissue nobody knows."""
        return self._mm2(self.unreadable)

    @property
    def assessable_mm2(self) -> float:
        """Tissue that can be read."""
        return self._mm2(self.assessable)

    @property
    def artefact_mm2(self) -> Mapping[str, float]:
        """Tissue that each artefact spoils, by lower-case name (`pen`, `fold`, ...): the parts of `rejected_mm2`."""
        return {kind.name.lower(): self._mm2(self.tissue & (self.artefact == kind)) for kind in ArtefactClass if kind}

    def _mm2(self, mask: NDArray[np.bool_]) -> float:
        return self.mpp.area_mm2(float(np.count_nonzero(mask)))
