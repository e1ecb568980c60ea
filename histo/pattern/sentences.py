"""Evidence in plain sentences, with its numbers: one for each graded finding."""

from __future__ import annotations

from collections.abc import Callable

from histo.evidence import EdgePosition, Evidence, Infiltrate, Measures, RipleyTest, SlideSpread, StageMix
from histo.pattern.conventions import Conventions
from histo.pattern.graded_infiltrate import graded_infiltrate
from histo.pattern.grades import Atrophy, Grades, Infiltration, Necrosis, Spread, Zone
from histo.pattern.grading import ChronicSign, chronic_signs, clustering_level
from histo.pattern.uncertainty import (
    bound_sentence,
    false_call_rate,
    fascicle_sentence,
    level_sentence,
    percent,
    with_interval,
)
from histo.pattern.wording import many


def explain(
    finding: str, grades: Grades, numbers: Evidence, conventions: Conventions, spread: SlideSpread | None = None
) -> str:
    """The sentences behind one graded finding.

    Args:
        finding: A field of `Grades`.
        grades: The grades.
        numbers: The evidence they were given for.
        conventions: What they were given by.
        spread: How the slides of the biopsy differ; None where one slide is explained.
    """
    sentences = [_SENTENCES[finding](grades, numbers, conventions)]
    if spread is not None and finding in _OVER_SLIDES:
        figure, unit = _OVER_SLIDES[finding]
        sentences.append(level_sentence(getattr(spread, figure), unit, conventions))
    return " ".join(sentence for sentence in sentences if sentence)


def _necrosis(grades: Grades, numbers: Evidence, conventions: Conventions) -> str:
    necrotic, floor = numbers.necrotic, numbers.floor
    if floor is None:
        return "No muscle fibers were found, so necrosis is not assessed."
    if grades.necrosis is Necrosis.NOT_ASSESSED:
        return (
            f"{many(necrotic.fibers, 'fiber')} of {numbers.fibers.fibers:,} called necrotic, where false calls alone "
            f"may give {floor.floor_fibers}: moderate necrosis could hide among them, so it is not graded."
        )
    counted = (
        f"{many(necrotic.fibers, 'necrotic fiber')} of {numbers.fibers.fibers:,}: "
        f"{with_interval(necrotic.per_1000_fibers)} per 1,000 fibers and {with_interval(necrotic.per_mm2, 2)} per mm2 "
        f"({numbers.necrotic_pale.fibers} pale, {numbers.necrotic_hyaline.fibers} hyaline, "
        f"{numbers.myophagocytosis.fibers} with myophagocytosis{_support(numbers, conventions)})."
    )
    rate = f"at {false_call_rate(floor)}"
    if necrotic.fibers == 0:
        return f"{counted} {bound_sentence(numbers)}".strip()
    drawn = numbers.fascicle_bootstrap
    over_fascicles = drawn.necrotic.per_1000_fibers if drawn else None
    counted = f"{counted} {fascicle_sentence(drawn, over_fascicles, 'per 1,000 fibers')}".strip()
    if grades.necrosis is Necrosis.CANDIDATES:
        return (
            f"{counted} That is no more than the {floor.floor_fibers} that false calls alone may give {rate}: "
            f"candidates for review. {bound_sentence(numbers)}"
        ).strip()
    return f"{counted} False calls alone give no more than {floor.floor_fibers} in 95 of 100 sections {rate}."


def _support(numbers: Evidence, conventions: Conventions) -> str:
    """The convention beside the network's calls, as a clause; nothing where there is no call."""
    support = numbers.phagocytes
    if support is None or not support.fibers:
        return ""
    least = conventions.measures.myophagocytosis_nuclei
    return f", of which {support.enough_fibers} hold {least} or more macrophage-type nuclei"


def _infiltration(grades: Grades, numbers: Evidence, conventions: Conventions) -> str:
    infiltrate, measures = numbers.infiltrate, conventions.measures
    if infiltrate is None or grades.infiltration is Infiltration.NOT_ASSESSED:
        return "No tissue could be assessed for inflammatory cells."
    sentence = (
        f"{many(infiltrate.total.cells, 'cell')} like lymphocytes ({infiltrate.lymphocyte_like.cells:,}) or "
        f"macrophages ({infiltrate.macrophage_like.cells:,}) outside necrotic fibers: "
        f"{with_interval(infiltrate.total.per_mm2)} per mm2; "
        f"{many(infiltrate.clusters_count, 'cluster')} of at least {measures.cluster_cells} cells "
        f"({infiltrate.large_clusters_count} of at least {measures.large_cluster_cells})"
    )
    worst, drawn = infiltrate.worst_field, numbers.fascicle_bootstrap
    field = "" if worst is None else f"; the worst field of {worst.field_mm2:g} mm2 holds {many(worst.cells, 'cell')}"
    told = (
        f"{sentence}{field}.",
        "" if worst is None else fascicle_sentence(drawn, drawn.infiltrate_per_mm2 if drawn else None, "per mm2"),
        _spared(infiltrate, conventions),
    )
    return " ".join(one for one in told if one)


def _spared(infiltrate: Infiltrate, conventions: Conventions) -> str:
    """What of the infiltrate is not graded, since it may be what missed necrotic fibers held."""
    graded = graded_infiltrate(infiltrate, conventions)
    clusters = infiltrate.clusters_count - graded.clusters
    if not graded.spared_cells:
        return ""
    are = "is" if clusters == 1 else "are"
    besides = f", nor {are} {many(clusters, 'cluster')} of mostly such cells" if clusters else ""
    return (
        f"{graded.spared_cells:,} of the macrophage-like ones may belong to necrotic fibers that were missed "
        f"({conventions.infiltrate.missed_phagocytes_percent:g}% of the {infiltrate.inside_necrotic_cells:,} cells "
        f"inside dying fibers): they are not graded{besides}."
    )


def _place(grades: Grades, numbers: Evidence, conventions: Conventions) -> str:
    infiltrate = numbers.infiltrate
    if infiltrate is None:
        return "No tissue could be assessed for the place of inflammatory cells."
    return (
        f"Place of the infiltrate: {many(infiltrate.endomysial.cells, 'cell')} in the endomysium, "
        f"{infiltrate.perimysial.cells:,} in the perimysium and {infiltrate.perivascular.cells:,} within "
        f"{conventions.measures.perivascular_um:g} um of a vessel."
    )


def _invasion(grades: Grades, numbers: Evidence, conventions: Conventions) -> str:
    found = numbers.invasion_candidates
    if found is None:
        return "No tissue could be assessed for invaded fibers."
    return (
        f"Not necrotic, but looking invaded: {many(found.fibers, 'fiber')} "
        f"({with_interval(found.per_1000_fibers)} per 1,000 fibers). Candidates only: proof needs CD8 and MHC-I."
    )


def _stages(grades: Grades, numbers: Evidence, conventions: Conventions) -> str:
    mix = numbers.stages
    if mix.early_percent is None or mix.phagocytic_percent is None or mix.regenerating_percent is None:
        return "There are no necrotic or regenerating fibers whose stage could be compared."
    return (
        f"Of {many(mix.fibers, 'necrotic or regenerating fiber')}: {percent(mix.early_percent)} early "
        f"(pale or hyaline), {percent(mix.phagocytic_percent)} phagocytosed and "
        f"{percent(mix.regenerating_percent)} regenerating.{_synchrony(mix)}"
    )


def _synchrony(mix: StageMix) -> str:
    fraction, together = mix.phagocytic_percent_of_necrotic, mix.synchrony
    of_necrotic = ""
    if fraction is not None:
        of_necrotic = f" Of the necrotic ones {percent(fraction)} are phagocytosed."
    if together is None:
        return of_necrotic
    return (
        f"{of_necrotic} Two of all these fibers are in one stage with a chance of {with_interval(together, 2)}: "
        "1 where all are of one age, a third where the three stages are even."
    )


def _spread(grades: Grades, numbers: Evidence, conventions: Conventions) -> str:
    test = numbers.necrosis_spread
    if test is None:
        return "There are no necrotic fibers whose spread could be judged."
    few = conventions.measures.spatial_min_fibers
    if grades.spread is Spread.CANNOT_TELL or test.nearest_mean_um is None or test.random_mean_um is None:
        return f"{many(test.fibers, 'necrotic fiber')}: too few to tell the spread (at least {few} are needed)."
    tail = {
        Spread.SMALL_GROUPS: "closer together than at random, singly or in small groups",
        Spread.CLUSTERED: "most of them in large groups",
        Spread.SCATTERED: "scattered, no closer together than at random",
        Spread.NO_CLUSTERING_SHOWN: "without shown clustering, which does not prove that they are scattered",
    }.get(grades.spread, grades.spread.text)
    shown = clustering_level(test, conventions)
    p_clustered = "" if test.p_clustered is None else f", p = {test.p_clustered:.3f} (up to {shown:g} would show it)"
    return (
        f"The nearest other necrotic fiber is {test.nearest_mean_um:.0f} um away on average, where random labelling of "
        f"the fibers present gives {test.random_mean_um:.0f} um{p_clustered}; the largest group has "
        f"{many(test.largest_group_fibers, 'fiber')}. {_ripley(test.ripley, conventions)}So they lie {tail}."
    )


def _ripley(test: RipleyTest | None, conventions: Conventions) -> str:
    if test is None:
        return ""
    reach = f"Over all distances up to {test.radii_um[-1]:.0f} um (Ripley's L, global envelope, p = {test.p:.3f})"
    if test.p > conventions.spread.max_p:
        return f"{reach} neither more nor fewer pairs are shown than random labelling gives. "
    return f"{reach} pairs within {test.strongest_um:.0f} um are {test.strongest_ratio:.2f} times as many as it gives. "


def _zone(grades: Grades, numbers: Evidence, conventions: Conventions) -> str:
    sheet = numbers.sheet
    if grades.zone is Zone.NOT_ASSESSED:
        return "No muscle fibers were found, so sheets of necrosis are not assessed."
    if sheet is None:
        return "There is no sheet of necrosis."
    reach = (
        "; fascicles cannot be told apart here"
        if sheet.fascicles is None
        else f", over {many(sheet.fascicles, 'fascicle')}"
    )
    return (
        f"A sheet of {sheet.fibers:,} fibers on {sheet.slide} is necrotic throughout{reach}; it holds "
        f"{sheet.percent_of_necrotic:.0f}% of all necrotic fibers."
    )


def _position(grades: Grades, numbers: Evidence, conventions: Conventions) -> str:
    return _edge_sentence("necrotic fiber", "fibers", numbers.necrosis_position, numbers, conventions.measures)


def _atrophy(grades: Grades, numbers: Evidence, conventions: Conventions) -> str:
    sizes = numbers.sizes
    if sizes is None or sizes.small_percent is None or numbers.atrophic is None:
        return "No whole, intact, transverse fiber could be measured, so atrophy is not assessed."
    sentence = (
        f"Small for this biopsy, that is below {sizes.small_below_um:.0f} um: {many(numbers.atrophic.fibers, 'fiber')} "
        f"({percent(sizes.small_percent, 1)} of {sizes.fibers:,} measured; median diameter "
        f"{with_interval(sizes.min_feret_median)} um)."
    )
    if grades.atrophy is Atrophy.NONE and numbers.atrophic.fibers < conventions.measures.spatial_min_fibers:
        return sentence
    where = _edge_sentence("small fiber", "measured fibers", numbers.atrophy_position, numbers, conventions.measures)
    return f"{sentence} {where}"


def _chronicity(grades: Grades, numbers: Evidence, conventions: Conventions) -> str:
    signs = chronic_signs(numbers, conventions)
    if not signs:
        return "No sign of chronic myopathy could be measured."
    return f"Signs of chronic myopathy: {'; '.join(_sign(sign) for sign in signs)}."


def _sign(sign: ChronicSign) -> str:
    told, interval = f"{sign.name} {sign.value:.3g}", sign.interval
    if interval is not None:
        told = f"{told} (95% interval {interval.low:.3g}-{interval.high:.3g})"
    return f"{told}, raised" if sign.present else told


def _edge_sentence(noun: str, among: str, position: EdgePosition | None, numbers: Evidence, measures: Measures) -> str:
    if numbers.fascicles.perimysium_mm2 == 0:
        return f"No perimysium was found, so the position of {noun}s against the fascicle edge is not assessed."
    if position is None:
        return f"There is no {noun} in a fascicle."
    if position.fibers < measures.spatial_min_fibers or position.edge_index is None:
        return f"{many(position.fibers, noun)} in fascicles: too few to tell where they lie."
    interval = ""
    if position.random_low is not None and position.random_high is not None:
        interval = f" (95% of random labellings {position.random_low:.2f}-{position.random_high:.2f})"
    share = position.share_of_edge
    of_edge = "" if share is None else f"; that is {percent(share)} of the {among} there"
    return (
        f"At a fascicle edge: {position.at_edge_fibers:,} of {many(position.fibers, noun)}, {position.edge_index:.2f} "
        f"times as many as by chance{interval}{of_edge}."
    )


_OVER_SLIDES = {
    "necrosis": ("necrotic_per_1000_fibers", "necrotic per 1,000 fibers"),
    "infiltration": ("infiltrate_per_mm2", "inflammatory cells per mm2"),
}
"""Findings of which slides are compared: the field of `SlideSpread`, and its unit in words."""

_SENTENCES: dict[str, Callable[[Grades, Evidence, Conventions], str]] = {
    "necrosis": _necrosis,
    "infiltration": _infiltration,
    "place": _place,
    "invasion": _invasion,
    "stages": _stages,
    "spread": _spread,
    "zone": _zone,
    "necrosis_position": _position,
    "atrophy": _atrophy,
    "chronicity": _chronicity,
}
