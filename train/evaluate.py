"""How well a bundle reads fields whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from histo.findings import Cells, Fibers
from histo.network import ALIGNMENT_WPX, Engine, Metric, OperatingPoints, decode_block
from histo.network.layout import COMPARTMENTS, STRIDE
from histo.phantom.truth import FieldTruth
from train.curves import average_precision, gather
from train.field_store import digest_of, load_field, seed_of
from train.intervals import interval_of, resample
from train.metrics import summarize
from train.observe import HEADS, Observation, observe
from train.origins import PHANTOM_SITE, Origin, counted_fields
from train.reliability import expected_calibration_error

Maps = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What was measured on a set of fields.

    Attributes:
        metrics: See `train.metrics.summarize`; besides, `NAME.average_precision` of every finding and
            `calibration.HEAD.ece`, the expected calibration error of every head.
        paths: (F,) the fields.
        origins: (F,) whose they are.
        observations: (F,) what each showed.
        seeds: First and last seed of phantom fields; None for fields that were cut from slides.
        digest: sha256 of the fields.
        simulated: Whether what they show is simulated: phantom fields, or slides that were drawn by a phantom.
    """

    metrics: Mapping[str, Metric]
    paths: tuple[Path, ...]
    origins: tuple[Origin, ...]
    observations: tuple[Observation, ...]
    seeds: tuple[int, int] | None
    digest: str
    simulated: bool

    @property
    def patients(self) -> tuple[str, ...]:
        """(F,) the patient of each field: the unit that is resampled."""
        return tuple(origin.patient for origin in self.origins)

    @property
    def confusion(self) -> NDArray[np.int64]:
        """(5, 5) truth by prediction of the fibers that were found."""
        confusion: NDArray[np.int64] = np.sum([seen.tally.confusion for seen in self.observations], axis=0)
        return confusion


def maps_of(engine: Engine, rgb: NDArray[np.uint8]) -> Maps:
    """Maps of a field of any even size; beyond its edges its last rows and columns are repeated.

    Args:
        engine: Runs the network.
        rgb: (H, W, 3) uint8 at 0.5 um/px.

    Returns:
        (26, H / 2, W / 2) float32.
    """
    height, width = rgb.shape[:2]
    margin = ((0, -height % ALIGNMENT_WPX), (0, -width % ALIGNMENT_WPX), (0, 0))
    maps = engine.run(np.pad(rgb, margin, mode="edge"))
    return np.ascontiguousarray(maps[:, : height // STRIDE, : width // STRIDE])


def findings_of(maps: Maps, points: OperatingPoints) -> tuple[Fibers, Cells, NDArray[np.uint8]]:
    """Fibers, nuclei and the compartment codes at 1 um/px; micrometers count from the field's corner."""
    fibers, cells = decode_block(maps, (0.0, 0.0), points)
    return fibers, cells, maps[COMPARTMENTS].argmax(axis=0).astype(np.uint8)


def read_fields(engine: Engine, folder: Path, label: str) -> Iterator[tuple[FieldTruth, Maps]]:
    """Truth and maps of every field that may be counted, with a progress bar."""
    for path, _ in track(counted_fields(folder), description=label):
        field = load_field(path)
        yield field.truth, maps_of(engine, field.rgb)


def evaluate_fields(engine: Engine, points: OperatingPoints, folder: Path, simulated: bool = False) -> Evaluation:
    """Read every field of a folder and measure.

    Args:
        engine: Runs the bundle's network.
        points: The bundle's thresholds and temperatures.
        folder: Of stored fields that nothing was fitted to or chosen on.
        simulated: Whether fields that were cut from slides show phantoms.
    """
    paths, origins = zip(*counted_fields(folder), strict=True)
    seen = [observe(truth, maps, points) for truth, maps in read_fields(engine, folder, f"Reading {folder}")]
    patients = [origin.patient for origin in origins]
    metrics = summarize_observations(seen, patients)
    phantoms = all(origin.site == PHANTOM_SITE for origin in origins)
    return Evaluation(
        metrics=metrics,
        paths=paths,
        origins=origins,
        observations=tuple(seen),
        seeds=(seed_of(paths[0]), seed_of(paths[-1])) if phantoms else None,
        digest=digest_of(folder),
        simulated=simulated or phantoms,
    )


def summarize_observations(seen: Sequence[Observation], patients: Sequence[str]) -> dict[str, Metric]:
    """Everything that a set of fields shows of a bundle, pooled over the fields.

    Args:
        seen: One a field, at least one.
        patients: (F,) whose each is: what is resampled.

    Returns:
        What `train.metrics.summarize` gives, `NAME.average_precision` of every finding that occurs, and
        `calibration.HEAD.ece`.
    """
    return summarize([one.tally for one in seen], patients) | _ranked_metrics(seen, patients)


def _ranked_metrics(seen: Sequence[Observation], patients: Sequence[str]) -> dict[str, Metric]:
    share = resample(patients)
    series = {
        f"{name}.average_precision": average_precision(gather([one.ranked[name] for one in seen]), share)
        for name in seen[0].ranked
    }
    for head in HEADS:
        bins = np.einsum("df,fbk->dbk", share, np.stack([one.bins[head] for one in seen]))
        series[f"calibration.{head}.ece"] = expected_calibration_error(bins)
    people = len(set(patients))
    return {name: interval_of(values, people) for name, values in series.items() if np.isfinite(values[0])}
