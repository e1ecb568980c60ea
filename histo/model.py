"""Weights and the engine that runs them, loaded once for any number of slides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from histo.errors import BundleError
from histo.evidence import Estimate, FalseCalls, Recall
from histo.evidence.correction import DetectorErrors
from histo.evidence.intervals import share
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, CellClass
from histo.network import ERRORS_FILE, Bundle, Card, Engine, Metric, load_bundle, make_engine
from histo.pattern import CALIBRATION_FILE, Calibration, load_calibration
from histo.pattern.distribution import Distribution
from histo.pattern.distribution_file import load_distribution
from histo.records import Measured, ModelFacts, read_detector_errors

FALSE_CALLS_METRIC = "false_necrotic_per_1000_fibers"
"""The card's name for false necrotic calls per 1,000 healthy fibers."""

FALSE_CALLS_VARIATION_METRIC = "false_necrotic_variation_between_sections"
"""The card's name for how much that differs between sections: standard deviation over mean."""

RECALL_METRIC = "sections.fiber.{}.recall"
"""The card's name for the share of fibers of a kind that are found as such on ordinary phantom sections."""

CELL_RECALL_METRIC = "sections.cell.{}.recall"
"""The same of nuclei."""

FALSE_AMID_CELLS_METRIC = "infiltrated.intact_called_necrotic"
"""The card's name for the share of intact fibers amid a dense infiltrate that are called necrotic."""

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "f32", "bf16"]


@dataclass(frozen=True, eq=False, slots=True)
class Model:
    """What reads slides.

    Attributes:
        bundle: Weights and their card.
        engine: Runs them.
        distribution: What slides they are familiar with; None where the bundle does not tell.
        detector_errors: What a laboratory has measured of them on its own patients; None if nothing.
        calibration: Of the differential, from the bundle's folder; None where it holds none.
    """

    bundle: Bundle
    engine: Engine
    distribution: Distribution | None = None
    detector_errors: DetectorErrors | None = None
    calibration: Calibration | None = None

    @property
    def facts(self) -> ModelFacts:
        """What a reading tells of it."""
        card, engine = self.bundle.card, self.engine
        return ModelFacts(
            name=card.name,
            version=card.version,
            sha256=self.bundle.sha256,
            engine=engine.name,
            device=engine.device,
            precision=engine.precision,
            trained_on=card.training.data,
            recipe=card.training.recipe,
            intended_use=card.intended_use,
            limits=card.limits,
            license=card.license,
            weights_sha256=card.weights_sha256,
            on_phantoms=_measured(card.phantom_metrics),
            on_real_images=_measured(card.real_metrics),
        )

    @property
    def false_calls(self) -> FalseCalls | None:
        """How often healthy fibers are called necrotic, as the card measured it; None where it did not."""
        return false_calls_of(self.bundle.card)

    @property
    def recall(self) -> Recall:
        """Shares of necrotic fibers that are found, as the card measured them."""
        kinds = {kind: self._recall(kind.name.lower()) for kind in NECROTIC_CLASSES}
        return Recall(self._recall("necrotic"), {kind: found for kind, found in kinds.items() if found is not None})

    @property
    def cell_recall(self) -> Mapping[CellClass, Estimate]:
        """Shares of inflammatory cells that are found, by kind, as far as the card measured them."""
        names = {kind: CELL_RECALL_METRIC.format(kind.name.lower()) for kind in INFLAMMATORY_CLASSES}
        found = {kind: _on_phantoms(self.bundle.card, name) for kind, name in names.items()}
        return {kind: one for kind, one in found.items() if isinstance(one, Estimate)}

    @property
    def false_necrotic_amid_cells_per_1000(self) -> Estimate | None:
        """Intact fibers amid a dense infiltrate that are called necrotic, as the card measured them."""
        found = _on_phantoms(self.bundle.card, FALSE_AMID_CELLS_METRIC)
        if not isinstance(found, Estimate):
            return None
        return Estimate(1000 * found.value, 1000 * found.low, 1000 * found.high)

    def _recall(self, kind: str) -> Estimate | float | None:
        """Where every section found all, drawing sections again gives no width: then as many of as many is exact."""
        name = RECALL_METRIC.format(kind)
        found = _on_phantoms(self.bundle.card, name)
        if isinstance(found, Estimate) and found.low == found.high:
            sections = self.bundle.card.phantom_metrics[name].n
            return share(round(found.value * sections), sections, 1.0) or found
        return found


def false_calls_of(card: Card) -> FalseCalls | None:
    """How often healthy fibers are called necrotic, as a card measured it on phantoms; None where it did not.

    Raises:
        BundleError: If it is nothing that can have been measured.
    """
    rate, variation = (_on_phantoms(card, name) for name in (FALSE_CALLS_METRIC, FALSE_CALLS_VARIATION_METRIC))
    if rate is None:
        return None
    try:
        return FalseCalls(rate, variation)
    except ValueError as error:
        raise BundleError(f"the card of {card.name} {card.version}", str(error), "measure the bundle again") from error


def _on_phantoms(card: Card, name: str) -> Estimate | float | None:
    metric = card.phantom_metrics.get(name)
    if metric is None or metric.low is None or metric.high is None:
        return None if metric is None else metric.value
    return Estimate(metric.value, metric.low, metric.high)


def _measured(metrics: Mapping[str, Metric]) -> tuple[Measured, ...]:
    return tuple(Measured(name, m.value, m.low, m.high, m.n) for name, m in sorted(metrics.items()))


def load_model(
    bundle: Bundle | Path | str | None = None,
    *,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: int | None = None,
    detector_errors: Path | str | None = None,
) -> Model:
    """Load weights and make an engine for them.

    Args:
        bundle: A bundle's folder; None for the one that ships with histo.
        device: Where to run; `auto` takes a GPU if there is one.
        precision: `f32` is what `auto` means: the same bytes again on one installation.
        threads: Of the engine; None for all cores.
        detector_errors: What a laboratory has measured of this bundle; left out, the `detector-errors.json` in its
            folder if there is one.

    Raises:
        BundleError: If the bundle is missing or damaged, or the errors were measured of another one.
        EngineError: If device or precision is not to be had here.
    """
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(None if bundle is None else Path(bundle))
    false_calls_of(loaded.card)  # told now, not after a slide was read
    engine = make_engine(loaded, device=device, precision=precision, threads=threads)
    beside = loaded.folder / ERRORS_FILE
    path = Path(detector_errors) if detector_errors is not None else beside if beside.is_file() else None
    points = loaded.card.operating_points
    errors = None if path is None else read_detector_errors(path, loaded.card.weights_sha256, points.sha256)
    calibration = load_calibration(loaded.folder / CALIBRATION_FILE)
    return Model(loaded, engine, load_distribution(loaded.folder), errors, calibration)
