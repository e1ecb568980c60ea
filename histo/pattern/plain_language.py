"""What was seen, in words that need no glossary: a clause for each grade, and no statistics."""

from __future__ import annotations

from collections.abc import Iterator

from histo.evidence import Evidence
from histo.pattern.grades import (
    Atrophy,
    Chronicity,
    Grades,
    Infiltration,
    Invasion,
    Necrosis,
    Place,
    Position,
    Spread,
    Stages,
    Zone,
)
from histo.pattern.wording import figure, many


def tell(grades: Grades, numbers: Evidence) -> tuple[str, ...]:
    """What was seen and what could not be, as sentences for a reader in a hurry.

    The numbers with their intervals stand in the reasons; here stand counts alone.

    Args:
        grades: Graded evidence.
        numbers: The same evidence.
    """
    seen = [_necrosis(grades, numbers), _infiltrate(grades, numbers)]
    if grades.invasion is Invasion.CANDIDATES and numbers.invasion_candidates is not None:
        found = numbers.invasion_candidates.fibers
        seen.append(f"{many(found, 'fiber')} that are not necrotic look invaded, which other stains must prove.")
    seen += [_ATROPHY[grades.atrophy]] if grades.atrophy in _ATROPHY else []
    seen += [_CHRONICITY[grades.chronicity]] if grades.chronicity in _CHRONICITY else []
    missing = list(_not_told(grades))
    if missing:
        seen.append(f"This section could not tell {'; '.join(missing)}.")
    return tuple(seen)


def _necrosis(grades: Grades, numbers: Evidence) -> str:
    necrotic, fibers = numbers.necrotic.fibers, numbers.fibers.fibers
    if grades.necrosis is Necrosis.NOT_ASSESSED or numbers.floor is None:
        return "Whether fibers are necrotic could not be told."
    if grades.necrosis is Necrosis.NONE:
        return f"No necrotic fiber was found among {fibers:,}{_hidden(numbers)}."
    if grades.necrosis is Necrosis.CANDIDATES:
        them = "it has" if necrotic == 1 else "they have"
        return (
            f"{many(necrotic, 'fiber')} of {fibers:,} may be necrotic, which is no more than this software's own "
            f"mistakes would give: {them} to be looked at{_hidden(numbers)}."
        )
    where = [
        clause
        for clause in (
            _SHEET.get(grades.zone),
            _SPREAD.get(grades.spread),
            _AT_EDGE.get(grades.necrosis_position),
            _AGES.get(grades.stages),
        )
        if clause is not None
    ]
    told = f"; they are {', '.join(where)}" if where else ""
    return (
        f"There is {grades.necrosis.text} necrosis: {necrotic:,} of {fibers:,} fibers, where this software's own "
        f"mistakes would rarely give more than {numbers.floor.floor_fibers:,}{told}."
    )


def _hidden(numbers: Evidence) -> str:
    """The most that may be hidden, if somebody has measured what is missed."""
    if numbers.necrosis_bound is None:
        return ""
    most = numbers.necrosis_bound.at_most_per_1000_fibers
    return f"; up to {figure(most, 2)} of 1,000 could be, if this software sees no worse here than on simulated slides"


def _infiltrate(grades: Grades, numbers: Evidence) -> str:
    found = numbers.infiltrate
    if found is None or found.total.per_mm2 is None or grades.infiltration is Infiltration.NOT_ASSESSED:
        return "Inflammatory cells could not be told."
    how = f"{figure(found.total.per_mm2.value, 2)} per mm2 outside necrotic fibers"
    if grades.infiltration is Infiltration.NONE_SPARSE:
        return f"Inflammatory cells are absent or sparse ({how})."
    amount = "dense" if grades.infiltration is Infiltration.DENSE else "present"
    return f"An infiltrate is {amount} ({how}){_PLACE.get(grades.place, '')}."


def _not_told(grades: Grades) -> Iterator[str]:
    """What is open; what has no subject, such as the spread of no necrosis, is not."""
    necrotic = grades.necrosis not in (Necrosis.NONE, Necrosis.NOT_ASSESSED)
    if necrotic and grades.spread in (Spread.CANNOT_TELL, Spread.NOT_ASSESSED):
        yield "how necrotic fibers are spread"
    if necrotic and grades.necrosis_position in (Position.CANNOT_TELL, Position.NOT_ASSESSED):
        yield "whether they prefer the fascicle edge"
    if necrotic and grades.stages in (Stages.CANNOT_TELL, Stages.NOT_ASSESSED):
        yield "whether they are of one age"
    if grades.place is Place.NOT_ASSESSED and grades.infiltration in (Infiltration.PRESENT, Infiltration.DENSE):
        yield "where the infiltrate lies"
    if grades.invasion is Invasion.NOT_ASSESSED:
        yield "whether fibers are invaded"
    if grades.atrophy is Atrophy.NOT_ASSESSED:
        yield "whether fibers are small"
    if grades.chronicity is Chronicity.NOT_ASSESSED:
        yield "whether there is chronic change"


_SHEET = {
    Zone.ACROSS_FASCICLES: "partly in a sheet that crosses fascicles",
    Zone.ONE_FASCICLE: "partly in a sheet within a fascicle",
    Zone.FASCICLES_UNKNOWN: "partly in a sheet",
}
_SPREAD = {
    Spread.SCATTERED: "scattered",
    Spread.SMALL_GROUPS: "single or in small groups",
    Spread.CLUSTERED: "mostly in large groups",
    Spread.NO_CLUSTERING_SHOWN: "not shown to be grouped",
}
_AT_EDGE = {
    Position.AT_EDGE: "at the edges of fascicles more than by chance",
    Position.AWAY_FROM_EDGE: "away from the edges of fascicles",
}
_AGES = {
    Stages.MIXED: "of mixed age",
    Stages.EARLY: "nearly all early",
    Stages.PHAGOCYTIC: "nearly all being phagocytosed",
    Stages.REGENERATING: "few beside those that regenerate",
}
_PLACE = {
    Place.ENDOMYSIAL: ", mostly between fibers",
    Place.PERIMYSIAL: ", mostly between fascicles or around vessels",
    Place.BOTH: ", both between fibers and between fascicles",
}
_ATROPHY = {
    Atrophy.SCATTERED: "Many fibers are small.",
    Atrophy.PERIFASCICULAR: "Small fibers line the edges of fascicles.",
    Atrophy.GROUPED: "Small fibers lie in groups.",
}
_CHRONICITY = {
    Chronicity.SOME: "There is one sign of chronic change.",
    Chronicity.MARKED: "There are several signs of chronic change.",
}
