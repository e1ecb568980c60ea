"""What lies between and over the fibers, as shapes: vessels, nerves, fat, collagen, tears; fibers give way to it."""

from histo.phantom.structures.carving import carve
from histo.phantom.structures.glass import glass_where_wide
from histo.phantom.structures.outlines import courses
from histo.phantom.structures.structures import Structures, place_structures, with_capillaries

__all__ = [
    "Structures",
    "carve",
    "courses",
    "glass_where_wide",
    "place_structures",
    "with_capillaries",
]
