"""Digital phantoms: simulated muscle biopsies with exact truth."""

from histo.phantom.disease import Disease
from histo.phantom.diseases import DISEASES
from histo.phantom.field import make_field
from histo.phantom.slide import PhantomSlide, write_phantom_slide
from histo.phantom.spec import PATTERN_SPECS, PhantomSpec
from histo.phantom.truth import Field, FieldTruth

__all__ = [
    "DISEASES",
    "PATTERN_SPECS",
    "Disease",
    "Field",
    "FieldTruth",
    "PhantomSlide",
    "PhantomSpec",
    "make_field",
    "write_phantom_slide",
]
