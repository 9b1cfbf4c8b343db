"""Starts the service of this machine if journals wait that no service uploads, while a server runs on its home folder.

Every program and every command starts the service too. The server is there for the page: what it shows is complete
although nothing else runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi.concurrency import run_in_threadpool

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.server.process.background_task import background_task
from lightning_sweeps.system.start_service import journals_wait, start_service_if_journals_wait

INTERVAL_S = 3.0

_log = logging.getLogger(__name__)


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
        async with background_task(self._watch()):
            yield

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                await run_in_threadpool(self.look)
            except OSError:
                _log.exception("cannot look for journals, trying again")

    def look(self) -> None:
        """Start the service if a journal waits that the last service would have uploaded."""
        if journals_wait(self.home):
            start_service_if_journals_wait(self.home, self.settings)
