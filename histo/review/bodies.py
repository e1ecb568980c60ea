"""What a page may send: every field checked, nothing unknown let in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from histo.audit import MarkKind, Plan, Verdict
from histo.pattern import PatternLabel
from histo.review.opinions import check_grades
from histo.review.targets import CELL_CLASSES, FIBER_CLASSES, Target, TargetKind

MOST_VERTICES = 1000
MOST_TEXT = 4000
MOST_MARKS = 600
"""In a field of an audit: as many cells as fit into it."""

Number = Annotated[int, Field(ge=0, lt=2**53)]
"""Of an entry: what a browser's numbers hold exactly."""

Micrometers = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]
Remarks = Annotated[str, Field(max_length=MOST_TEXT)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CorrectionBody(_Body):
    """A correction.

    Attributes:
        act: What to do.
        target: With what; None for a drawing.
        finding_class: What it is instead, or what was drawn.
        outline_um: Of a drawn fiber: x, y, x, y, ... in slide micrometers.
        point_um: Of a drawn cell: x, y.
        seen: The last entry about the target that the page knows of; a newer one is a conflict.
    """

    act: Literal["accept", "reject", "relabel", "draw"]
    target: str | None = None
    finding_class: str | None = None
    outline_um: Annotated[list[Micrometers], Field(min_length=6, max_length=2 * MOST_VERTICES)] | None = None
    point_um: Annotated[list[Micrometers], Field(min_length=2, max_length=2)] | None = None
    seen: Number = 0

    @field_validator("target")
    @classmethod
    def _is_a_target(cls, value: str | None) -> str | None:
        return None if value is None else str(Target.parse(value))

    @model_validator(mode="after")
    def _holds_together(self) -> CorrectionBody:
        shapes = (self.outline_um is not None) + (self.point_um is not None)
        if (self.act in ("relabel", "draw")) != (self.finding_class is not None):
            raise ValueError("a class belongs to relabelling and drawing")
        if (self.act == "draw") == (self.target is not None):
            raise ValueError("a drawing has no target, all else has one")
        if shapes != int(self.act == "draw"):
            raise ValueError("a drawing is an outline or a point, and nothing else is")
        if self.outline_um is not None and len(self.outline_um) % 2:
            raise ValueError("an outline is pairs of numbers")
        if self.finding_class is not None and self.finding_class not in self._possible():
            raise ValueError("there is no such class of fiber, or of cell")
        return self

    def _possible(self) -> set[str]:
        """Classes of what the correction is about; of a drawing that is relabelled both, for only the history knows."""
        kind = None if self.target is None else Target.parse(self.target).kind
        fiber = kind is TargetKind.FIBER or self.outline_um is not None
        cell = kind is TargetKind.CELL or self.point_um is not None
        return (set() if cell else set(FIBER_CLASSES)) | (set() if fiber else set(CELL_CLASSES))


class UndoBody(_Body):
    """Take back an entry; `entry` is the one that the page believes to be the last."""

    entry: Number


class SeenBody(_Body):
    """An act about a case; `seen` is the last entry that the page knows of."""

    seen: Number


class SecondReadBody(SeenBody):
    """A reader's own reading.

    Attributes:
        pattern: What he would call it.
        grades: By finding, those that he gives.
        confidence: In the pattern.
        remarks: In his words.
    """

    pattern: PatternLabel
    grades: dict[str, str]
    confidence: Literal["low", "moderate", "high"]
    remarks: Remarks = ""

    @field_validator("grades")
    @classmethod
    def _are_grades(cls, value: dict[str, str]) -> dict[str, str]:
        check_grades(value)
        return value


_USUAL = Plan()


class PlanBody(_Body):
    """How much an audit is to read, and the seed that repeats its drawing."""

    called: Annotated[int, Field(ge=0, le=5_000)] = _USUAL.called
    healthy: Annotated[int, Field(ge=0, le=50_000)] = _USUAL.healthy
    fields: Annotated[int, Field(ge=0, le=5_000)] = _USUAL.fields
    seed: Annotated[int, Field(ge=0, lt=2**32)] = _USUAL.seed

    @model_validator(mode="after")
    def _reads_something(self) -> PlanBody:
        self.plan()
        return self

    def plan(self) -> Plan:
        """The plan."""
        return Plan(self.called, self.healthy, self.fields, self.seed)


class MarkBody(_Body):
    """One mark in a field, in slide micrometers."""

    kind: MarkKind
    x_um: Micrometers
    y_um: Micrometers


class AuditAnswerBody(_Body):
    """What a reader says of one item of an audit.

    Attributes:
        audit: The entry that drew it; a newer one is a conflict.
        item: Its number.
        verdict: A `Verdict`.
        seen: The entry of the answer to it that the page knows; 0 for none. A newer one is a conflict.
        marks: Of a field that was read.
    """

    audit: Number
    item: Number
    verdict: Verdict
    seen: Number = 0
    marks: Annotated[list[MarkBody], Field(max_length=MOST_MARKS)] = []


class FinalBody(SeenBody):
    """A reader's final opinion, with reasons; they may not be left out."""

    pattern: PatternLabel
    reasons: Annotated[str, Field(min_length=1, max_length=MOST_TEXT)]

    @field_validator("reasons")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("reasons are needed")
        return value
