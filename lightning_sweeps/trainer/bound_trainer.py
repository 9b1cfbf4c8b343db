"""Connects a logger with the Trainer that uses it.

Lightning passes its Trainer to callbacks, but not to loggers. It opens the loggers of a Trainer in two functions, with
the Trainer in a local variable, from which the logger takes it. `SweepCallback` passes the Trainer openly, too.
"""

from __future__ import annotations

import weakref
from typing import Any

LIGHTNING_FUNCTIONS = frozenset({"_call_setup_hook", "_log_hyperparams"})
"""The functions of Lightning that open a Trainer's loggers: before `setup`, and before the first row."""


def find_trainer(caller: Any) -> Any:
    """Return the Trainer if Lightning opens its loggers in the frame `caller`, else None."""
    if caller.f_code.co_name not in LIGHTNING_FUNCTIONS or "lightning" not in caller.f_globals.get("__name__", ""):
        return None
    return caller.f_locals.get("trainer")


class BoundTrainer:
    """The Trainer that a logger belongs to now. It is not kept alive, and is not pickled.

    Attributes:
        checkpoint_callbacks: its callbacks without a `dirpath`. They write to the folder of the run.
    """

    def __init__(self, trainer: Any, logger: Any, *, previous: BoundTrainer | None) -> None:
        self._trainer = weakref.ref(trainer)
        is_known = previous is not None and previous._trainer() is trainer
        self.checkpoint_callbacks: list[Any] = previous.checkpoint_callbacks if previous and is_known else []
        is_first = bool(trainer.loggers) and trainer.loggers[0] is logger  # it determines the folder
        if is_first and trainer.state.fn == "fit":
            callbacks = trainer.checkpoint_callbacks
            new = [item for item in callbacks if getattr(item, "dirpath", "") is None]
            self.checkpoint_callbacks = [*self.checkpoint_callbacks, *new]

    @property
    def is_alone(self) -> bool:
        """Whether the Trainer has one process. An outer launcher may have started several Trainers."""
        trainer = self._trainer()
        return trainer is not None and trainer.world_size == 1

    def find_step(self) -> int | None:
        """Return the step at which Lightning logs now, or None if the Trainer is gone."""
        trainer = self._trainer()
        return None if trainer is None else int(trainer.fit_loop.epoch_loop._batches_that_stepped)

    def set_checkpoint_folder(self, folder: str) -> None:
        """Let the callbacks without a folder write to this one."""
        for callback in self.checkpoint_callbacks:
            callback.dirpath = folder
