"""Digital phantoms: simulated muscle biopsies with exact truth."""

from histo.phantom.field import make_field
from histo.phantom.spec import PATTERN_SPECS, PhantomSpec
from histo.phantom.truth import Field, FieldTruth

__all__ = ["PATTERN_SPECS", "Field", "FieldTruth", "PhantomSpec", "make_field"]
