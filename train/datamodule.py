"""Which fields a training sees, and from which crop on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader, Sampler

from histo.cohort import Split
from train.augment import PoseRange
from train.dataset import CropDataset, MixedCrops, Needs, Sample, WholeFieldDataset
from train.lightning import LightningDataModule


class CropRange(Sampler[int]):
    """The crops of a training from some step on, in order.

    Chance is inside the crops, so going on after a stop is going on counting, and where several processes train
    together each one counts its own: of every step's crops the first batch is that of process 0, and so on.

    Args:
        step: First step to give crops for.
        steps: Of the whole training.
        batch_size: Crops a step and process.
        rank: Number of this process.
        world: Number of processes.
    """

    def __init__(self, step: int, steps: int, batch_size: int, rank: int = 0, world: int = 1) -> None:
        """Keep the range."""
        self.step, self.steps, self.batch_size, self.rank, self.world = step, steps, batch_size, rank, world

    def __iter__(self) -> Iterator[int]:
        """Numbers of crops."""
        for step in range(self.step, self.steps):
            first = (step * self.world + self.rank) * self.batch_size
            yield from range(first, first + self.batch_size)

    def __len__(self) -> int:
        """All of this process's crops, seen ones too: Lightning counts batches from the very start."""
        return self.steps * self.batch_size


def batches_of(
    crops: CropDataset | MixedCrops, numbers: CropRange, batch_size: int, workers: int
) -> DataLoader[Sample]:
    """Batches of crops, made beside the network.

    Processes are begun anew, never forked: a fork has the locks of this process's threads but not the threads, and
    waits for ever for a pool of OpenCV's that is not there.

    Args:
        crops: What is drawn from.
        numbers: Which ones, in order.
        batch_size: Crops a batch.
        workers: Processes that make crops; 0 makes them in this one.
    """
    beside: dict[str, Any] = {"prefetch_factor": 4, "multiprocessing_context": "spawn"} if workers else {}
    return DataLoader(crops, batch_size, sampler=numbers, num_workers=workers, **beside)


class FieldsModule(LightningDataModule):
    """Training crops and whole validation fields, from folders made by `python -m train render` or `prepare`.

    Args:
        fields: Holds a folder for each split.
        crop_wpx: Width and height of a training crop, a multiple of 16.
        batch_size: Crops a step; where several devices train together, of each.
        seed: Of all chance in the crops.
        workers: Processes that make crops; 0 makes them in the training's own.
        validation_fields: How many fields to validate on; they are read whole.
        needs: What crops are centered on.
        reach: How far the geometry of a crop may go.
        phantoms: Phantom fields to mix in, holding a folder for each split; validation is on `fields` alone.
        phantom_share: Share of the training crops that are of those phantoms; at 0 they are not even looked for.
    """

    def __init__(
        self,
        fields: Path = Path("runs/fields"),
        crop_wpx: int = 320,
        batch_size: int = 4,
        seed: int = 1,
        workers: int = 1,
        validation_fields: int = 24,
        needs: Needs = Needs(),  # noqa: B008 - frozen, and the recipe's parser needs a value
        reach: PoseRange = PoseRange(),  # noqa: B008
        phantoms: Path | None = None,
        phantom_share: float = 0.5,
    ) -> None:
        """Keep the settings; fields are looked for when training begins."""
        super().__init__()
        self.fields, self.crop_wpx, self.batch_size, self.seed = fields, crop_wpx, batch_size, seed
        self.workers, self.validation_fields, self.needs, self.reach = workers, validation_fields, needs, reach
        self.phantoms, self.phantom_share = phantoms, phantom_share

    def train_dataloader(self) -> DataLoader[Sample]:
        """Crops from the first that has not been seen."""
        if self.trainer is None:
            raise RuntimeError("training crops are counted by the trainer that asks for them")
        trainer = self.trainer
        crops = CropRange(
            trainer.global_step, trainer.max_steps, self.batch_size, trainer.global_rank, trainer.world_size
        )
        return batches_of(self._crops(), crops, self.batch_size, self.workers)

    def val_dataloader(self) -> DataLoader[Sample]:
        """Whole fields."""
        dataset = WholeFieldDataset(self.fields / Split.VALIDATION, self.validation_fields)
        return DataLoader(dataset, batch_size=1)

    def _crops(self) -> CropDataset | MixedCrops:
        own = CropDataset(self.fields / Split.TRAIN, self.crop_wpx, self.seed, self.needs, self.reach)
        if self.phantoms is None or self.phantom_share == 0:
            return own
        phantoms = CropDataset(self.phantoms / Split.TRAIN, self.crop_wpx, self.seed, self.needs, self.reach)
        return MixedCrops(own, phantoms, self.phantom_share, self.seed)
