"""Which fields a training sees, and from which crop on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from torch.utils.data import DataLoader, Sampler

from train.augment import PoseRange
from train.dataset import CropDataset, Needs, Sample, WholeFieldDataset
from train.lightning import LightningDataModule


class CropRange(Sampler[int]):
    """Crops `first` to `last`, in order: chance is inside the crops, so going on after a stop is going on counting."""

    def __init__(self, first: int, last: int) -> None:
        """Keep the range."""
        self.first, self.last = first, last

    def __iter__(self) -> Iterator[int]:
        """Numbers of crops."""
        return iter(range(self.first, self.last))

    def __len__(self) -> int:
        """All crops of the training, those before `first` too: Lightning counts batches from the very start."""
        return self.last


class FieldsModule(LightningDataModule):
    """Training crops and whole validation fields, from folders made by `python -m train render`.

    Args:
        fields: Holds a folder for each split.
        crop_wpx: Width and height of a training crop, a multiple of 16.
        batch_size: Crops a step.
        seed: Of all chance in the crops.
        workers: Processes that make crops; 0 makes them in the training's own.
        validation_fields: How many fields to validate on; they are read whole.
        needs: What crops are centered on.
        reach: How far the geometry of a crop may go.
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
    ) -> None:
        """Keep the settings; fields are looked for when training begins."""
        super().__init__()
        self.fields, self.crop_wpx, self.batch_size, self.seed = fields, crop_wpx, batch_size, seed
        self.workers, self.validation_fields, self.needs, self.reach = workers, validation_fields, needs, reach

    def train_dataloader(self) -> DataLoader[Sample]:
        """Crops from the first that has not been seen."""
        if self.trainer is None:
            raise RuntimeError("training crops are counted by the trainer that asks for them")
        seen = self.trainer.global_step * self.batch_size
        last = self.trainer.max_steps * self.batch_size
        dataset = CropDataset(self.fields / "train", self.crop_wpx, self.seed, self.needs, self.reach)
        return self._loader(dataset, CropRange(seen, last), self.batch_size)

    def val_dataloader(self) -> DataLoader[Sample]:
        """Whole fields."""
        dataset = WholeFieldDataset(self.fields / "validation", self.validation_fields)
        return DataLoader(dataset, batch_size=1)

    def _loader(self, dataset: CropDataset, sampler: Sampler[int], batch_size: int) -> DataLoader[Sample]:
        if self.workers == 0:
            return DataLoader(dataset, batch_size, sampler=sampler)
        return DataLoader(dataset, batch_size, sampler=sampler, num_workers=self.workers, prefetch_factor=4)
