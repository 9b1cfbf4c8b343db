"""Knows which projects have more rows than they may. New rows of their runs wait on the machines that logged them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from fastapi.concurrency import run_in_threadpool

from lightning_sweeps.core.per_project import PerProject
from lightning_sweeps.server.process.background_task import repeated_task
from lightning_sweeps.store import space
from lightning_sweeps.store.database import Store

INTERVAL_S = 5.0
"""How often rows are counted: a project may have the rows of this time more than its quota."""


@dataclass(slots=True)
class RowQuota:
    """The projects that are over their quota.

    Attributes:
        store: the database.
        limits: maximum number of rows; rows that were thinned or deleted do not count.
        over: by name of a project, why it accepts no more rows.
    """

    store: Store
    limits: PerProject[int]
    over: Mapping[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Count rows while the context is open."""
        if not self.limits.is_set:
            yield
            return
        async with repeated_task(partial(run_in_threadpool, self.count), every_s=INTERVAL_S, aim="count rows"):
            yield

    def count(self) -> None:
        """Find the projects that are over their quota now."""
        with self.store.read() as connection:
            counted = space.counted_rows(connection)
        self.over = space.over_quota(counted, self.limits)
