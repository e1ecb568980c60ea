"""What a training was made from, in words and digests, as its card tells it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from histo.cohort import Split
from histo.network import Bundle, Training
from histo.network.trained_on import salted_digests
from train.field_list import FIELD_LIST, read_field_list
from train.field_store import digest_of, seed_of, stored_fields

_ALWAYS = (
    "Accuracy for patients has not been measured.",
    "The lineage of a nucleus on H&E is a likeness, not a proof.",
)
_OF_PHANTOMS = (
    "Trained on digital phantoms alone: no patient's slide, and no pathologist's label, was used.",
    "Subtypes of necrosis were not judged on real images, because no ground truth exists.",
    "Operating points were chosen on phantoms kept for validation.",
)


@dataclass(frozen=True)
class TrainedData:
    """What the card says of a training's data.

    Attributes:
        training: Words, digest, recipe and seeds.
        limits: What follows from them.
        real: Whether any slide shows a patient's tissue.
        slides: sha256 of the slides trained on.
        patients: Codes of the patients trained on.
    """

    training: Training
    limits: tuple[str, ...]
    real: bool
    slides: frozenset[str]
    patients: frozenset[str]


def tell_data(
    settings: dict[str, Any],
    folders: Sequence[Path],
    recipe: Path,
    steps: int,
    processes: int = 1,
    simulated: bool = False,
) -> TrainedData:
    """What one training used.

    Args:
        settings: Every setting of it, as Lightning keeps them beside its figures.
        folders: Of fields, each holding a folder for each split; with a list of fields if they were cut from slides.
        recipe: The recipe, as the card names it.
        steps: That were made.
        processes: That trained together, each with its own crops.
        simulated: Whether the slides show phantoms.
    """
    data, model = settings["data"], settings["model"]
    told, digests, sites = [], [], set[str]()
    slides, patients = set[str](), set[str]()
    for folder in folders:
        paths = stored_fields(folder / Split.TRAIN)
        digests.append(digest_of(folder / Split.TRAIN))
        if (folder / FIELD_LIST).is_file():
            origins = [origin for origin in read_field_list(folder) if origin.split is Split.TRAIN]
            here = {origin.slide_sha256 for origin in origins}
            slides |= here
            patients |= {origin.patient for origin in origins}
            sites |= {origin.site for origin in origins}
            told.append(
                f"{len(paths)} fields cut from {'simulated ' if simulated else ''}slides ({len(here)} slides, "
                f"{len({o.patient for o in origins})} patients), taught by what was drawn on them"
            )
        else:
            told.append(
                f"{len(paths)} fields drawn by histo.phantom from seeds {seed_of(paths[0])} to {seed_of(paths[-1])}"
            )
    crops = int(data["batch_size"]) * processes
    mixed = f", {data['phantom_share']:.0%} of them of the phantoms" if len(folders) > 1 else ""
    begun = " The encoder began with torchvision's ImageNet weights." if _from_imagenet(model) else ""
    real = bool(slides) and not simulated
    kind = "Slides" if real else "Digital phantoms only"
    training = Training(
        data=(
            f"{kind}: {'; '.join(told)}; {steps} steps of {crops} augmented crops of {data['crop_wpx']} px at "
            f"0.5 um/px{mixed}.{begun}"
        ),
        data_sha256=digests[0] if len(digests) == 1 else _digest_of_all(digests),
        recipe=f"python -m train fit --config {recipe.as_posix()}",
        seeds=(int(settings["seed_everything"]), int(data["seed"])),
    )
    limits = (_of_slides(len(patients), sites) if real else _OF_PHANTOMS) + _ALWAYS
    return TrainedData(training, limits, real, frozenset(slides), frozenset(patients))


def after(before: Bundle, this: TrainedData) -> TrainedData:
    """The same, of a training that began with a bundle's weights: it tells of that one's data too."""
    first, then = before.card.training, this.training
    training = Training(
        data=f"{first.data} Then: {then.data}",
        data_sha256=_digest_of_all([first.data_sha256, then.data_sha256]),
        recipe=f"{first.recipe}; then {then.recipe}",
        seeds=(*first.seeds, *then.seeds),
    )
    limits = before.card.limits if before.card.training_slides and not this.real else this.limits
    return replace(this, training=training, limits=limits)


def recognizable(this: TrainedData, before: Bundle | None) -> dict[str, Any]:
    """The card's entries by which a slide or patient can be recognized; empty for phantoms.

    The salt is the beginning of the data's digest, or that of the bundle before, whose digests could not be salted
    anew: so the same training gives the same card.
    """
    old = before.card if before is not None else None
    if not this.slides and (old is None or not old.salt):
        return {}
    salt = old.salt if old is not None and old.salt else this.training.data_sha256[:32]
    slides, patients = salted_digests(salt, this.slides), salted_digests(salt, this.patients)
    if old is not None:
        slides, patients = (*slides, *old.training_slides), (*patients, *old.training_patients)
    return {
        "salt": salt,
        "training_slides": tuple(sorted(set(slides))),
        "training_patients": tuple(sorted(set(patients))),
    }


def _of_slides(patients: int, sites: set[str]) -> tuple[str, ...]:
    named = ", ".join(sorted(site for site in sites if site))
    where = f" of {named}" if named else ""
    return (
        f"Trained on slides of {patients} patients{where}, and on what was drawn on them: how well it does for other "
        "patients, stains and scanners is not known before it is measured on them.",
    )


def _from_imagenet(model: dict[str, Any]) -> bool:
    resnet = str(model.get("encoder", "compact")).startswith("resnet")
    return resnet and bool(model.get("pretrained")) and model.get("start_from") is None


def _digest_of_all(digests: Sequence[str]) -> str:
    return hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()
