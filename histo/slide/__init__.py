"""Opens a slide, whatever file it comes from, with a trustworthy scale and without endangering the process."""

from histo.slide.memory import MemorySlide
from histo.slide.reader import Pixels, Scale, SlideInfo, SlideReader, StainGuess

__all__ = [
    "MemorySlide",
    "Pixels",
    "Scale",
    "SlideInfo",
    "SlideReader",
    "StainGuess",
]
