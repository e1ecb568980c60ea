"""Opens a slide, whatever file it comes from, with a trustworthy scale and without endangering the process."""

from histo.slide.intake import slide_digest, slide_files, slide_name
from histo.slide.memory import MemorySlide
from histo.slide.opening import SlideInspection, inspect_slide, open_slide
from histo.slide.openslide_source import library_versions, library_warnings
from histo.slide.reader import Pixels, Scale, SlideInfo, SlideReader, StainGuess

__all__ = [
    "MemorySlide",
    "Pixels",
    "Scale",
    "SlideInfo",
    "SlideInspection",
    "SlideReader",
    "StainGuess",
    "inspect_slide",
    "library_versions",
    "library_warnings",
    "open_slide",
    "slide_digest",
    "slide_files",
    "slide_name",
]
