"""What `SweepCallback` does, without a word of Lightning: the classes in `callback.py` bind it to Lightning's base.

A stop is one small file that the service writes. Rank 0 alone looks for it; all ranks learn of it at the same batch,
through one small broadcast whose schedule is itself part of the broadcast: it says whether to stop, and after how many
batches all meet again, about once a second. Between two meetings nothing is sent and nothing is read.
"""

from __future__ import annotations

import atexit
import functools
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch.distributed

from lightning_sweeps.errors import UsageError
from lightning_sweeps.trainer.logger_core import SweepLoggerCore
from lightning_sweeps.trainer.schedule import batches_until_next

log = logging.getLogger("lightning_sweeps")

CHECKPOINTS = "checkpoints"
"""The folder's name in all of Lightning's loggers."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """What the Trainer was told to train at least, kept while a stop overrides it."""

    epochs: int | None
    steps: int | None


class SweepCallbackCore:
    """Makes a training obey its sweep: when the controller stops the trial, all ranks leave at the same batch.

    The current batch is finished, validation is not run once more, and neither `min_epochs` nor `min_steps` holds the
    stop up. The run ends as `stopped` with the controller's reason, and the program goes on after `fit` as after any
    early stop, with exit status 0. Outside a sweep nothing is stopped.

    A `ModelCheckpoint` without a `dirpath` writes to the run's folder.

    Args:
        interval_s: about how often rank 0 looks for a stop and tells the others, in seconds.

    Raises:
        UsageError: `interval_s` is not a positive number.
    """

    def __init__(self, *, interval_s: float = 1.0) -> None:
        super().__init__()
        if not interval_s > 0:
            raise UsageError(f"`interval_s` is `{interval_s}`, allowed: seconds > 0")
        self._interval_s = interval_s
        self._logger: SweepLoggerCore | None = None
        self._is_active = False
        self._has_validated = False
        self._batches = 1
        self._remaining = 1
        self._met_at = 0.0
        self._minimum: Minimum | None = None
        self._stop_reason: str | None = None

    @property
    def stop_reason(self) -> str | None:
        """Why the sweep has stopped this training, or None; the same on every rank."""
        return self._stop_reason

    # hooks

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:  # noqa: ARG002 - Lightning's signature
        loggers = [logger for logger in trainer.loggers if isinstance(logger, SweepLoggerCore)]
        self._logger = loggers[0] if loggers else None
        if stage == "fit" and loggers and trainer.loggers[0] is loggers[0]:  # the first logger decides on folders
            _place_checkpoints(trainer, loggers[0])

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        is_swept = self._logger is not None and self._logger.trial is not None
        self._is_active = bool(trainer.strategy.broadcast(is_swept))  # what rank 0 sees holds for all
        self._has_validated = False
        self._batches = self._remaining = 1
        self._met_at = time.monotonic()
        self._stop_reason = None

    def on_train_batch_end(self, trainer: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        if not self._is_active:
            return
        self._remaining -= 1
        if self._remaining <= 0 and self._meet(trainer):
            self._skip_validation(trainer)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        if self._is_active and not trainer.sanity_checking:
            self._has_validated = True
            self._meet(trainer)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        self._restore_minimum(trainer)
        self._is_active = False

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:  # noqa: ARG002
        self._restore_minimum(trainer)
        self._is_active = False
        _ProcessGroupAtExit.is_safe = False

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:  # noqa: ARG002
        if trainer.world_size > 1:
            _ProcessGroupAtExit.register()

    # inside

    def _meet(self, trainer: Any) -> bool:
        """Hear from rank 0 whether to stop and when to meet again; every rank is here at the same batch."""
        if self._stop_reason is not None:
            return False
        order = self._look() if trainer.is_global_zero else None
        reason, self._remaining = trainer.strategy.broadcast(order)
        self._batches, self._met_at = self._remaining, time.monotonic()
        if reason is None:
            return False
        self._stop(trainer, reason)
        return True

    def _look(self) -> tuple[str | None, int]:
        reason = self._logger.stop_requested() if self._logger is not None else None
        batches = max(1, self._batches - max(0, self._remaining))
        elapsed_s = time.monotonic() - self._met_at
        return reason, batches_until_next(batches, elapsed_s, interval_s=self._interval_s)

    def _stop(self, trainer: Any, reason: str) -> None:
        self._stop_reason = reason
        if self._logger is not None:
            self._logger.note_stop(reason)
        if trainer.is_global_zero:
            log.info("the sweep stops this training at step %d: %s", trainer.global_step, reason)
        loop = trainer.fit_loop
        self._minimum = Minimum(loop.min_epochs, loop.epoch_loop.min_steps)
        loop.min_epochs, loop.epoch_loop.min_steps = 0, None
        trainer.should_stop = True

    def _skip_validation(self, trainer: Any) -> None:
        """Keep Lightning from running validation once more before it leaves, where that is not due anyway.

        Before the first validation it is left to run: callbacks and schedulers that monitor its metrics need them.
        """
        if self._has_validated and not trainer.is_last_batch and hasattr(trainer.fit_loop.epoch_loop, "_skip_next_val"):
            trainer.fit_loop.epoch_loop._skip_next_val = True

    def _restore_minimum(self, trainer: Any) -> None:
        if self._minimum is not None:
            trainer.fit_loop.min_epochs = self._minimum.epochs
            trainer.fit_loop.epoch_loop.min_steps = self._minimum.steps
            self._minimum = None


def _place_checkpoints(trainer: Any, logger: SweepLoggerCore) -> None:
    for callback in trainer.checkpoint_callbacks:
        if getattr(callback, "dirpath", "") is None:
            callback.dirpath = str(Path(logger.save_dir, CHECKPOINTS))


class _ProcessGroupAtExit:
    """Destroys a gloo process group when the interpreter ends: Lightning does it for NCCL only.

    Left alone, gloo's threads now and then abort the exit of a training that went well ("terminate called without an
    active exception", https://github.com/pytorch/pytorch/issues/190489). After an exception the group may still wait
    for a rank that is gone, and destroying it would wait too: then it is left alone.
    """

    is_safe = True

    @classmethod
    @functools.cache
    def register(cls) -> None:
        atexit.register(cls.destroy)

    @classmethod
    def destroy(cls) -> None:
        distributed = torch.distributed
        has_group = distributed.is_available() and distributed.is_initialized()
        if cls.is_safe and has_group and "gloo" in distributed.get_backend():
            distributed.destroy_process_group()
