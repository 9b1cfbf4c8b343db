"""Sweeps, trials and agents over HTTP: what people ask, and what agents lease, renew and report."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from lightning_sweeps import messages as m
from lightning_sweeps.engine import agents, gangs, leases, suggest, sweeps, trials
from lightning_sweeps.server.context import ClosingDep, StoreDep
from lightning_sweeps.server.process.suggester import Suggester
from lightning_sweeps.server.process.wakeup import WakeUp
from lightning_sweeps.store.database import Store
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.methods import INLINE_METHODS

T = TypeVar("T")

LEASE_S = 60.0
"""An agent that is not heard of for this long loses its trial."""

LOOK_S = 1.0
"""How often a waiting lease looks into the database: another server process may have changed it."""

SLICE_S = 0.2
"""How soon a waiting lease sees that the server ends."""

TOUCHES = 4
"""How often within a lease's time a waiting agent is noted as alive; between these its looks write nothing."""

MAX_WAIT_S = 300.0

router = APIRouter(tags=["sweeps"])
_log = logging.getLogger(__name__)


class Control:
    """The part of this process that knows who waits and what is being prepared."""

    def __init__(self, store: Store, *, lease_s: float) -> None:
        self.store = store
        self.lease_s = lease_s
        self.wake_up = WakeUp()
        self.suggester = Suggester(store, self.wake_up)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a thread, in a transaction that reads."""

        def run() -> T:
            with self.store.read() as connection:
                return work(connection)

        return await run_in_threadpool(run)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a thread, in a transaction that commits."""

        def run() -> T:
            with self.store.write() as connection:
                return work(connection)

        return await run_in_threadpool(run)

    async def is_model(self, sweep_id: str) -> bool:
        """Tell whether the sweep's method fits a model."""
        config = await self.read(lambda connection: sweeps.config_of(connection, sweep_id))
        return config.method not in INLINE_METHODS

    def changed(self, sweep_id: str, *, is_model: bool) -> None:
        """Wake who waits for this sweep, and prepare its next trials where that takes a model."""
        self.wake_up.notify(sweep_id)
        if is_model:
            self.suggester.prepare(sweep_id)


@asynccontextmanager
async def background(app: FastAPI) -> AsyncIterator[None]:
    """Take trials from silent agents and prepare suggestions while the server runs."""
    control = Control(app.state.store, lease_s=app.state.lease_s)
    app.state.control = control
    task = asyncio.get_running_loop().create_task(_expire(control))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await control.suggester.close()


async def _expire(control: Control) -> None:
    while True:
        await asyncio.sleep(control.lease_s / 8)
        now = time.time()
        try:
            expired = await control.write(
                lambda connection, now=now: leases.expire_leases(connection, now=now, lease_s=control.lease_s)  # type: ignore[misc]
            )
        except Exception:
            _log.exception("expired leases could not be taken back; trying again")
            continue
        for trial in expired:
            _log.warning("trial `%s` is `%s`: agent `%s` is silent", trial.trial, trial.state, trial.agent)
            control.wake_up.notify(trial.sweep)


async def get_control(request: Request) -> Control:
    """Return the control that `background` made."""
    control: Control = request.app.state.control
    return control


ControlDep = Annotated[Control, Depends(get_control)]


# people


@router.get("/api/sweeps")
def list_sweeps(store: StoreDep, project: str | None = None) -> list[m.Sweep]:
    """List all sweeps, or those of one project, newest first."""
    with store.read() as connection:
        return sweeps.list_sweeps(connection, project=project)


@router.get("/api/sweeps/{sweep_id}")
def get_sweep(store: StoreDep, sweep_id: str) -> m.Sweep:
    """Return a sweep with its numbers and its best trial."""
    with store.read() as connection:
        return sweeps.get_sweep(connection, sweep_id)


@router.get("/api/sweeps/{sweep_id}/trials")
def list_trials(store: StoreDep, sweep_id: str) -> list[m.Trial]:
    """List a sweep's trials in the order of their numbers."""
    with store.read() as connection:
        sweeps.require_sweep(connection, sweep_id)
        return trials.list_trials(connection, sweep_id)


@router.get("/api/sweeps/{sweep_id}/trials/changes")
def list_trial_changes(
    store: StoreDep,
    sweep_id: str,
    since: Annotated[float | None, Query(allow_inf_nan=False, description="a cursor; default: all trials")] = None,
) -> m.TrialChanges:
    """List those of a sweep's trials that were written since a cursor, in the order of their numbers."""
    cursor = time.time()
    with store.read() as connection:
        sweeps.require_sweep(connection, sweep_id)
        return m.TrialChanges(cursor, trials.changed_trials(connection, sweep_id, since=since))


@router.get("/api/sweeps/{sweep_id}/agents")
def list_agents(store: StoreDep, sweep_id: str) -> list[m.Agent]:
    """List a sweep's agents in the order in which they came."""
    with store.read() as connection:
        sweeps.require_sweep(connection, sweep_id)
        return agents.list_agents(connection, sweep_id)


@router.get("/api/trials/{trial_id}")
def get_trial(store: StoreDep, trial_id: str) -> m.Trial:
    """Return one trial."""
    with store.read() as connection:
        return trials.get_trial(connection, trial_id)


# agents


@router.post("/api/sweeps/{sweep_id}/agents")
async def register_agent(control: ControlDep, sweep_id: str, wanted: m.AgentRegister) -> m.AgentRegistered:
    """Take a new agent in."""

    def register(connection: Connection) -> m.AgentRegistered:
        agent = agents.register_agent(connection, sweep_id, wanted, now=time.time())
        return m.AgentRegistered(agent, sweeps.get_sweep(connection, sweep_id), control.lease_s)

    return await control.write(register)


@router.post("/api/agents/{agent_id}/lease")
async def lease(
    request: Request,
    control: ControlDep,
    closing: ClosingDep,
    agent_id: str,
    wait_s: Annotated[float, Query(ge=0, le=MAX_WAIT_S)] = 0,
    endpoint: str | None = None,
) -> m.Lease:
    """Give the agent a trial as soon as there is one; answer without one after `wait_s` or when the sweep is over.

    `endpoint`: `host:port` on the agent's machine where the processes of a trial over several machines could meet.
    """
    deadline = time.monotonic() + wait_s
    sweep_id, nodes = await control.read(lambda connection: _wanted(connection, agent_id))
    news = _woken if nodes > 1 else _has_news  # a place in a gang is no news of the sweep's
    while True:
        place = gangs.Place(endpoint, is_waiting=time.monotonic() < deadline)
        found, is_model = await control.write(
            lambda connection, place=place: _take(connection, agent_id, place, control.lease_s)  # type: ignore[misc]
        )
        if is_model and found.sweep_state == "running":
            control.suggester.prepare(sweep_id)
        if found.trial is not None and found.trial.gang is not None:
            control.wake_up.notify(sweep_id)  # the gang's other agents wait for this
        is_over = found.sweep_state in controller.END_STATES
        if found.trial is not None or is_over or not place.is_waiting:
            return replace(found, reason=found.reason or control.suggester.problem(sweep_id))
        with control.wake_up.waiting_agent(sweep_id):
            if not await news(request, control, closing, sweep_id, deadline):
                await control.write(lambda connection: gangs.withdraw(connection, agent_id))
                return found


@router.post("/api/agents/{agent_id}/heartbeat")
async def heartbeat(control: ControlDep, agent_id: str, beat: m.AgentHeartbeat) -> m.AgentOrders:
    """Renew the lease of the agent's trial; the answer says what is wanted of it."""
    return await control.write(
        lambda connection: leases.heartbeat(
            connection,
            agent_id,
            trial_id=beat.trial,
            spent_s=beat.spent_s,
            now=time.time(),
            lease_s=control.lease_s,
        )
    )


@router.post("/api/agents/{agent_id}/leave")
async def leave(control: ControlDep, agent_id: str) -> m.Agent:
    """Let an agent go; a trial that it still holds goes back to the sweep."""
    agent = await control.write(lambda connection: leases.leave(connection, agent_id, now=time.time()))
    control.wake_up.notify(agent.sweep)
    return agent


@router.post("/api/agents/{agent_id}/trials/{trial_id}/start")
async def start_trial(control: ControlDep, agent_id: str, trial_id: str) -> m.Trial:
    """Note that the trial's program runs; 409 where the agent no longer has the trial."""
    return await control.write(lambda connection: leases.start_trial(connection, agent_id, trial_id, now=time.time()))


@router.post("/api/agents/{agent_id}/trials/{trial_id}/end")
async def end_trial(control: ControlDep, agent_id: str, trial_id: str, end: m.TrialEnd) -> m.Trial:
    """Note how the trial ended; from an agent that no longer has it this changes nothing, and the trial is returned."""
    trial = await control.write(
        lambda connection: leases.end_trial(connection, agent_id, trial_id, end, now=time.time())
    )
    control.changed(trial.sweep, is_model=await control.is_model(trial.sweep))
    return trial


def _wanted(connection: Connection, agent_id: str) -> tuple[str, int]:
    """Return the agent's sweep, and on how many machines its trials run."""
    sweep_id = agents.get_agent(connection, agent_id).sweep
    return sweep_id, sweeps.config_of(connection, sweep_id).resources.nodes


def _take(connection: Connection, agent_id: str, place: gangs.Place, lease_s: float) -> tuple[m.Lease, bool]:
    """Give the agent a trial, suggested just now where the method answers at once; and whether it fits a model."""
    now = time.time()
    agent = agents.get_agent(connection, agent_id)
    config = sweeps.config_of(connection, agent.sweep)
    nodes = config.resources.nodes

    def take() -> tuple[m.Trial | None, str]:
        if nodes > 1:
            return gangs.take_place(connection, agent_id, place, nodes=nodes, now=now, lease_s=lease_s)
        return leases.take_lease(connection, agent_id, now=now, lease_s=lease_s), ""

    trial, lack = take()
    if trial is None and not lack and suggest.suggest_next(connection, agent.sweep, ahead=None, now=now) is True:
        trial, lack = take()
    if trial is None:
        agents.touch(connection, agent_id, now=now)
    sweep = sweeps.lock_sweep(connection, agent.sweep) if trial is None else None
    found = m.Lease(trial, sweep.state if sweep else "running", (sweep.reason or lack) if sweep else "")
    return found, config.method not in INLINE_METHODS


async def _has_news(
    request: Request, control: Control, closing: threading.Event, sweep_id: str, deadline: float
) -> bool:
    """Wait until it is worth to ask again, or to be noted as alive; false where nobody wants the answer any more."""
    until = min(time.monotonic() + max(LOOK_S, control.lease_s / TOUCHES), deadline)
    while await _woken(request, control, closing, sweep_id, until):
        outlook = await control.read(lambda connection: suggest.outlook(connection, sweep_id))
        if outlook == "prepare":
            control.suggester.prepare(sweep_id)
        if outlook == "ask" or time.monotonic() >= until:
            return True
    return False


async def _woken(request: Request, control: Control, closing: threading.Event, sweep_id: str, deadline: float) -> bool:
    """Wait for news, or for the time to look again; false where nobody wants the answer any more."""
    look = min(time.monotonic() + LOOK_S, deadline)
    waiting = asyncio.ensure_future(control.wake_up.wait(sweep_id, timeout_s=max(0.0, look - time.monotonic())))
    try:
        while not waiting.done():
            await asyncio.wait([waiting], timeout=SLICE_S)
            if closing.is_set() or await request.is_disconnected():
                return False
    finally:
        waiting.cancel()
    return True
