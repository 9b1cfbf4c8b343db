"""Watches the sweeps in the database and raises alerts for changes of their states.

Every change is visible in the database, whichever request, agent or server process made it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select

from lightning_sweeps.alerts.outbox import Outbox
from lightning_sweeps.alerts.registry import open_channel
from lightning_sweeps.alerts.rules import alert_of
from lightning_sweeps.engine import sweeps
from lightning_sweeps.messages import SweepState
from lightning_sweeps.server.process.background_task import repeated_task, try_once
from lightning_sweeps.store import schema
from lightning_sweeps.store.changes import OVERLAP_S
from lightning_sweeps.store.database import Store

INTERVAL_S = 1.0
"""How often the database is read."""
CLOSE_S = 1.0
"""How long a shutdown waits for alerts that are being sent."""
AIM = "read the sweeps for alerts"


class AlertWatch:
    """Raises alerts for the sweeps of a store.

    A sweep that changed before the first `look` raises no alert, so that a restart repeats no alert.

    Args:
        store: The database.
        options: Channels as `name=destination`. Without any, nothing is watched.
        url: The server's own address, for links.

    Raises:
        UsageError: an option is not valid.
    """

    def __init__(self, store: Store, options: Sequence[str], *, url: str) -> None:
        self._store = store
        self._url = url
        self._states: dict[str, SweepState] | None = None
        self._since = 0.0
        self._one_at_a_time = threading.Lock()
        channels = [open_channel(option) for option in options]
        self._outboxes = [Outbox(name, channel) for name, channel in channels]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch while the context is open."""
        if not self._outboxes:
            yield
            return
        look = partial(run_in_threadpool, self.look)
        await run_in_threadpool(self.look)
        try:
            async with repeated_task(look, every_s=INTERVAL_S, aim=AIM, waits_first=True):
                yield
        finally:
            await try_once(look, aim=AIM)
            await asyncio.gather(*(run_in_threadpool(partial(one.close, timeout_s=CLOSE_S)) for one in self._outboxes))

    def look(self) -> None:
        """Read the sweeps that changed since the last call and raise their alerts."""
        with self._one_at_a_time:  # a cancelled task leaves its call running in a thread
            self._look(self._store.now())

    def _look(self, now: float) -> None:
        table = schema.sweep.c
        with self._store.read() as connection:
            changed = select(table.id, table.state).where(table.changed > self._since - OVERLAP_S)
            states: dict[str, SweepState] = {row.id: row.state for row in connection.execute(changed)}
            if self._states is None:
                self._states, self._since = states, now
                return
            new = [sweep for sweep, state in states.items() if state != self._states.get(sweep)]
            found = [sweeps.get_sweep(connection, sweep) for sweep in new]
        for sweep in found:
            alert = alert_of(self._states.get(sweep.id), sweep, url=f"{self._url}/sweeps/{sweep.id}", now=now)
            self._states[sweep.id] = sweep.state
            if alert is not None:
                for outbox in self._outboxes:
                    outbox.put(alert)
        self._since = now
