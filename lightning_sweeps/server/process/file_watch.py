"""Looks at the database's file while the server runs, and says in the log when it is lost."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi.concurrency import run_in_threadpool

from lightning_sweeps.errors import DatabaseLost
from lightning_sweeps.server.process.background_task import repeated_task
from lightning_sweeps.store.database import Store

INTERVAL_S = 1.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class FileWatch:
    """Checks the file of an SQLite database at regular intervals. A store that has lost its file answers nothing."""

    store: Store
    _suspicion: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look while the context is open."""
        if self.store.file is None:
            yield
            return
        look = partial(run_in_threadpool, self.look)
        async with repeated_task(look, every_s=INTERVAL_S, aim="look at the database's file", waits_first=True):
            yield

    def look(self) -> None:
        """Check the file. What two looks in a row find is not a checkpoint that was being written."""
        if self.store.file is None:
            return
        found = ""
        try:
            self.store.file.check_contents()
        except DatabaseLost as lost:
            found = str(lost)
            if found == self._suspicion and self.store.lost is None:
                self.store.lost = lost
                _log.critical("%s", found)
        if not found and self.store.lost is not None:
            _log.warning("the database's file is back")
            self.store.lost = None
        self._suspicion = found
