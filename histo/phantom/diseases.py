"""The diseases that can be simulated: what each looks like on H&E, how widely it varies, and where that is written.

Inflamed necrotizing myopathies and antisynthetase biopsies that look plainly necrotizing are as much a part of their
disease as the typical ones. Shares of faces and ranges without a source are conventions of this project, marked (C).
"""

from __future__ import annotations

from typing import Any

from histo.phantom.disease import Disease, Face, Ranges, face
from histo.phantom.spec import Placement

_NO_NECROSIS: dict[str, Any] = {"pale": 0.0, "hyaline": 0.0, "myophagocytosis": 0.0}
_QUIET: Ranges = {"lymphocytes_mm2": (0.2, 2.0), "macrophages_mm2": (0.2, 2.0)}
_NECROSIS: Ranges = {
    "pale": (0.003, 0.04),
    "hyaline": (0.002, 0.03),
    "myophagocytosis": (0.005, 0.05),
    "regenerating": (0.008, 0.08),
    "size_spread": (0.18, 0.32),
    "internal_nuclei": (0.02, 0.1),
    "atrophic": (0.01, 0.08),
    **_QUIET,
}
_INFLAMED: Ranges = {
    **_NECROSIS,
    "lymphocytes_mm2": (15, 80),
    "macrophages_mm2": (10, 60),
    "perimysial_mm2": (5, 25),
    "foci_mm2": (0.5, 3.0),
}
_CHRONIC: Ranges = {
    "size_spread": (0.28, 0.42),
    "roundness": (0.6, 1.0),
    "endomysium_um": (4, 10),
    "endomysium_fill": (0.7, 1.0),
    "internal_nuclei": (0.1, 0.45),
    "split": (0.02, 0.08),
    "cleft": (0.02, 0.08),
    "hypertrophic": (0.02, 0.1),
    "atrophic": (0.05, 0.2),
    "fat_mm2": (0.5, 8.0),
}
_EDGE_ATROPHY: Ranges = {"atrophic": (0.1, 0.28), "perimysial_mm2": (4, 30), "fascicle_um": (380, 700), **_QUIET}
_ENDOMYSIAL: Ranges = {
    "pale": (0.001, 0.006),
    "myophagocytosis": (0.001, 0.008),
    "regenerating": (0.004, 0.02),
    "invaded": (0.01, 0.06),
    "lymphocytes_mm2": (12, 80),
    "macrophages_mm2": (5, 30),
    "foci_mm2": (1.0, 6.0),
    "internal_nuclei": (0.03, 0.12),
    "atrophic": (0.02, 0.1),
}


def _necrotizing(inflamed: float, chronic: float, ranges: Ranges) -> tuple[Face, ...]:
    return (
        face(1 - inflamed - chronic, "necrotizing", {**_NECROSIS, **ranges}),
        face(inflamed, "indeterminate", {**_INFLAMED, **ranges}, like="necrotizing"),
        face(chronic, "dystrophic", {**_NECROSIS, **ranges, **_CHRONIC}, like="necrotizing"),
    )


def _near_miss(name: str, source: str, ranges: Ranges, pattern: str = "normal", **fixed: float) -> Disease:
    only = face(1.0, pattern, {**_QUIET, **ranges}, like="normal", **_NO_NECROSIS, **fixed)
    return Disease(name, pattern, source, (only,))


_OVERLAPS = "10.1097/BOR.0000000000000441"
_IMNM = "10.1016/j.nmd.2017.09.016; inflamed in 16-27% of seropositive biopsies"

_CATALOGUE = (
    Disease("normal", "normal", "(C)", (face(1.0, "normal", _QUIET, **_NO_NECROSIS),), children=0.2),
    Disease(
        "normal_one_necrotic",
        "normal",
        "(C): normal muscle may hold one necrotic fiber in a section",
        (face(1.0, "normal", _QUIET, **_NO_NECROSIS, necrotic_fibers=1),),
    ),
    Disease(
        "imnm_srp",
        "necrotizing",
        _IMNM,
        _necrotizing(0.2, 0.05, {"myophagocytosis": (0.01, 0.06), "regenerating": (0.015, 0.1)}),
    ),
    Disease(
        "imnm_hmgcr",
        "necrotizing",
        f"{_IMNM}; 10.1007/s11926-018-0732-6; dystrophic-looking in 8% of adults",
        _necrotizing(0.2, 0.08, {}),
        children=0.0,
    ),
    Disease(
        "imnm_hmgcr_pediatric",
        "necrotizing",
        "10.1007/s11926-018-0732-6; dystrophic-looking in 47% of children",
        _necrotizing(0.15, 0.47, {"fiber_um": (18, 42)}),
    ),
    Disease("imnm_seronegative", "necrotizing", f"{_IMNM}; shares (C)", _necrotizing(0.27, 0.08, {})),
    Disease(
        "dermatomyositis",
        "perifascicular_atrophy",
        "10.1016/j.nmd.2019.10.005: perifascicular atrophy in 47%; 16% look necrotizing; the rest (C)",
        (
            face(0.47, "perifascicular_atrophy", _EDGE_ATROPHY),
            face(0.37, "nonspecific_inflammatory", {"perimysial_mm2": (6, 30), **_QUIET}),
            face(0.16, "necrotizing", _NECROSIS),
        ),
        children=0.25,
    ),
    Disease(
        "antisynthetase",
        "perifascicular_necrosis",
        "10.3233/JND-180308: perifascicular necrosis in 28-66%, necrotizing in 46%, fragmented perimysium in 90%, "
        "perifascicular atrophy in 45% of anti-Jo1; which of these go together (C)",
        (
            face(
                0.09,
                "perifascicular_necrosis",
                {
                    **_NECROSIS,
                    "perimysial_mm2": (3, 20),
                    "perimysial_fragmentation": (0.4, 1.0),
                    "fascicle_um": (380, 700),
                },
            ),
            face(
                0.35,
                "perifascicular_necrosis",
                {**_NECROSIS, **_EDGE_ATROPHY, "perimysial_fragmentation": (0.4, 1.0)},
                atrophy_placement=Placement.FASCICLE_EDGE,
            ),
            face(0.1, "perifascicular_atrophy", {**_EDGE_ATROPHY, "perimysial_fragmentation": (0.4, 1.0)}),
            face(0.36, "necrotizing", {**_NECROSIS, "perimysial_fragmentation": (0.2, 1.0)}),
            face(0.1, "necrotizing", _NECROSIS),
        ),
    ),
    Disease(
        "polymyositis",
        "endomysial_inflammatory",
        "10.1016/j.nmd.2004.02.006",
        (face(1.0, "endomysial_inflammatory", _ENDOMYSIAL),),
    ),
    Disease(
        "inclusion_body_myositis",
        "endomysial_inflammatory",
        "10.1016/j.nmd.2004.02.006; severity (C)",
        (
            face(
                1.0,
                "endomysial_inflammatory",
                {
                    **_ENDOMYSIAL,
                    "size_spread": (0.25, 0.4),
                    "endomysium_um": (2, 6),
                    "vacuolated": (0.01, 0.06),
                    "atrophic": (0.05, 0.15),
                },
            ),
        ),
    ),
    Disease(
        "nonspecific_myositis",
        "nonspecific_inflammatory",
        "10.1016/j.nmd.2004.02.006",
        (face(1.0, "nonspecific_inflammatory", {"perimysial_mm2": (5, 35), "lymphocytes_mm2": (1, 8)}),),
    ),
    Disease(
        "dystrophy",
        "dystrophic",
        _OVERLAPS,
        (
            face(0.35, "dystrophic", {**_CHRONIC, "size_spread": (0.24, 0.32), "endomysium_um": (2.5, 5)}),
            face(0.35, "dystrophic", _CHRONIC),
            face(
                0.3, "dystrophic", {**_CHRONIC, "endomysium_um": (8, 14), "fat_mm2": (6, 30), "atrophic": (0.12, 0.3)}
            ),
        ),
        children=0.5,
    ),
    Disease(
        "dysferlinopathy",
        "dystrophic",
        f"{_OVERLAPS}; shares of faces (C)",
        (
            face(0.5, "dystrophic", {**_INFLAMED, **_CHRONIC, "size_spread": (0.26, 0.4)}),
            face(0.3, "necrotizing", {**_NECROSIS, "endomysium_um": (2, 5)}),
            face(0.2, "indeterminate", _INFLAMED, like="necrotizing"),
        ),
    ),
    Disease(
        "ischemic",
        "zonal_necrosis",
        "(C): weak evidence, no source supports synchronous necrosis as a rule",
        (face(1.0, "zonal_necrosis", {"pale": (0.1, 0.3), "hyaline": (0.03, 0.12), **_QUIET}),),
    ),
    Disease(
        "toxic",
        "zonal_necrosis",
        "(C); statin-toxic cannot be told from anti-HMGCR on H&E",
        (
            face(0.4, "zonal_necrosis", {"pale": (0.08, 0.25), "hyaline": (0.03, 0.15), **_QUIET}),
            face(0.6, "necrotizing", _NECROSIS),
        ),
    ),
    Disease(
        "checkpoint_inhibitor",
        "indeterminate",
        "10.1093/braincomms/fcaa181: clustered necrotic fibers in 10 of 11",
        (
            face(
                0.9,
                "indeterminate",
                {**_NECROSIS, "macrophages_mm2": (3, 20)},
                like="necrotizing",
                necrosis_placement=Placement.CLUSTERED,
            ),
            face(0.1, "necrotizing", _NECROSIS),
        ),
    ),
    Disease(
        "neurogenic",
        "neurogenic",
        "(C) textbook: grouped atrophy",
        (face(1.0, "neurogenic", {"atrophic": (0.1, 0.45), "hypertrophic": (0.01, 0.08), **_QUIET}, **_NO_NECROSIS),),
        children=0.15,
    ),
    _near_miss("lipid_storage", "(C) textbook", {"lipid": (0.2, 0.7)}, pattern="indeterminate"),
    _near_miss("glycogen_storage", "(C) textbook", {"glycogen": (0.15, 0.6)}, pattern="indeterminate"),
    _near_miss(
        "vacuolar_myopathy",
        "(C) textbook",
        {"vacuolated": (0.05, 0.35), "atrophic": (0.02, 0.1)},
        pattern="indeterminate",
    ),
    _near_miss(
        "granulomatous",
        "(C) textbook",
        {"granulomas_mm2": (1.5, 8.0), "lymphocytes_mm2": (2, 15)},
        pattern="indeterminate",
    ),
    _near_miss(
        "mitochondrial", "(C): ragged red fibers show as a bluish granular rim on H&E", {"granular_rim": (0.02, 0.2)}
    ),
    _near_miss(
        "edge_hypercontraction", "(C): hypercontraction at the cut rim is an artefact", {"edge_opaque": (0.4, 0.95)}
    ),
    _near_miss("opaque_fibers", "(C): opaque fibers are counted apart", {"opaque": (0.02, 0.12)}),
    _near_miss(
        "heavy_infiltrate",
        "(C): cells around a fiber that looks normal are no necrosis",
        {
            "lymphocytes_mm2": (40, 300),
            "macrophages_mm2": (20, 150),
            "foci_mm2": (4, 16),
            "focus_um": (50, 120),
            "perimysial_mm2": (10, 60),
        },
        pattern="indeterminate",
        cuffs=0.6,
    ),
)

DISEASES: dict[str, Disease] = {disease.name: disease for disease in _CATALOGUE}
"""Every disease that can be simulated, by name; the near-misses, which must never read necrotizing, are among them."""

NEAR_MISSES = (
    "lipid_storage",
    "glycogen_storage",
    "vacuolar_myopathy",
    "granulomatous",
    "mitochondrial",
    "edge_hypercontraction",
    "opaque_fibers",
    "heavy_infiltrate",
)
"""Those that hold no necrotic fiber although something about them invites the mistake."""
