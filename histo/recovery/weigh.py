"""From single implants to shares with intervals, and to a verdict in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from histo.evidence import Estimate
from histo.evidence.intervals import share
from histo.pattern import RecoveryBands, RecoveryVerdict
from histo.recovery.kinds import CELL_KINDS, CONTROL, FIBER_KINDS, ImplantKind
from histo.recovery.results import Control, KindRecovery, Outcome, Recovered

KIND_WORDS: dict[str, str] = {
    ImplantKind.PALE: "necrotic, pale",
    ImplantKind.HYALINE: "necrotic, hyaline",
    ImplantKind.MYOPHAGOCYTOSIS_EARLY: "myophagocytosis, early",
    ImplantKind.MYOPHAGOCYTOSIS_LATE: "myophagocytosis, late",
    ImplantKind.LYMPHOCYTE: "lymphocytes",
    ImplantKind.MACROPHAGE: "macrophages",
    ImplantKind.REDRAWN: "healthy, drawn anew",
}


def weigh_kind(name: str, recovered: Sequence[Recovered]) -> KindRecovery:
    """Count what became of implants that belong together."""
    counted = [one for one in recovered if one.outcome is not Outcome.BEFORE]
    outcomes = Counter(one.outcome for one in counted)
    itself, another = outcomes[Outcome.AS_ITSELF], outcomes[Outcome.AS_ANOTHER]
    iou = [one.iou for one in counted if one.iou is not None and one.outcome is not Outcome.MISSED]
    return KindRecovery(
        kind=name,
        implanted=len(counted),
        places=len({(one.fiber,) if one.fiber is not None else (one.x_um, one.y_um) for one in counted}),
        called_before=len(recovered) - len(counted),
        as_itself=itself,
        as_another=another,
        missed=outcomes[Outcome.MISSED],
        found_percent=share(itself + another, len(counted), 100),
        as_itself_percent=share(itself, len(counted), 100),
        mean_iou=float(np.mean(iou)) if iou else None,
    )


def weigh_control(recovered: Sequence[Recovered]) -> Control:
    """What was called necrotic of fibers that are healthy, untouched or drawn anew."""
    places = {one.fiber: one.outcome is Outcome.BEFORE for one in recovered if one.fiber is not None}
    redrawn = [one for one in recovered if one.kind is CONTROL and one.outcome is not Outcome.BEFORE]
    called = sum(one.outcome is Outcome.AS_ANOTHER for one in redrawn)
    return Control(
        untouched=len(places),
        untouched_called=sum(places.values()),
        redrawn=len(redrawn),
        redrawn_called=called,
        redrawn_called_percent=share(called, len(redrawn), 100),
    )


def judge(
    kinds: Sequence[KindRecovery],
    necrotic: KindRecovery,
    inflammatory: KindRecovery | None,
    control: Control,
    bands: RecoveryBands,
) -> RecoveryVerdict:
    """The verdict in words; poor sight of necrosis is a reason to refuse.

    Args:
        kinds: Each kind on its own.
        necrotic: All stages together.
        inflammatory: Both cells together; None where they are not assessed.
        control: Where drawing alone makes necrosis, nothing follows.
        bands: From which share on implants are seen.
    """
    sentences: list[str] = []
    drawn = control.redrawn_called_percent
    if drawn is not None and drawn.low > bands.redrawn_above_percent:
        necrosis = "not valid"
        sentences.append(
            f"Not valid for necrosis: {control.redrawn_called} of {control.redrawn} healthy fibers that were drawn "
            f"anew were called necrotic ({percent(drawn)}): being drawn is enough to be called."
        )
    else:
        necrosis = _grade(necrotic.found_percent, bands.poor_below_percent)
        sentences.append(_sentence(necrosis, "necrotic fibers", necrotic, bands))
        unseen = _unseen(kinds, FIBER_KINDS, bands)
        if unseen and necrosis != "poor":
            sentences.append(f"Hardly seen here, each on its own: {unseen}.")
    cells = "not assessed"
    if inflammatory is None:
        sentences.append("Inflammatory cells are not assessed: the slide is too coarse to tell them.")
    else:
        cells = _grade(inflammatory.found_percent, bands.poor_below_percent)
        sentences.append(_sentence(cells, "inflammatory cells", inflammatory, bands))
        unseen = _unseen(kinds, CELL_KINDS, bands)
        if unseen and cells != "poor":
            sentences.append(f"Hardly seen here, each on its own: {unseen}.")
    refuse = necrosis == "poor"
    if refuse:
        sentences.append("A reading of this slide should be refused: that it finds little necrosis would say nothing.")
    return RecoveryVerdict(necrosis, cells, refuse, tuple(sentences))


def percent(estimate: Estimate) -> str:
    """A share with its interval, as in `62% (51 to 72)`."""
    return f"{estimate.value:.0f}% ({estimate.low:.0f} to {estimate.high:.0f})"


def _grade(found: Estimate | None, poor_below: float) -> str:
    """Seen or poor where the whole interval says so."""
    if found is None:
        return "cannot tell"
    if found.high < poor_below:
        return "poor"
    return "seen" if found.low >= poor_below else "cannot tell"


def _sentence(grade: str, what: str, kind: KindRecovery, bands: RecoveryBands) -> str:
    if kind.found_percent is None:
        return f"No {what} could be implanted: whether they would be seen here cannot be told."
    found = f"{kind.as_itself + kind.as_another} of {kind.implanted} {what} that were drawn in came back"
    limit = f"{bands.poor_below_percent:g}%"
    tail = {
        "seen": f"above the limit of {limit}: they can be seen on this slide.",
        "poor": f"below the limit of {limit}: the model cannot be trusted to see them on this slide.",
        "cannot tell": f"too close to the limit of {limit} to tell; more implants (--per-kind) would narrow it.",
    }[grade]
    return f"{found}, {percent(kind.found_percent)}, {tail}"


def _unseen(kinds: Sequence[KindRecovery], among: Collection[str], bands: RecoveryBands) -> str:
    poor = [
        f"{KIND_WORDS[kind.kind]} ({percent(kind.found_percent)})"
        for kind in kinds
        if kind.kind in among and kind.found_percent is not None and kind.found_percent.high < bands.poor_below_percent
    ]
    return "; ".join(poor)
