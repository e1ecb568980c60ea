"""The specifications that training fields are drawn from: a third wide, a third diseases, a third like real muscle.

The wide third is wider than life on purpose (domain randomization, as in SYNTA, doi 10.1038/s43856-025-00777-y); the
other two keep it from learning mostly of tissue that does not exist. In all three, findings are far commoner than in
life. Necrosis and infiltrate are drawn independently in the wide and the real-like third, so that a network cannot read
one from the other. All shares here are conventions.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from histo.phantom.chance import log_uniform
from histo.phantom.diseases import DISEASES
from histo.phantom.spec import PATTERN_SPECS, PhantomSpec, Placement


def training_spec(rng: np.random.Generator) -> PhantomSpec:
    """A specification for one training field."""
    kind = rng.random()
    if kind < 0.33:
        spec = _wide(rng)
    elif kind < 0.66:
        spec = _of_a_disease(rng)
    else:
        spec = _injured(rng) if rng.random() < 0.25 else _mouse(rng) if rng.random() < 0.5 else _adult(rng)
    return replace(_with_rare_looks(spec, rng), pattern="training")


def _sometimes(rng: np.random.Generator, chance: float, low: float, high: float) -> float:
    return log_uniform(rng, low, high) if rng.random() < chance else 0.0


def _wide(rng: np.random.Generator) -> PhantomSpec:
    sometimes = partial(_sometimes, rng)

    return PhantomSpec(
        fiber_um=log_uniform(rng, 26, 85) if rng.random() < 0.92 else log_uniform(rng, 14, 26),
        size_spread=rng.uniform(0.08, 0.45),
        elongation=1 + rng.gamma(1.5, 0.15) if rng.random() < 0.88 else log_uniform(rng, 1.7, 5.0),
        oblique=rng.choice([0.0, 0.0, 0.0, 0.3, 0.7]),
        roundness=rng.beta(1.2, 1.2),
        endomysium_um=log_uniform(rng, 0.5, 9.0),
        gap_spread=rng.uniform(0.1, 0.8),
        endomysium_fill=rng.uniform(0, 1),
        fascicle_um=log_uniform(rng, 140, 700),
        perimysium_um=log_uniform(rng, 8, 60),
        perimysial_fragmentation=rng.choice([0.0, 0.0, rng.uniform(0, 1)]),
        split=sometimes(0.4, 0.01, 0.12),
        cleft=sometimes(0.4, 0.01, 0.12),
        hypertrophic=sometimes(0.3, 0.01, 0.15),
        **_necrosis(rng),
        necrosis_placement=list(Placement)[rng.integers(3)],
        atrophic=sometimes(0.5, 0.02, 0.35),
        atrophy_placement=list(Placement)[rng.integers(3)],
        angular=rng.uniform(0, 1),
        internal_nuclei=rng.choice([0.01, 0.05, 0.3, 0.7]),
        lymphocytes_mm2=sometimes(0.6, 5, 900),
        macrophages_mm2=sometimes(0.55, 5, 1200),
        perimysial_mm2=sometimes(0.5, 5, 400),
        foci_mm2=sometimes(0.45, 4, 30),
        focus_um=log_uniform(rng, 20, 110),
        focus_macrophages=rng.uniform(0, 1),
        cuffs=rng.choice([0.0, 0.3, 0.8]),
        vessels_mm2=sometimes(0.6, 5, 50),
        nerves_mm2=sometimes(0.35, 5, 30),
        fat_mm2=sometimes(0.35, 5, 50),
        sheets_mm2=sometimes(0.2, 3, 20) if rng.random() < 0.96 else 70.0,
        scars_mm2=sometimes(0.35, 5, 60),
        **_surroundings(rng),
    )


def _of_a_disease(rng: np.random.Generator) -> PhantomSpec:
    """A biopsy of the catalogue in which what is rare is made commoner, so that a small field shows it."""
    names = sorted(DISEASES)
    spec = DISEASES[names[rng.integers(len(names))]].draw(rng)
    more = log_uniform(rng, 2, 6)
    necrosis: dict[str, Any] = {
        name: getattr(spec, name) * more for name in ("pale", "hyaline", "myophagocytosis", "regenerating")
    }
    largest = max(1.0, sum(necrosis.values()) / 0.6)
    many: dict[str, Any] = {
        name: getattr(spec, name) * log_uniform(rng, 3, 15) for name in ("vessels_mm2", "nerves_mm2", "foci_mm2")
    }
    return replace(
        spec,
        **{kind: share / largest for kind, share in necrosis.items()},
        **many,
        invaded=min(0.3, spec.invaded * more),
        granulomas_mm2=min(15.0, spec.granulomas_mm2 * 8),
        fascicle_um=min(spec.fascicle_um, log_uniform(rng, 200, 700)),
        **_surroundings(rng),
    )


def _mouse(rng: np.random.Generator) -> PhantomSpec:
    """Muscle that has regenerated: fibers of very different size side by side, most with central nuclei."""
    return replace(
        _adult(rng),
        fiber_um=log_uniform(rng, 26, 50),
        size_spread=rng.uniform(0.25, 0.48),
        roundness=rng.uniform(0.3, 0.9),
        internal_nuclei=rng.choice([0.05, 0.4, 0.7, 0.9]),
        regenerating=_sometimes(rng, 0.6, 0.02, 0.2),
        sheets_mm2=_sometimes(rng, 0.15, 3, 25),
    )


def _injured(rng: np.random.Generator) -> PhantomSpec:
    """Muscle in which a third or more of all fibers die at once, in edema and among sheets of cells."""
    return replace(
        _mouse(rng),
        hyaline=rng.uniform(0.15, 0.5),
        pale=_sometimes(rng, 0.4, 0.02, 0.1),
        myophagocytosis=rng.uniform(0.03, 0.2),
        regenerating=_sometimes(rng, 0.3, 0.02, 0.1),
        besieged=rng.uniform(0.3, 1.0),
        endomysium_um=log_uniform(rng, 1.5, 14.0),
        gap_spread=rng.uniform(0.4, 0.9),
        internal_nuclei=rng.choice([0.02, 0.1]),
        macrophages_mm2=_sometimes(rng, 0.8, 200, 3000),
        lymphocytes_mm2=_sometimes(rng, 0.6, 50, 800),
        sheets_mm2=_sometimes(rng, 0.6, 5, 70),
    )


def _adult(rng: np.random.Generator) -> PhantomSpec:
    """Human muscle of realistic build with any findings."""
    sometimes = partial(_sometimes, rng)

    return replace(
        PATTERN_SPECS["normal"],
        fiber_um=log_uniform(rng, 38, 80) if rng.random() < 0.85 else log_uniform(rng, 18, 38),
        size_spread=rng.uniform(0.13, 0.35),
        elongation=1 + rng.gamma(1.5, 0.12),
        oblique=rng.choice([0.0, 0.0, 0.0, 0.4]),
        roundness=rng.uniform(0.1, 0.8),
        endomysium_um=log_uniform(rng, 0.8, 5.0),
        gap_spread=rng.uniform(0.3, 0.8),
        endomysium_fill=rng.uniform(0, 1),
        fascicle_um=log_uniform(rng, 250, 800),
        perimysium_um=log_uniform(rng, 10, 60),
        cleft=sometimes(0.4, 0.01, 0.06),
        hypertrophic=sometimes(0.3, 0.01, 0.08),
        **_necrosis(rng),
        atrophic=sometimes(0.5, 0.02, 0.2),
        atrophy_placement=list(Placement)[rng.integers(3)],
        angular=rng.uniform(0, 1),
        internal_nuclei=rng.choice([0.01, 0.05, 0.2]),
        lymphocytes_mm2=sometimes(0.5, 5, 400),
        macrophages_mm2=sometimes(0.5, 5, 300),
        perimysial_mm2=sometimes(0.4, 5, 100),
        foci_mm2=sometimes(0.45, 6, 30),
        focus_um=log_uniform(rng, 15, 100),
        focus_macrophages=rng.uniform(0, 0.8),
        vessels_mm2=sometimes(0.6, 4, 25),
        nerves_mm2=sometimes(0.25, 4, 15),
        fat_mm2=sometimes(0.2, 3, 20),
        scars_mm2=sometimes(0.2, 4, 20),
        **_surroundings(rng),
    )


def _necrosis(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "pale": _sometimes(rng, 0.5, 0.015, 0.15),
        "hyaline": _sometimes(rng, 0.5, 0.015, 0.15),
        "myophagocytosis": _sometimes(rng, 0.55, 0.03, 0.25),
        "regenerating": _sometimes(rng, 0.5, 0.02, 0.2),
        "late": rng.uniform(0.2, 0.9),
        "besieged": rng.uniform(0, 1) if rng.random() < 0.4 else 0.0,
    }


def _surroundings(rng: np.random.Generator) -> dict[str, Any]:
    """Everything that is no fiber and no inflammatory cell: rare in life, so commoner here."""
    return {
        "capillaries": rng.uniform(0, 1),
        "spindles_mm2": _sometimes(rng, 0.2, 4, 20),
        "bands_mm2": _sometimes(rng, 0.2, 2, 12),
        "epimysium_um": _sometimes(rng, 0.6, 4, 60),
        "tears_mm2": _sometimes(rng, 0.3, 5, 40),
        "debris_mm2": _sometimes(rng, 0.2, 8, 50),
        "folds_mm2": _sometimes(rng, 0.12, 6, 20),
    }


def _with_rare_looks(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    """Vacuoles, opacity, invasion and a dense infiltrate are rare in life, so a network would hardly see any."""
    return replace(
        spec,
        foci_mm2=max(spec.foci_mm2, _sometimes(rng, 0.2, 10, 40)),
        lymphocytes_mm2=max(spec.lymphocytes_mm2, _sometimes(rng, 0.1, 300, 1500)),
        vacuolated=max(spec.vacuolated, _sometimes(rng, 0.18, 0.05, 0.3)),
        lipid=max(spec.lipid, _sometimes(rng, 0.08, 0.08, 0.5)),
        glycogen=max(spec.glycogen, _sometimes(rng, 0.08, 0.08, 0.4)),
        granular_rim=max(spec.granular_rim, _sometimes(rng, 0.1, 0.04, 0.2)),
        opaque=max(spec.opaque, _sometimes(rng, 0.3, 0.08, 0.3)),
        edge_opaque=max(spec.edge_opaque, _sometimes(rng, 0.3, 0.3, 0.9)),
        granulomas_mm2=max(spec.granulomas_mm2, _sometimes(rng, 0.08, 3, 12)),
        invaded=max(spec.invaded, _sometimes(rng, 0.25, 0.08, 0.3)),
    )
