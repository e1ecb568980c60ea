"""Everything that is measured on real pixels: two fields with masks, a whole section, and inputs that are no muscle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from histo.model import Model
from histo.network import Metric
from train.familiarity import SlideVerdict, read_real_muscle, real_muscle_figures
from train.real_fields import RealReading, read_real_fields, real_figures
from train.real_pictures import RealMistake, real_mistakes
from train.real_section import read_real_section, section_figures, section_sentence
from train.wrong_inputs import FOLDERS, WrongReading, read_wrong_inputs, wrong_input_figures


@dataclass(frozen=True, eq=False)
class RealEvaluation:
    """What a bundle makes of real pixels.

    Attributes:
        metrics: All figures by name.
        fields: The fields, read.
        section: Grades and label of the whole section, in words.
        wrong: What came of each input that is no muscle; made ones among them.
        muscle: What the appearance of each real image of muscle was judged to be.
    """

    metrics: Mapping[str, Metric]
    fields: tuple[RealReading, ...]
    section: str
    wrong: tuple[WrongReading, ...]
    muscle: tuple[SlideVerdict, ...] = ()

    @property
    def mistakes(self) -> tuple[RealMistake, ...]:
        """Every mistake on the fields."""
        return tuple(mistake for reading in self.fields for mistake in real_mistakes(reading))


def check_real_folder(folder: Path) -> None:
    """See that the real data is there, before hours are spent on anything else.

    Raises:
        FileNotFoundError: If one of its folders is missing: a floor must not be reached because nothing was read.
    """
    for name in ("muscle", *FOLDERS):
        if not (folder / name).is_dir():
            raise FileNotFoundError(f"{folder / name}: there is no such folder; --real needs it")


def evaluate_real(model: Model, folder: Path) -> RealEvaluation:
    """Read all of it.

    Args:
        model: The bundle, whose card holds the rate of false calls, and its engine.
        folder: The real data, holding `muscle`, and beside it what is no muscle.
    """
    fields = read_real_fields(model.engine, model.bundle.card.operating_points, folder)
    section = read_real_section(model, folder)
    wrong = read_wrong_inputs(model, folder)
    muscle = read_real_muscle(model, folder, section.reading)
    metrics = {
        **real_figures(fields),
        **section_figures(section),
        **wrong_input_figures(wrong),
        **real_muscle_figures(muscle),
    }
    return RealEvaluation(metrics, fields, section_sentence(section), wrong, muscle)
