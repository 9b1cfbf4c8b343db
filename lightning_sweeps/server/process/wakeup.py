"""Wakes requests of this process that wait for a change in a sweep."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class WakeUp:
    """Lets requests wait for changes of a sweep. Use it in the event loop's thread only."""

    def __init__(self) -> None:
        self._waiters: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self._leases: Counter[str] = Counter()

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
    def waiting_agent(self, sweep_id: str) -> Iterator[None]:
        """Count an agent as waiting for a trial while the context is open."""
        self._leases[sweep_id] += 1
        try:
            yield
        finally:
            self._leases[sweep_id] -= 1
            if not self._leases[sweep_id]:
                del self._leases[sweep_id]

    def waiting(self, sweep_id: str) -> int:
        """Return how many agents wait in this process for a trial of the sweep."""
        return self._leases[sweep_id]
