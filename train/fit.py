"""`python -m train fit`: Lightning's own command line over the network and the fields."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from histo.errors import UsageError
from train.datamodule import FieldsModule
from train.lightning import CSVLogger, LightningArgumentParser, LightningCLI, TensorBoardLogger, Trainer
from train.module import MuscleModule

FINAL = "final.ckpt"
"""Name of the checkpoint written when a training is complete; it holds the averaged weights only."""

_RECIPE_REMEDY = "give a recipe (--config train/configs/NAME.yaml) or --trainer.max_steps"

FIGURES = "figures"
"""Folder of the figures and the settings of every start of a training, beside its checkpoints."""

_KNOWN_WARNINGS = (
    # the arguments are ours: this is one command of several
    r"LightningCLI's args parameter is intended to run from within Python",
    # crops are made by one process on purpose: on 2 cores more would take time from the network
    r"The '(train|val)_dataloader' does not have many workers",
    # each start gets its own folder of figures beside those of the training it goes on from
    r"Checkpoint directory .* exists and is not empty",
    # crops are pure functions of their number and counting goes on where it stopped: see train.datamodule
    r"You're resuming from a checkpoint that ended before the epoch ended",
    # on a machine that has Slurm; whoever wants a job of it writes one
    r"The `srun` command is available",
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",
)


class _FitCommand(LightningCLI):
    """Keeps everything of a training in one folder, and adds the checkpoint of a complete one."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """A recipe's own logger writes where checkpoints go: to `trainer.default_root_dir`."""
        parser.link_arguments("trainer.default_root_dir", "trainer.logger.init_args.save_dir")

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:  # noqa: ANN401 (Lightning's own signature)
        """Figures go to a CSV file and to TensorBoard, where the recipe names no logger."""
        settings = self._get(self.config, "trainer")
        if settings["logger"] in (None, True):
            root = settings["default_root_dir"] or "."
            kwargs["logger"] = [CSVLogger(root, name=FIGURES), TensorBoardLogger(root, name="tensorboard")]
        trainer = super().instantiate_trainer(**kwargs)
        if trainer.max_steps < 1:
            raise UsageError("trainer.max_steps", "is not set, and the learning rate follows it", _RECIPE_REMEDY)
        return trainer

    def after_fit(self) -> None:
        """Keep the end state beside the checkpoints that training was saved to on its way."""
        self.trainer.save_checkpoint(Path(self.trainer.default_root_dir) / FINAL, weights_only=True)


def fit(arguments: Sequence[str]) -> None:
    """Train as a recipe says.

    Args:
        arguments: As on the command line, after `fit`; `--config train/configs/NAME.yaml` and any field by name.

    Raises:
        UsageError: If they do not say for how many steps.
        KeyboardInterrupt: If it was stopped; Lightning itself would end the program as if it had failed.
    """
    with _without_known_warnings():
        try:
            _command(["fit", *arguments], run=True)
        except SystemExit as end:
            if isinstance(end.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            raise


@contextmanager
def prepared(arguments: Sequence[str]) -> Iterator[tuple[Trainer, MuscleModule, FieldsModule]]:
    """What a recipe describes, made but not trained.

    Args:
        arguments: As those of `fit`.
    """
    with _without_known_warnings():
        command = _command(arguments, run=False)
        yield command.trainer, command.model, command.datamodule


def _command(arguments: Sequence[str], run: bool) -> _FitCommand:
    return _FitCommand(
        MuscleModule,
        FieldsModule,
        args=list(arguments),
        run=run,
        seed_everything_default=1,
        auto_configure_optimizers=False,
        save_config_kwargs={"overwrite": True},
        # crops are counted, so that every process of several gets its own: see train.datamodule
        trainer_defaults={"use_distributed_sampler": False},
    )


@contextmanager
def _without_known_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        for message in _KNOWN_WARNINGS:
            warnings.filterwarnings("ignore", message)
        yield
