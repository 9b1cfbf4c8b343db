"""Gives our trials to agents of clients, and tells them what to do with them.

An agent asks every few seconds, with the runs that it runs. A trial is a run with the trial's id as its name. Its end
is the end of this run: an agent with `--count` ends without another word. An agent that no longer runs a trial whose
run has not ended has lost it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from anyio import from_thread

from lightning_sweeps import messages as m
from lightning_sweeps.engine import agents, leases, sweeps, trials
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.journal.closing import Closing
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.server.protocols.wandb import names, runs, trial_runs
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.sweeps import find_sweep
from lightning_sweeps.server.routes.sweeps import lease_at_once
from lightning_sweeps.store import clock
from lightning_sweeps.store.project_access import check_access
from lightning_sweeps.sweeps import controller

ANSWER_LOST_S = 20.0
"""An agent that does not run its trial this soon after the lease may have missed the answer, and gets it again."""
SILENT_S = 30.0
"""How long the run of a process that is gone may be silent while its last rows are on their way."""


@dataclass(frozen=True, slots=True)
class AgentsTrial:
    """The trial that an agent holds, and what is known of its run.

    Attributes:
        trial: the trial.
        leased: when the agent got it, in seconds since the epoch.
        is_reported: whether the agent says that it runs it.
        run: its run; None: it has not begun.
    """

    trial: m.Trial
    leased: float
    is_reported: bool
    run: RunDetails | None


def create_agent(_: object, caller: Caller, *, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002  its name in requests
    """Register an agent.

    Raises:
        NotFound: there is no such sweep.
        UsageError: its trials run on several machines.
    """
    caller.check_writes()
    caller.entities.check(input.get("entity_name"))
    sweep = find_sweep(caller, input["sweep"])
    with caller.store.write() as connection:
        if sweeps.definition_of(connection, sweep.id).config.resources.nodes > 1:
            raise UsageError(
                "the trials of this sweep run on several machines, which agents of wandb cannot do",
                hint=f"start `lightning-sweeps agent {sweep.id}`",
            )
        wanted = m.AgentRegister(input["host"], names.node_id(input["host"]), 0, 0)
        agent = agents.register_agent(connection, sweep.id, wanted, now=clock.now(connection))
    return {"agent": {"id": agent.id}}


def heartbeat(_: object, caller: Caller, *, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002  its name in requests
    """Renew the lease of the agent's trial, and return what the agent must do, as JSON.

    Raises:
        NotFound: there is no such agent. The agent then ends.
    """
    caller.check_writes()
    agent_id = input["id"]
    reported = _reported(input.get("run_state"))
    with caller.store.read() as connection:
        check_access(connection, caller.sender.projects, "agent", agent_id)
        agent = agents.get_agent(connection, agent_id)
        held = None if agent.trial is None else trials.get_trial(connection, agent.trial)
    commands = _commands(caller, agent, held, reported)
    return {"agent": {"id": agent_id}, "commands": json.dumps(commands)}


def what_to_do(held: AgentsTrial, *, now: float) -> str:
    """Decide about the trial that an agent holds: it goes on, begins again, waits for its rows, or has ended.

    Args:
        held: the trial.
        now: the server's time, in seconds since the epoch.
    """
    if held.is_reported:
        return "goes on"
    if held.run is None:
        return "begins" if held.trial.state == "leased" and now - held.leased < ANSWER_LOST_S else "ended"
    if held.run.state == "running" and now - held.run.updated < SILENT_S:
        return "waits"
    return "ended"


def _commands(caller: Caller, agent: m.Agent, held: m.Trial | None, reported: set[str]) -> list[dict[str, Any]]:
    others = reported - ({held.id} if held is not None else set())
    if held is not None:
        known = _run_of(caller, held)
        verdict = what_to_do(AgentsTrial(held, agent.seen, held.id in reported, known), now=caller.store.now())
        if verdict == "ended":
            trial_runs.end(caller, agent.id, held, _closing_of(known))
        elif verdict == "begins":
            return [_run_command(caller, held)]
        else:
            return _beat(caller, agent.id, held)
    if others:
        return _stops_of(caller, agent, others)
    return _next_trial(caller, agent)


def _beat(caller: Caller, agent_id: str, held: m.Trial) -> list[dict[str, Any]]:
    """Renew the lease of a trial, and return what its agent must do with it."""
    control = caller.control
    with caller.store.write() as connection:
        now = clock.now(connection)
        if held.state == "leased":
            leases.start_trial(connection, agent_id, held.id, now=now)
        orders = leases.heartbeat(connection, agent_id, trial_id=held.id, now=now, lease_s=control.lease_s)
    return [{"type": "stop", "run_id": held.id} for _ in orders.commands[:1]]


def _stops_of(caller: Caller, agent: m.Agent, reported: set[str]) -> list[dict[str, Any]]:
    """Return orders to stop trials that the agent runs but no longer holds, and that are not just ending."""
    with caller.store.write() as connection:
        orders = leases.heartbeat(connection, agent.id, trial_id=None, now=clock.now(connection), lease_s=0)
    lost = [one for one in sorted(reported) if _is_lost(caller, agent, one)]
    is_over = orders.sweep_state == "cancelled"
    return [{"type": "stop", "run_id": one} for one in lost] or ([{"type": "exit"}] if is_over else [])


def _is_lost(caller: Caller, agent: m.Agent, trial_id: str) -> bool:
    try:
        with caller.store.read() as connection:
            trial = trials.get_trial(connection, trial_id)
    except NotFound:
        return True
    return trial.agent != agent.id


def _next_trial(caller: Caller, agent: m.Agent) -> list[dict[str, Any]]:
    """Return the order to run a trial, if there is one, or to exit, if the sweep is over."""
    found = from_thread.run(lease_at_once, caller.control, agent.id)
    if found.trial is not None:
        return [_run_command(caller, found.trial)]
    return [{"type": "exit"}] if found.sweep_state in controller.END_STATES or found.has_failed else []


def _run_command(caller: Caller, trial: m.Trial) -> dict[str, Any]:
    config = find_sweep(caller, trial.sweep).config
    arguments = {key: {"value": value} for key, value in trial.params.items()}
    return {"type": "run", "run_id": trial.id, "program": config.get("program"), "args": arguments}


def _run_of(caller: Caller, trial: m.Trial) -> RunDetails | None:
    """Return the run of a trial's current attempt. A trial that is only leased has none: its run starts the trial."""
    if trial.state == "leased":
        return None
    return runs.find_run(caller, find_sweep(caller, trial.sweep).project, trial.id)


def _closing_of(run: RunDetails | None) -> Closing:
    if run is None:
        return Closing("failed", "the program ended before `wandb.init`", None, None)
    if run.state == "running":
        return Closing("failed", "the process is gone, and its run did not end", None, None)
    return Closing(run.state, run.reason, run.exit_code, run.signal)


def _reported(text: str | None) -> set[str]:
    """Return the names of the runs that an agent says it runs."""
    found = json.loads(text) if text else {}
    return {str(name) for name, is_running in found.items() if is_running} if isinstance(found, dict) else set()
