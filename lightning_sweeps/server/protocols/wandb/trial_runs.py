"""Binds the runs of clients to our trials: a run whose sweep and name are those of a trial is its run."""

from __future__ import annotations

from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.engine import leases, trial_ends, trials
from lightning_sweeps.errors import NotFound
from lightning_sweeps.journal.closing import Closing
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.store import clock
from lightning_sweeps.store.project_access import check_access


def find_trial(caller: Caller, sweep_id: str | None, name: str) -> m.Trial | None:
    """Return the trial that a run belongs to, or None."""
    if not sweep_id:
        return None
    with caller.store.read() as connection:
        try:
            check_access(connection, caller.sender.projects, "trial", name)
            found = trials.get_trial(connection, name)
        except NotFound:
            return None
    return found if found.sweep == sweep_id else None


def start(caller: Caller, trial: m.Trial) -> None:
    """Record that the program of a trial runs."""
    if trial.agent is not None and trial.state == "leased":
        with caller.store.write() as connection:
            leases.start_trial(connection, trial.agent, trial.id, now=clock.now(connection))


def stopped(run: dict[str, Any], caller: Caller) -> bool:
    """Return whether the program of a run must end: its trial was ordered to stop."""
    if "stopped" in run:
        return bool(run["stopped"])
    trial_id = run.get("trial")
    if trial_id is None:
        return False
    with caller.store.read() as connection:
        return trials.get_trial(connection, trial_id).state == "stopping"


def closing_of(caller: Caller, trial_id: str | None, said: Closing) -> Closing:
    """Return how a run ended: as its client says, unless its trial was ordered to stop."""
    if trial_id is None:
        return said
    with caller.store.read() as connection:
        trial = trials.get_trial(connection, trial_id)
    return Closing("stopped", trial.reason, said.exit_code, None) if trial.state == "stopping" else said


def end_trial(caller: Caller, run: RunDetails, closing: Closing) -> None:
    """End the trial of a run whose program has ended. The runs of other ranks do not end it."""
    if run.trial is None or run.rank:
        return
    with caller.store.read() as connection:
        trial = trials.get_trial(connection, run.trial)
    if trial.agent is not None:
        end(caller, trial.agent, trial, closing)


def end(caller: Caller, agent_id: str, trial: m.Trial, closing: Closing) -> None:
    """End a trial, if the agent still holds it."""
    state: m.TrialState = "finished" if closing.state == "finished" else "failed"
    if trial.state == "stopping":
        state = "stopped"
    with caller.store.write() as connection:
        now = clock.now(connection)
        ran_s = None if trial.started is None else now - trial.started
        report = m.TrialEnd(state, closing.exit_code, closing.reason, ran_s=ran_s)
        trial_ends.end_trial(connection, agent_id, trial.id, report, now=now, wait_s=caller.control.lease_s)
    caller.changed_sweeps.add(trial.sweep)
