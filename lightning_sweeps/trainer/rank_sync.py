"""How the ranks of a training hear of one another's news at the same batch, with one small collective a second.

A meeting is one sum over a few whole numbers; how many batches later all meet again is part of it, as rank 0 has
learned it from the clock. Between two meetings nothing is sent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch

from lightning_sweeps.trainer.sync_schedule import batches_until_next


@dataclass(frozen=True, slots=True)
class News:
    """What one rank brings along, or, after a meeting, how many ranks have brought it."""

    sigterm: int = 0
    requeue: int = 0
    stop: int = 0


class Meeting:
    """The schedule of one training; the same on every rank, at every batch.

    Args:
        interval_s: the time wanted between two meetings.
    """

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._batches = self._remaining = 1
        self._met_at = time.monotonic()
        self.works_us: list[int] = []

    def is_due(self) -> bool:
        """Count one batch; every rank hears the same."""
        self._remaining -= 1
        return self._remaining <= 0

    def exchange(self, trainer: Any, own: News, work_us: int = 0) -> News:
        """Return the news of all ranks, and agree on the next meeting. A collective.

        Args:
            work_us: this rank's own work per batch; `works_us` then holds that of all.
        """
        if trainer.world_size == 1:
            self._go_on(self._plan())
            return own
        planned = self._plan() if trainer.is_global_zero else 0
        works_us = [0] * trainer.world_size
        works_us[trainer.global_rank] = work_us
        parts = [own.sigterm, own.requeue, own.stop, planned, *works_us]
        numbers = torch.tensor(parts, device=trainer.strategy.root_device)
        sigterm, requeue, stop, batches, *self.works_us = trainer.strategy.reduce(numbers, reduce_op="sum").tolist()
        self._go_on(batches)
        return News(sigterm, requeue, stop)

    def _plan(self) -> int:
        batches = max(1, self._batches - max(0, self._remaining))
        return batches_until_next(batches, time.monotonic() - self._met_at, interval_s=self._interval_s)

    def _go_on(self, batches: int) -> None:
        self._batches = self._remaining = batches
        self._met_at = time.monotonic()
