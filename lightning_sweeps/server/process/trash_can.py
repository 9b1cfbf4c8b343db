"""Deletes for good what has been in the trash for long, while the server runs."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi.concurrency import run_in_threadpool

from lightning_sweeps.engine import sweep_trash
from lightning_sweeps.messages import Trash, TrashEmptied
from lightning_sweeps.server.process.background_task import repeated_task
from lightning_sweeps.store import trash
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.pacing import leaving_time

INTERVAL_S = 600.0
PASS_S = 5.0
"""How long one pass may take."""
AT_ONCE = 10
"""Number of runs that one transaction deletes."""
PAUSE = 2.0
"""How long others can write after a transaction, as a multiple of its duration."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class TrashCan:
    """The trash of a server.

    Attributes:
        store: the database.
        keep_s: seconds after which the content is deleted for good; None: never.
    """

    store: Store
    keep_s: float | None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Delete old content while the context is open."""
        if self.keep_s is None:
            yield
            return
        empty_old = partial(run_in_threadpool, self._empty_old, self.keep_s)
        async with repeated_task(empty_old, every_s=INTERVAL_S, aim="empty the trash"):
            yield

    def content(self) -> Trash:
        """Return what is in the trash."""
        with self.store.read() as connection:
            runs, rows, oldest_run = trash.count(connection)
            sweeps, oldest_sweep = sweep_trash.count(connection)
        oldest = min((time for time in (oldest_run, oldest_sweep) if time is not None), default=None)
        return Trash(runs, rows, sweeps, oldest, self.keep_s)

    def empty(self, *, before: float) -> TrashEmptied:
        """Delete for good what was deleted before a time, for at most about `PASS_S`."""
        deadline = time.monotonic() + PASS_S
        runs = sweeps = 0
        while time.monotonic() < deadline:
            with self.store.read() as connection:
                due_runs = trash.due(connection, before=before, limit=AT_ONCE)
                due_sweeps = sweep_trash.due(connection, before=before, limit=AT_ONCE) if not due_runs else []
            if not due_runs and not due_sweeps:
                break
            with leaving_time(PAUSE):
                runs += trash.delete_runs(self.store, due_runs, now=self.store.now()) if due_runs else 0
                for sweep_id in due_sweeps:
                    with self.store.write() as connection:
                        sweeps += sweep_trash.delete_for_good(connection, sweep_id)
        left = self.content()
        return TrashEmptied(runs, sweeps, left.runs + left.sweeps)

    def _empty_old(self, keep_s: float) -> None:
        done = self.empty(before=self.store.now() - keep_s)
        if done.runs or done.sweeps:
            _log.info("deleted for good: %d runs and %d sweeps that were in the trash", done.runs, done.sweeps)
