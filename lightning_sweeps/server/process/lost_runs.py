"""Ends the runs of machines that have been silent for long, while the server runs."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from fastapi.concurrency import run_in_threadpool

from lightning_sweeps.server.process.background_task import repeated_task
from lightning_sweeps.server.process.pause_detector import PauseDetector
from lightning_sweeps.store import silence
from lightning_sweeps.store.database import Store

LOOKS = 10
"""How often within the longest silence the server looks."""
LONGEST_INTERVAL_S = 60.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class LostRuns:
    """Looks for silent machines at regular intervals.

    Attributes:
        store: the database.
        lost_s: longest silence of a machine; 0: machines may be silent forever.
    """

    store: Store
    lost_s: float
    _pauses: PauseDetector = field(init=False)

    def __post_init__(self) -> None:
        self._pauses = PauseDetector(self._interval_s, self._interval_s)

    @property
    def _interval_s(self) -> float:
        return min(self.lost_s / LOOKS, LONGEST_INTERVAL_S)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look while the context is open."""
        if not self.lost_s:
            yield
            return
        async with repeated_task(
            partial(run_in_threadpool, self.look),
            every_s=self._interval_s,
            aim="look for silent machines",
            on_failure=self._pauses.note_failure,
        ):
            yield

    def look(self) -> None:
        """End the runs of machines that are silent now."""
        now = self.store.now()
        if self._pauses.is_after_pause(monotonic_s=time.monotonic(), wall_s=now):
            return
        since = self._pauses.answering_since
        with self.store.write() as connection:
            lost = silence.end_silent_runs(connection, now=now, lost_s=self.lost_s, answering_since=since)
        for run_id in lost:
            _log.warning("run `%s` is `lost`: its machine has been silent for %.0f s", run_id, self.lost_s)
