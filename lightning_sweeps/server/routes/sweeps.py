"""HTTP routes of sweeps, trials and agents: users read them, agents lease trials and report about them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Query, Request
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from lightning_sweeps import messages as m
from lightning_sweeps.engine import (
    agents,
    analysis,
    attempts,
    gangs,
    leases,
    points,
    predictions,
    suggest,
    sweeps,
    trial_ends,
    trials,
)
from lightning_sweeps.errors import SuggestionFailed
from lightning_sweeps.server.context import ClosingDep, StoreDep
from lightning_sweeps.server.process.sweep_control import Control, ControlDep
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store import clock
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.number_ranges import parse_ranges

POLL_S = 1.0
"""How often a waiting request reads the database, which another server process may have changed."""

CLOSE_POLL_S = 0.2
"""How often a waiting request checks whether the server or the client closes the connection."""

SEEN_PER_LEASE = 4
"""How often within the lease time a waiting agent is recorded as seen. Other reads write nothing."""

MAX_WAIT_S = 300.0
"""Longest `wait_s` of a request for a trial."""

PAGE_TRIALS, MAX_TRIALS = 150, 1000
"""Number of trials on a page, and the largest number that a client may ask for."""

router = scoped_router("sweeps")

# Requests of users


@router.get("/api/sweeps")
def list_sweeps(
    store: StoreDep, projects: ProjectsDep, project: str | None = None, deleted: bool = False
) -> list[m.Sweep]:
    """List all sweeps, or those of one project, newest first. `deleted`: those in the trash instead."""
    with store.read() as connection:
        found = sweeps.list_sweeps(connection, project=project, is_deleted=deleted)
    return [sweep for sweep in found if projects is None or sweep.project in projects]


@router.get("/api/sweeps/{sweep_id}")
def get_sweep(store: StoreDep, sweep_id: str) -> m.Sweep:
    """Return a sweep with its trial counts and its best trial."""
    with store.read() as connection:
        return sweeps.get_sweep(connection, sweep_id)


@router.get("/api/sweeps/{sweep_id}/trials")
def list_trials(
    store: StoreDep,
    sweep_id: str,
    after: Annotated[int, Query(ge=0, lt=2**31, description="number of the last trial of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_TRIALS)] = PAGE_TRIALS,
) -> list[m.Trial]:
    """List a sweep's trials in the order of their numbers, page by page."""
    with store.read() as connection:
        sweeps.require_sweep(connection, sweep_id)
        return trials.list_trials(connection, sweep_id, after=after, limit=limit)


@router.get("/api/sweeps/{sweep_id}/importance")
def get_importance(
    store: StoreDep,
    sweep_id: str,
    trials: Annotated[str | None, Query(description="numbers and ranges, such as `1-3,7`; default: all")] = None,
    metric: Annotated[str | None, Query(description="one of several `metrics`; default: the first")] = None,
) -> m.SweepImportance:
    """Return how much each parameter decides whether a trial is among the best ones, by PED-ANOVA."""
    numbers = None if trials is None else parse_ranges(trials)
    with store.read() as connection:
        return analysis.parameter_importance(connection, sweep_id, numbers=numbers, metric=metric)


@router.get("/api/sweeps/{sweep_id}/model")
def get_model(store: StoreDep, sweep_id: str) -> m.SweepModel:
    """Return what the model of the sweep's method expects along each parameter, through the best trial's point."""
    with store.read() as connection:
        compute = predictions.plan_slices(connection, sweep_id)
    return compute()


@router.get("/api/sweeps/{sweep_id}/search")
def get_search_inputs(store: StoreDep, sweep_id: str) -> m.SearchInputs:
    """Return the seed and the earlier results that the sweep's search started with."""
    with store.read() as connection:
        return sweeps.search_inputs(connection, sweep_id)


@router.get("/api/sweeps/{sweep_id}/trials/changes")
def list_trial_changes(
    store: StoreDep,
    sweep_id: str,
    since: Annotated[
        float | None, Query(allow_inf_nan=False, description="cursor of the last response; default: all trials")
    ] = None,
) -> m.TrialChanges:
    """List a sweep's trials that changed since a cursor, in the order of their numbers."""
    with store.read() as connection:
        settings = sweeps.settings_of(connection, sweep_id)
        now, changed = clock.now(connection), trials.changed_trials(connection, sweep_id, since=since)
        return m.TrialChanges(now, changed, points.changed_points(connection, sweep_id, settings, changed))


@router.get("/api/sweeps/{sweep_id}/points")
def list_sweep_points(store: StoreDep, sweep_id: str) -> list[m.SweepPoint]:
    """List a sweep's points by number: each parameter set with the value and spread of its trials."""
    with store.read() as connection:
        return points.list_points(connection, sweep_id, sweeps.settings_of(connection, sweep_id))


@router.get("/api/sweeps/{sweep_id}/agents")
def list_agents(store: StoreDep, sweep_id: str) -> list[m.Agent]:
    """List a sweep's agents in the order of their registration."""
    with store.read() as connection:
        sweeps.require_sweep(connection, sweep_id)
        return agents.list_agents(connection, sweep_id)


@router.get("/api/trials/{trial_id}")
def get_trial(store: StoreDep, trial_id: str) -> m.Trial:
    """Return one trial."""
    with store.read() as connection:
        return trials.get_trial(connection, trial_id)


@router.get("/api/trials/{trial_id}/model")
def get_trial_model(store: StoreDep, trial_id: str) -> m.TrialModel | None:
    """Return what the model expected of a trial's point when it suggested it; null if no model chose the point."""
    with store.read() as connection:
        compute = predictions.plan_point(connection, trial_id)
    return compute() if compute is not None else None


@router.get("/api/trials/{trial_id}/attempts")
def list_attempts(store: StoreDep, trial_id: str) -> list[m.TrialAttempt]:
    """List the earlier attempts of a trial that ran again, oldest first."""
    with store.read() as connection:
        trials.get_trial(connection, trial_id)
        return attempts.list_attempts(connection, trial_id)


# Requests of agents


@router.post("/api/sweeps/{sweep_id}/agents")
async def register_agent(control: ControlDep, sweep_id: str, wanted: m.AgentRegister) -> m.AgentRegistered:
    """Register a new agent."""

    def register(connection: Connection) -> m.AgentRegistered:
        agent = agents.register_agent(connection, sweep_id, wanted, now=clock.now(connection))
        sweep = sweeps.get_sweep(connection, sweep_id)
        return m.AgentRegistered(agent, sweep, control.lease_s, control.takeover_s)

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
    """Lease a trial to the agent. Wait for one up to `wait_s` seconds, until the sweep is over, or failures pause it.

    `endpoint`: `host:port` on the agent's machine where the processes of a trial over several machines can connect.
    """
    asked, deadline = control.store.now(), time.monotonic() + wait_s
    sweep_id, nodes = await control.read(lambda connection: _sweep_and_nodes(connection, agent_id))
    has_waited = False
    while True:
        wanted = suggest.Request(asked, control.suggester.fit_s(sweep_id))
        offer = gangs.GangOffer(endpoint, is_waiting=time.monotonic() < deadline)
        found = await _try_to_lease(control, agent_id, sweep_id, offer, wanted)
        is_over = found.sweep_state in controller.END_STATES or (found.has_failed and has_waited)
        if found.trial is not None or is_over or not offer.is_waiting:
            return replace(found, reason=found.reason or control.suggester.problem(sweep_id))
        has_waited = True
        waiting = WaitingRequest(request, closing, sweep_id, deadline, wanted)
        with control.wake_up.waiting_agent(sweep_id, asked=asked):
            # the sweep does not show that a gang is complete
            if not await (_wait_for_change if nodes > 1 else _wait_for_trial)(control, waiting):
                await control.write(lambda connection: gangs.withdraw_offer(connection, agent_id))
                return found


async def lease_at_once(control: Control, agent_id: str) -> m.Lease:
    """Lease a trial to the agent, if there is one now. If not, the suggestion that it needs is prepared."""
    asked = control.store.now()
    sweep_id, _ = await control.read(lambda connection: _sweep_and_nodes(connection, agent_id))
    wanted = suggest.Request(asked, control.suggester.fit_s(sweep_id))
    return await _try_to_lease(control, agent_id, sweep_id, gangs.GangOffer(None, is_waiting=False), wanted)


async def _try_to_lease(
    control: Control, agent_id: str, sweep_id: str, offer: gangs.GangOffer, wanted: suggest.Request
) -> m.Lease:
    """Lease a trial to the agent, if there is one now, and have the worker prepare what comes next."""
    found, is_fitted, problem = await control.write(
        lambda connection: lease_in(connection, agent_id, offer, wanted, control.lease_s)
    )
    if problem:
        control.suggester.fail(sweep_id, problem)
    elif not is_fitted:
        control.suggester.succeed(sweep_id)
    if is_fitted and found.sweep_state == "running":
        does_not_wait = found.trial is None and not offer.is_waiting
        control.suggester.prepare(sweep_id, asked=wanted.asked if does_not_wait else None)
    if found.trial is not None and found.trial.gang is not None:
        control.wake_up.notify(sweep_id)  # the other agents of the gang wait for this
    return found


@router.post("/api/agents/{agent_id}/heartbeat")
async def heartbeat(control: ControlDep, agent_id: str, beat: m.AgentHeartbeat) -> m.AgentOrders:
    """Renew the lease of the agent's trial, and return the commands to the agent."""
    return await control.write(
        lambda connection: leases.heartbeat(
            connection,
            agent_id,
            trial_id=beat.trial,
            spent_s=beat.spent_s,
            now=clock.now(connection),
            lease_s=control.lease_s,
        )
    )


@router.post("/api/agents/{agent_id}/leave")
async def leave(control: ControlDep, agent_id: str) -> m.Agent:
    """Remove an agent from the sweep. A trial that it still holds becomes pending again."""
    agent = await control.write(lambda connection: leases.leave(connection, agent_id, now=clock.now(connection)))
    control.wake_up.notify(agent.sweep)
    return agent


@router.post("/api/agents/{agent_id}/trials/{trial_id}/start")
async def start_trial(control: ControlDep, agent_id: str, trial_id: str) -> m.Trial:
    """Record that the trial's program has started; status 409 if the agent no longer holds the trial."""
    return await control.write(
        lambda connection: leases.start_trial(connection, agent_id, trial_id, now=clock.now(connection))
    )


@router.post("/api/agents/{agent_id}/trials/{trial_id}/end")
async def end_trial(control: ControlDep, agent_id: str, trial_id: str, end: m.TrialEnd) -> m.Trial:
    """Record how the trial ended. Nothing changes if the agent no longer holds it. Return the trial.

    The trial is `ending` until the server has the journals that the request names.
    """
    trial = await control.write(
        lambda connection: trial_ends.end_trial(
            connection, agent_id, trial_id, end, now=clock.now(connection), wait_s=control.lease_s
        )
    )
    await control.announce_change(trial.sweep)
    return trial


def _sweep_and_nodes(connection: Connection, agent_id: str) -> tuple[str, int]:
    """Return the id of the agent's sweep, and the number of machines of its trials."""
    sweep_id = agents.get_agent(connection, agent_id).sweep
    return sweep_id, sweeps.definition_of(connection, sweep_id).config.resources.nodes


def lease_in(
    connection: Connection, agent_id: str, offer: gangs.GangOffer, wanted: suggest.Request, lease_s: float
) -> tuple[m.Lease, bool, str]:
    """Lease a pending trial, or one that the method suggests now.

    Returns:
        The lease, whether the method is fitted, and why the method suggested nothing; empty if it did not fail.
    """
    now = clock.now(connection)
    agent = agents.get_agent(connection, agent_id)
    definition = sweeps.definition_of(connection, agent.sweep)
    nodes = definition.config.resources.nodes
    if definition.has_limits:
        sweeps.finish_if_done(connection, agent.sweep, now=now)  # time passes: a budget may be used up now
    needed = suggest.results_needed(connection, agent.sweep, definition, wanted, now=now)

    def take() -> tuple[m.Trial | None, str]:
        if nodes > 1:
            return gangs.join_gang(connection, agent_id, offer, nodes=nodes, needed=needed, now=now, lease_s=lease_s)
        return leases.take_lease(connection, agent_id, needed=needed, now=now, lease_s=lease_s), ""

    trial, lack = take()
    problem = ""
    if trial is None and not lack:
        try:
            is_added = suggest.suggest_at_once(connection, agent.sweep, needed=needed, now=now)
        except SuggestionFailed as failed:
            is_added, problem = False, failed.message
        if is_added:
            trial, lack = take()
    if trial is None:
        agents.mark_idle(connection, agent_id, now=now)
    sweep = sweeps.lock_sweep(connection, agent.sweep) if trial is None else None
    found = m.Lease(trial, "running")
    if sweep is not None:
        has_failed, awaited = sweeps.is_paused_by_failures(sweep), sweeps.count_awaited(connection, sweep, now=now)
        found = m.Lease(None, sweep.state, sweep.reason or lack, has_failed=has_failed, awaited=awaited)
    return found, definition.method.is_fitted, problem


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """An agent's request while it waits for a trial.

    Attributes:
        http: the HTTP request.
        closing: set when the server shuts down.
        sweep_id: the sweep.
        deadline: until when it waits (monotonic time).
        wanted: what the agent asks for.
    """

    http: Request
    closing: threading.Event
    sweep_id: str
    deadline: float
    wanted: suggest.Request


async def _wait_for_trial(control: Control, waiting: WaitingRequest) -> bool:
    """Wait until a trial may be available or the agent must be recorded as seen. Return False if the client is gone."""
    until = min(time.monotonic() + max(POLL_S, control.lease_s / SEEN_PER_LEASE), waiting.deadline)
    sweep_id, wanted = waiting.sweep_id, waiting.wanted
    while await _wait_for_change(control, replace(waiting, deadline=until)):
        step = await control.read(
            lambda connection: suggest.next_step(connection, sweep_id, wanted, now=clock.now(connection))
        )
        if step == "prepare":
            control.suggester.prepare(sweep_id)
        if step == "lease" or time.monotonic() >= until:
            return True
    return False


async def _wait_for_change(control: Control, waiting: WaitingRequest) -> bool:
    """Wait until this process changes the sweep, or `POLL_S`.

    Return False if the client is gone, its key was revoked or has expired, or the server ends.
    """
    if not await run_in_threadpool(_has_valid_key, waiting.http):
        return False
    limit_s = max(0.0, min(POLL_S, waiting.deadline - time.monotonic()))
    change = asyncio.ensure_future(control.wake_up.wait(waiting.sweep_id, timeout_s=limit_s))
    try:
        while not change.done():
            await asyncio.wait([change], timeout=CLOSE_POLL_S)
            if waiting.closing.is_set() or await waiting.http.is_disconnected():
                return False
    finally:
        change.cancel()
    return True


def _has_valid_key(request: Request) -> bool:
    request.app.state.keys.refresh()
    is_still_valid: Callable[[], bool] = request.state.is_still_valid
    return is_still_valid()
