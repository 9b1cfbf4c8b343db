"""The part of a server process that serves sweeps: waiting agents, the suggestion worker, and the checks of leases."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Annotated, TypeVar

from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from lightning_sweeps.engine import leases, sweeps, trial_ends
from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.process.background_task import repeated_task
from lightning_sweeps.server.process.pause_detector import PauseDetector
from lightning_sweeps.server.process.suggester import Suggester
from lightning_sweeps.server.process.wakeup import WakeUp
from lightning_sweeps.store.database import Store

T = TypeVar("T")

LEASE_S = 60.0
"""An agent that sends no heartbeat for this long loses its trial."""

TAKEOVER_LEASES = 9
"""By default, a trial that may still run stays this many lease times with an agent whose lease has expired."""

CHECKS_PER_LEASE = 8
"""How often within the time of a lease the server looks for silent agents."""

MIN_PAUSE_S = 1.0
"""Shortest delay of these checks that counts as a pause of the server."""

_log = logging.getLogger(__name__)


class Control:
    """The state of sweeps that only this process has: waiting agents, and the trials that the worker prepares."""

    def __init__(self, store: Store, *, lease_s: float, takeover_s: float | None = None) -> None:
        self.store = store
        self.lease_s = lease_s
        self.takeover_s = TAKEOVER_LEASES * lease_s if takeover_s is None else takeover_s
        self.wake_up = WakeUp()
        self.suggester = Suggester(store, self.wake_up)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a thread, in a read transaction."""

        def run() -> T:
            with self.store.read() as connection:
                return work(connection)

        return await run_in_threadpool(run)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a thread, in a write transaction."""

        def run() -> T:
            with self.store.write() as connection:
                return work(connection)

        return await run_in_threadpool(run)

    async def is_fitted(self, sweep_id: str) -> bool:
        """Return whether the sweep's method runs in the worker."""
        definition = await self.read(lambda connection: sweeps.definition_of(connection, sweep_id))
        return definition.method.is_fitted

    async def announce_changes(self, sweep_ids: Iterable[str | None]) -> None:
        """Announce a change of each sweep; None stands for no sweep."""
        for sweep_id in sweep_ids:
            if sweep_id is not None:
                await self.announce_change(sweep_id)

    async def announce_change(self, sweep_id: str) -> None:
        """Wake the requests that wait for this sweep, and prepare its next trials if its method is fitted."""
        self.wake_up.notify(sweep_id)
        with suppress(UsageError):  # the method is no longer installed; the next lease says so
            if await self.is_fitted(sweep_id):
                self.suggester.prepare(sweep_id)


@asynccontextmanager
async def background(app: FastAPI) -> AsyncIterator[None]:
    """Expire leases and prepare suggestions while the server runs."""
    control = Control(app.state.store, lease_s=app.state.lease_s, takeover_s=app.state.takeover_s)
    app.state.control = control
    interval_s = control.lease_s / CHECKS_PER_LEASE
    pauses = PauseDetector(interval_s, max(2 * interval_s, MIN_PAUSE_S))
    try:
        async with repeated_task(
            partial(_check_leases, control, pauses),
            every_s=interval_s,
            aim="check the leases",
            on_failure=pauses.note_failure,
        ):
            yield
    finally:
        await control.suggester.close()


async def _check_leases(control: Control, pauses: PauseDetector) -> None:
    """Take the trials of silent agents, and close those whose journals do not arrive.

    After a pause of the server, every agent gets a fresh lease instead.
    """
    now, lease_s = control.store.now(), control.lease_s
    if pauses.is_after_pause(monotonic_s=time.monotonic(), wall_s=now):
        renewed = await control.write(lambda connection: leases.renew_all(connection, now=now, lease_s=lease_s))
        if renewed:
            _log.warning("the server is back from a pause: %d running trials have a fresh lease", renewed)
        return
    since = pauses.answering_since
    expired = await control.write(
        lambda connection: leases.expire_leases(
            connection, now=now, lease_s=lease_s, takeover_s=control.takeover_s, answering_since=since
        )
    )
    for trial in expired:
        _log.warning("trial `%s` is `%s`: agent `%s` sent no heartbeat", trial.trial, trial.state, trial.agent)
        control.wake_up.notify(trial.sweep)
    for closed in await control.write(lambda connection: trial_ends.close_overdue(connection, now=now)):
        _log.warning("trial `%s` is `%s`: %s", closed.id, closed.state, closed.reason)
        await control.announce_change(closed.sweep)


async def get_control(request: Request) -> Control:
    """Return the control of this process."""
    control: Control = request.app.state.control
    return control


ControlDep = Annotated[Control, Depends(get_control)]
