"""Every exception that histo raises on purpose.

    HistoError                     one line: subject: problem; remedy
    ├── UsageError                 the request itself is wrong (exit code 2)
    │   ├── ClinicalError          the file of clinical facts has faults, each named with its row or field
    │   └── ManifestError          the list of a laboratory's biopsies has faults, each named with its row
    ├── SlideError                 a slide cannot be used
    │   ├── SlideNotFound          missing, a directory, a FIFO, an empty file
    │   ├── NotASlide              the bytes are something else, and it says what
    │   ├── SlideUnsafe            the header is insane, or the probe process died or hung
    │   ├── SlideUnreadable        it opens, but its pixels cannot be read
    │   ├── MissingCompanion       a file that belongs to the slide is not beside it
    │   ├── SlideTooSmall          too few pixels to hold a biopsy
    │   └── ScaleError             no trustworthy micrometers per pixel
    │       ├── ScaleMissing
    │       ├── ScaleImplausible
    │       └── ScaleTooCoarse
    ├── BundleError                weights or card are missing, damaged or do not match
    ├── EngineError                the asked-for device or precision is not to be had here
    ├── AnnotationError            a file that people have drawn in cannot be used
    │   ├── NotAnAnnotation        the bytes are no format of drawn objects that is known
    │   ├── AnnotationUnsafe       too large, nested too deeply, or holding XML entities
    │   ├── AnnotationBroken       a known format, but damaged: nesting, numbers, missing parts
    │   ├── MappingError           the mapping of class names cannot be used
    │   └── UnknownClasses         class names of which the mapping says nothing
    ├── RecordError                a reading or findings file cannot be read back
    └── OutputError                the disk is full, or the folder is not writable

A refusal to label a readable slide is a *result* (`histo.pattern`), never an exception.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar


class HistoError(Exception):
    """An expected failure that names its subject, what was wrong, and the remedy.

    Args:
        subject: The file, option or value that the failure is about.
        problem: What was found, and what was expected, in one clause.
        remedy: What the user can do about it, in one clause.
    """

    exit_code: ClassVar[int] = 4

    def __init__(self, subject: str | Path, problem: str, remedy: str) -> None:
        """Keep the three parts, so that callers can list failures without parsing text."""
        self.subject = str(subject)
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{self.subject}: {problem}; {remedy}")

    def __reduce__(self) -> tuple[type[HistoError], tuple[str, str, str]]:
        """Pickle by parts, so that an error crosses a process border unharmed."""
        return (type(self), (self.subject, self.problem, self.remedy))


class UsageError(HistoError):
    """The request itself is wrong: options that contradict, two slides of one name."""

    exit_code = 2


class ClinicalError(UsageError):
    """The file of clinical facts cannot be used as it is."""


class ManifestError(UsageError):
    """The list of a laboratory's biopsies cannot be used as it is."""


class SlideError(HistoError):
    """A slide cannot be used."""


class SlideNotFound(SlideError):
    """There is no regular, non-empty file at the path."""


class NotASlide(SlideError):
    """The bytes are not an image in any supported format."""


class SlideUnsafe(SlideError):
    """The file would endanger the process: an insane header, or a probe that died or hung."""


class SlideUnreadable(SlideError):
    """The file opens, but its pixels cannot be read."""


class MissingCompanion(SlideError):
    """A file or folder that belongs to the slide is not beside it."""


class SlideTooSmall(SlideError):
    """The slide has too few pixels to hold a biopsy."""


class ScaleError(SlideError):
    """There is no trustworthy scale in micrometers per pixel."""


class ScaleMissing(ScaleError):
    """No tag tells the scale."""


class ScaleImplausible(ScaleError):
    """A tag tells a scale that no microscope slide has, or different ones in x and y."""


class ScaleTooCoarse(ScaleError):
    """The finest level is too coarse to see fibers or nuclei."""


class BundleError(HistoError):
    """A bundle's weights or card are missing, damaged, or do not belong together."""


class EngineError(HistoError):
    """The asked-for device or precision is not to be had on this machine."""


class AnnotationError(HistoError):
    """A file that people have drawn in cannot be used."""


class NotAnAnnotation(AnnotationError):
    """The bytes are no format of drawn objects that is known, or there is no such file."""


class AnnotationUnsafe(AnnotationError):
    """The file would endanger the process: too large, nested too deeply, or holding XML entities."""


class AnnotationBroken(AnnotationError):
    """The format is known, but the file is damaged: nesting, numbers that are not finite, missing parts."""


class MappingError(AnnotationError):
    """The mapping of a laboratory's class names cannot be used."""


class UnknownClasses(AnnotationError):
    """Objects have class names of which the mapping says nothing."""


class RecordError(HistoError):
    """A stored reading or findings file cannot be read back."""


class OutputError(HistoError):
    """Results cannot be written: no space, no permission, or something is in the way."""
