"""How a slide's tissue looks to the eye and to the network, in a few numbers: strange slides are told by them."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Colors:
    """Colors of the tissue, as optical densities over the brightest light in it.

    A share of a color is its density over the sum of the three (Ruifrok & Johnston 2001, PMID 11531144): eosin absorbs
    green alone, hematoxylin red and green. Percentiles are over the tissue, weighted by density.

    Attributes:
        stained: Share of the tissue's pixels that hold dye.
        density: Mean sum of the three densities of these pixels.
        red_middle: Median share of red: the color of most of the tissue.
        blue_middle: Median share of blue.
        red_high: 97th percentile of red's share: the color of nuclei.
        blue_low: 3rd percentile of blue's share.
        blue_high: 97th percentile of blue's share; brown and yellow dyes raise it.
    """

    stained: float
    density: float
    red_middle: float
    blue_middle: float
    red_high: float
    blue_low: float
    blue_high: float


@dataclass(frozen=True, slots=True)
class Texture:
    """How much the tissue's brightness varies from place to place, by the size of what varies.

    Attributes:
        contrast: Mean absolute band of 2 to 4 um, in natural logarithms of gray levels.
        finest: Band up to 0.5 um, over that of 0.5 to 1 um.
        fine: Band of 0.5 to 1 um, over that of 1 to 2 um.
        coarse: Band of 1 to 2 um, over that of 2 to 4 um.
    """

    contrast: float
    finest: float
    fine: float
    coarse: float


@dataclass(frozen=True, slots=True)
class Answers:
    """What the network's maps are like, whatever they say of disease.

    Attributes:
        fiber: Mean probability of lying in a fiber.
        fiber_doubt: Mean of 4 p (1 - p) of that probability: 0 is sure everywhere, 1 nowhere.
        class_doubt: Entropy of the fiber classes, weighted by that probability, in units of its maximum.
        compartment_doubt: Mean entropy of the compartments, in units of its maximum.
        depth: Mean normalized distance to the outline, weighted as `class_doubt`.
        rim: Mean probability of a border between fibers, over that of lying in a fiber.
        nuclei_per_mm2: Peaks of the nuclei's maps.
        nucleus_um2: The sum of these maps, over the number of their peaks: a bump's area.
    """

    fiber: float
    fiber_doubt: float
    class_doubt: float
    compartment_doubt: float
    depth: float
    rim: float
    nuclei_per_mm2: float
    nucleus_um2: float


@dataclass(frozen=True, slots=True)
class Appearance:
    """All of it, of one slide.

    Attributes:
        colors: Of the pixels.
        texture: Of the pixels.
        nucleus_um: Typical diameter, of a disc of the same area, of compact places that absorb red: nuclei, in a
            section stained with hematoxylin. None where no place is dark.
        answers: Of the network; they mean something only beside the weights that gave them.
    """

    colors: Colors
    texture: Texture
    nucleus_um: float | None
    answers: Answers

    def named(self) -> dict[str, float]:
        """Every number but the nuclei's diameter by its name: `colors.density`, `answers.rim` ..."""
        parts: dict[str, Colors | Texture | Answers] = {
            "colors": self.colors,
            "texture": self.texture,
            "answers": self.answers,
        }
        return {
            f"{part}.{number.name}": getattr(values, number.name)
            for part, values in parts.items()
            for number in fields(values)
        }
