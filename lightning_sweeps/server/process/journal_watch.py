"""Starts the service of this machine if journals wait that no service uploads, while a server runs on its home folder.

Every program and every command starts the service too. The server is there for the page: what it shows is complete
although nothing else runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi.concurrency import run_in_threadpool

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.server.process.background_task import repeated_task
from lightning_sweeps.system.start_service import start_service_if_uploads_wait

INTERVAL_S = 3.0


@dataclass(slots=True)
class JournalWatch:
    """Looks for waiting journals at regular intervals.

    Attributes:
        home: the home folder of the server.
        settings: which kind of service this machine has.
    """

    home: Home
    settings: Settings

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look while the context is open."""
        look = partial(run_in_threadpool, start_service_if_uploads_wait, self.home, self.settings)
        async with repeated_task(look, every_s=INTERVAL_S, aim="look for journals", waits_first=True):
            yield
