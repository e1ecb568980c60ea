"""Columns of what was found: fibers by kind, their stages, and inflammatory cells by place."""

from __future__ import annotations

from collections.abc import Callable

from histo.cohort.results.columns import Column, Group, Source, count, estimate, flag, number
from histo.evidence import (
    Burden,
    CompartmentDensity,
    Estimate,
    Infiltrate,
)
from histo.records.plain_table import Value

PER_1000, PER_MM2 = "per 1,000 fibers", "per mm2 of assessable tissue"

_KINDS = {
    "necrotic": "necrotic fibers of all kinds: pale, hyaline and myophagocytosis",
    "necrotic_pale": "pale necrotic fibers",
    "necrotic_hyaline": "hyaline necrotic fibers",
    "myophagocytosis": "fibers with myophagocytosis, late phagocytosis included",
    "regenerating": "regenerating fibers",
    "atrophic": "fibers small for this biopsy",
    "invasion_candidates": "non-necrotic fibers with cells inside: candidates for invasion; proof needs other stains",
}

_PLACES = {
    "infiltrate": ("total", "inflammatory cells outside necrotic fibers"),
    "lymphocyte_like": ("lymphocyte_like", "of these, cells like lymphocytes (a likeness, not a proof)"),
    "macrophage_like": ("macrophage_like", "of these, cells like macrophages (a likeness, not a proof)"),
    "endomysial": ("endomysial", "of these, between fibers or inside non-necrotic ones"),
    "perimysial": ("perimysial", "of these, between fascicles, in fat included"),
    "perivascular": ("perivascular", "of these, in or near the wall of a vessel"),
    "unplaced": ("unplaced", "of these, where no compartment can be told"),
}


def _burden(name: str, meaning: str) -> tuple[Column, ...]:
    def part(field: str) -> Callable[[Source], Estimate | None]:
        def of(source: Source) -> Estimate | None:
            found: Burden | None = getattr(source.pooled, name)
            share: Estimate | None = None if found is None else getattr(found, field)
            return share

        return of

    def fibers(source: Source) -> Value:
        found: Burden | None = getattr(source.pooled, name)
        return None if found is None else found.fibers

    return (
        count(f"{name}_fibers", f"number of {meaning}", fibers, "fibers"),
        *estimate(f"{name}_per_1000_fibers", PER_1000, meaning, part("per_1000_fibers")),
        *estimate(f"{name}_per_mm2", PER_MM2, meaning, part("per_mm2")),
    )


def _cells(name: str, field: str, meaning: str) -> tuple[Column, ...]:
    def found(source: Source) -> CompartmentDensity | None:
        infiltrate = source.pooled.infiltrate
        density: CompartmentDensity | None = None if infiltrate is None else getattr(infiltrate, field)
        return density

    def cells(source: Source) -> Value:
        density = found(source)
        return None if density is None else density.cells

    def per_mm2(source: Source) -> Estimate | None:
        density = found(source)
        return None if density is None else density.per_mm2

    return (
        count(f"{name}_cells", f"number of {meaning}", cells, "cells"),
        *estimate(f"{name}_per_mm2", PER_MM2, meaning, per_mm2),
    )


def _of_infiltrate(get: Callable[[Infiltrate], Value]) -> Callable[[Source], Value]:
    return lambda source: None if source.pooled.infiltrate is None else get(source.pooled.infiltrate)


def _estimate_of_infiltrate(get: Callable[[Infiltrate], Estimate | None]) -> Callable[[Source], Estimate | None]:
    return lambda source: None if source.pooled.infiltrate is None else get(source.pooled.infiltrate)


FIBERS = Group(
    "Fibers",
    (
        count(
            "fibers", "fibers of every class: the denominator of all shares", lambda s: s.pooled.fibers.fibers, "fibers"
        ),
        *estimate("fibers_per_mm2", PER_MM2, "fibers of every class", lambda s: s.pooled.fibers.per_mm2),
        *estimate("transverse_percent", "%", "fibers cut transversely", lambda s: s.pooled.fibers.transverse_percent),
        *(column for name, meaning in _KINDS.items() for column in _burden(name, meaning)),
        *estimate(
            "internal_nuclei_percent",
            "%",
            "intact transverse fibers with an internal nucleus",
            lambda s: s.pooled.fibers.internal_nuclei_percent,
        ),
        *estimate("vacuolated_percent", "%", "fibers with vacuoles", lambda s: s.pooled.fibers.vacuolated_percent),
        *estimate(
            "opaque_percent",
            "%",
            "opaque or hypercontracted fibers, outside the necrotic burden",
            lambda s: s.pooled.fibers.opaque_percent,
        ),
        count(
            "false_call_floor_fibers",
            "necrotic fibers that false calls alone may give: no more than these are candidates for review",
            lambda s: None if s.pooled.floor is None else s.pooled.floor.floor_fibers,
            "fibers",
        ),
        flag(
            "necrosis_above_floor",
            "whether more necrotic fibers were found than that",
            lambda s: None if s.pooled.floor is None else s.pooled.floor.exceeded,
        ),
        number(
            "necrosis_at_most_per_1000_fibers",
            PER_1000,
            "most necrosis that there may be, one-sided 95%, if the detector misses no more than on phantoms",
            lambda s: None if s.pooled.necrosis_bound is None else s.pooled.necrosis_bound.at_most_per_1000_fibers,
        ),
    ),
)

STAGES = Group(
    "Stages, of necrotic and regenerating fibers together",
    (
        *estimate("early_percent", "%", "pale or hyaline", lambda s: s.pooled.stages.early_percent),
        *estimate("phagocytic_percent", "%", "myophagocytosis", lambda s: s.pooled.stages.phagocytic_percent),
        *estimate("regenerating_percent", "%", "regenerating", lambda s: s.pooled.stages.regenerating_percent),
        *estimate(
            "phagocytic_percent_of_necrotic",
            "%",
            "myophagocytosis among necrotic fibers alone",
            lambda s: s.pooled.stages.phagocytic_percent_of_necrotic,
        ),
        *estimate(
            "stage_synchrony",
            "probability",
            "two of these fibers are in one stage: 1 is one age, a third an even mix",
            lambda s: s.pooled.stages.synchrony,
        ),
    ),
)

CELLS = Group(
    "Inflammatory cells outside necrotic fibers; missing where the slide is too coarse to tell cells",
    (
        *(column for name, (field, meaning) in _PLACES.items() for column in _cells(name, field, meaning)),
        *estimate(
            "endomysial_per_own_mm2",
            "per mm2 of fibers and endomysium",
            "endomysial cells",
            _estimate_of_infiltrate(lambda found: found.endomysial.per_own_mm2),
        ),
        *estimate(
            "perimysial_per_own_mm2",
            "per mm2 of perimysium and fat",
            "perimysial cells",
            _estimate_of_infiltrate(lambda found: found.perimysial.per_own_mm2),
        ),
        count("clusters", "clusters of inflammatory cells", _of_infiltrate(lambda found: found.clusters_count)),
        *estimate("clusters_per_mm2", PER_MM2, "clusters", _estimate_of_infiltrate(lambda f: f.clusters_per_mm2)),
        count("large_clusters", "large clusters", _of_infiltrate(lambda found: found.large_clusters_count)),
        count(
            "largest_cluster_cells",
            "cells of the largest cluster",
            _of_infiltrate(lambda found: found.clusters[0].cells if found.clusters else 0),
            "cells",
        ),
        number(
            "densest_field_per_mm2",
            "per mm2 of the field",
            "inflammatory cells in the densest field",
            _of_infiltrate(lambda found: found.worst_field.per_mm2 if found.worst_field else 0.0),
        ),
        count(
            "cells_inside_necrotic",
            "inflammatory cells inside necrotic fibers: phagocytes, not infiltrate",
            _of_infiltrate(lambda found: found.inside_necrotic_cells),
            "cells",
        ),
    ),
)
