"""Wakes requests of this process that wait for a change in a sweep."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class WakeUp:
    """Lets requests wait for changes of a sweep. Use it in the event loop's thread only."""

    def __init__(self) -> None:
        self._waiters: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self._asked: defaultdict[str, list[float]] = defaultdict(list)

    async def wait(self, sweep_id: str, *, timeout_s: float) -> None:
        """Wait until the sweep changes, or until `timeout_s` has passed."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[sweep_id].add(future)
        try:
            await asyncio.wait([future], timeout=timeout_s)
        finally:
            self._waiters[sweep_id].discard(future)
            if not self._waiters[sweep_id]:
                del self._waiters[sweep_id]

    def notify(self, sweep_id: str) -> None:
        """Wake every request that waits for this sweep."""
        for future in self._waiters.get(sweep_id, ()):
            if not future.done():
                future.set_result(None)

    @contextmanager
    def waiting_agent(self, sweep_id: str, *, asked: float) -> Iterator[None]:
        """Count an agent as waiting for a trial while the context is open.

        Args:
            sweep_id: the sweep.
            asked: when the agent asked, in seconds since the epoch.
        """
        self._asked[sweep_id].append(asked)
        try:
            yield
        finally:
            self._asked[sweep_id].remove(asked)
            if not self._asked[sweep_id]:
                del self._asked[sweep_id]

    def asked(self, sweep_id: str) -> tuple[float, ...]:
        """Return when each agent asked that waits in this process for a trial of the sweep."""
        return tuple(self._asked.get(sweep_id, ()))
