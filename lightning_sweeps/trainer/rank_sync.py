"""Synchronizes events between ranks at the same batch, with about one small collective a second.

A synchronization is one sum over a few integers. It also determines after how many batches the ranks synchronize again,
based on rank 0's measurements. Between two synchronizations nothing is sent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch

from lightning_sweeps.trainer.sync_schedule import batches_until_next


@dataclass(frozen=True, slots=True)
class RankEvents:
    """The events that one rank has seen, or after a synchronization the number of ranks that have seen each.

    Attributes:
        sigterm: SIGTERM has arrived.
        requeue: Slurm's requeue signal has arrived.
        stop: the sweep wants to stop the trial.
    """

    sigterm: int = 0
    requeue: int = 0
    stop: int = 0


class RankSync:
    """The synchronizations of one training. Every rank makes the same calls at the same batches.

    Attributes:
        works_us: the own work of each rank in microseconds per batch, as of the last synchronization.

    Args:
        interval_s: the desired time between two synchronizations, in seconds.
    """

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._batches = self._remaining = 1
        self._synced_at = time.monotonic()
        self.works_us: list[int] = []

    def is_due(self) -> bool:
        """Count one batch and return whether the ranks synchronize now. All ranks get the same answer."""
        self._remaining -= 1
        return self._remaining <= 0

    def exchange(self, trainer: Any, own: RankEvents, work_us: int = 0) -> RankEvents:
        """Return the events of all ranks and agree on the next synchronization. This is a collective.

        Args:
            trainer: the Trainer.
            own: the events that this rank has seen.
            work_us: the own work of this rank in microseconds per batch.
        """
        if trainer.world_size == 1:
            self._schedule(self._plan())
            return own
        planned = self._plan() if trainer.is_global_zero else 0
        works_us = [0] * trainer.world_size
        works_us[trainer.global_rank] = work_us
        parts = [own.sigterm, own.requeue, own.stop, planned, *works_us]
        numbers = torch.tensor(parts, device=trainer.strategy.root_device)
        sigterm, requeue, stop, batches, *self.works_us = trainer.strategy.reduce(numbers, reduce_op="sum").tolist()
        self._schedule(batches)
        return RankEvents(sigterm, requeue, stop)

    def _plan(self) -> int:
        batches = max(1, self._batches - max(0, self._remaining))
        return batches_until_next(batches, time.monotonic() - self._synced_at, interval_s=self._interval_s)

    def _schedule(self, batches: int) -> None:
        self._batches = self._remaining = batches
        self._synced_at = time.monotonic()
