"""Thins and deletes old rows while the server runs."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from fastapi.concurrency import run_in_threadpool

from lightning_sweeps.core.durations import parse_duration
from lightning_sweeps.core.per_project import PerProject, per_project_option
from lightning_sweeps.core.setting_values import AGES_ALLOWED, COUNTS_ALLOWED, positive_count
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.process.background_task import repeated_task
from lightning_sweeps.store import retention
from lightning_sweeps.store.database import Store

INTERVAL_S = 600.0
PASS_S = 120.0
"""How long one pass may take. Each of its transactions takes milliseconds, so that others can write in between."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RowRules:
    """What the owner of a server decided about rows.

    Attributes:
        thin_s: seconds after the end of a run after which its rows are thinned.
        keep_s: seconds after which they are deleted.
        quota: maximum number of rows.
    """

    thin_s: PerProject[float] = field(default_factory=PerProject)
    keep_s: PerProject[float] = field(default_factory=PerProject)
    quota: PerProject[int] = field(default_factory=PerProject)


def row_rules(settings: Settings, *, thin: list[str], keep: list[str], quota: list[str]) -> RowRules:
    """Return the rules of command line options, or of the environment where an option is not given.

    Raises:
        UsageError: a value is not allowed.
    """
    return RowRules(
        per_project_option("--thin-rows", thin, settings.thin_rows, parse_duration, AGES_ALLOWED),
        per_project_option("--keep-rows", keep, settings.keep_rows, parse_duration, AGES_ALLOWED),
        per_project_option("--quota-rows", quota, settings.quota_rows, positive_count, COUNTS_ALLOWED),
    )


@dataclass(slots=True)
class Retention:
    """Carries out the rules about old rows."""

    store: Store
    rules: RowRules
    interval_s: float = INTERVAL_S

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Thin and delete old rows while the context is open."""
        if not self.rules.thin_s.is_set and not self.rules.keep_s.is_set:
            yield
            return
        work = partial(run_in_threadpool, self.apply)
        async with repeated_task(work, every_s=self.interval_s, aim="thin and delete old rows"):
            yield

    def apply(self) -> None:
        """Treat rows that are due, for at most about `PASS_S`."""
        deadline = time.monotonic() + PASS_S
        retention.empty_discarded(self.store)
        self._treat("delete", self.rules.keep_s, retention.delete_rows, deadline)
        self._treat("thin", self.rules.thin_s, retention.thin, deadline)

    def _treat(
        self,
        action: retention.Action,
        ages: PerProject[float],
        treat: Callable[[Store, retention.DueRows], None],
        deadline: float,
    ) -> None:
        seen: set[retention.DueRows] = set()
        while True:
            with self.store.read() as connection:
                due = retention.due(connection, action, ages, now=self.store.now())
            fresh = [rows for rows in due if rows not in seen]  # rows that arrived meanwhile are due again later
            for rows in fresh:
                if time.monotonic() > deadline:
                    return
                treat(self.store, rows)
                _log.info("%s: the rows of `%s`", action, rows.run_id or f"{rows.journal_id} of {rows.node_id}")
            if not fresh:
                return
            seen.update(fresh)


def check_storage(store: Store, rules: RowRules) -> None:
    """Check that the storage of series can do what the rules ask for.

    Raises:
        UsageError: it cannot thin.
    """
    if rules.thin_s.is_set and not store.series.can_thin:
        raise UsageError(
            f"`--thin-rows` needs a series storage that can thin; `{type(store.series).__name__}` cannot",
            hint="`--keep-rows` deletes old rows with every storage",
        )
