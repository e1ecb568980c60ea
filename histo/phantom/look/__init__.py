"""How a section is stained, cut and scanned, and what spoils it."""

from histo.phantom.look.blemishes import HIDING, JUDGED_THROUGH, Blemishes, BlemishKind, draw_blemishes
from histo.phantom.look.look import Look, training_look, typical_look
from histo.phantom.look.section_quality import SectionQuality

__all__ = [
    "HIDING",
    "JUDGED_THROUGH",
    "BlemishKind",
    "Blemishes",
    "Look",
    "SectionQuality",
    "draw_blemishes",
    "training_look",
    "typical_look",
]
