"""What a server hears from one agent: that it is there and what its time went to, how its trials go, that it leaves."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from lightning_sweeps import messages as m
from lightning_sweeps.agents.server_connection import ServerLink
from lightning_sweeps.agents.time_accounting import Ledger
from lightning_sweeps.system.node import node_id

HEARTBEATS_PER_LEASE = 4
LONGEST_HEARTBEAT_S = 3.0
"""Orders come with the answer to a heartbeat: a person who cancels a trial does not want to wait for long."""


def heartbeat_interval_s(lease_s: float) -> float:
    """Return how many seconds lie between two heartbeats of an agent whose leases last for `lease_s`."""
    return min(lease_s / HEARTBEATS_PER_LEASE, LONGEST_HEARTBEAT_S)


@dataclass(frozen=True, slots=True)
class Presence:
    """One agent, registered. Every method but `register` returns None where the server did not answer.

    Raises:
        ServerRefused: from every method: the server has answered, with a refusal that another attempt will not change.
    """

    link: ServerLink
    ledger: Ledger
    sweep: m.Sweep
    agent_id: str
    lease_s: float

    @classmethod
    def register(
        cls, sweep_id: str, *, link: ServerLink, ledger: Ledger, slot: int, devices: Sequence[str]
    ) -> Presence:
        """Tell the server of this process.

        Raises:
            NotFound: there is no such sweep.
            ServerError: the server cannot be reached, or refuses.
        """
        about = m.AgentRegister(socket.gethostname(), node_id(), os.getpid(), slot, list(devices))
        registered = link.open().register_agent(sweep_id, about)
        return cls(link, ledger, registered.sweep, registered.agent.id, registered.lease_s)

    @property
    def heartbeat_s(self) -> float:
        """Seconds from one heartbeat to the next."""
        return heartbeat_interval_s(self.lease_s)

    def sweep_state(self) -> m.SweepState | None:
        """Return the sweep's state; the server hears that this agent is there, without a trial."""
        orders = self._beat(None, start_local=True)
        return None if orders is None else orders.sweep_state

    def lease(self, *, wait_s: float, endpoint: str | None = None) -> m.Lease | None:
        """Ask for a trial, and let the server wait for one for `wait_s` seconds."""
        return self.link.attempt(
            lambda client: client.lease(self.agent_id, wait_s=wait_s, endpoint=endpoint), start_local=True
        )

    def start(self, trial: m.Trial, *, start_local: bool) -> m.Trial | None:
        """Say that the trial's program runs."""
        return self.link.attempt(lambda client: client.start_trial(self.agent_id, trial.id), start_local=start_local)

    def beat(self, trial: m.Trial) -> m.AgentOrders | None:
        """Keep the trial's lease, and return what the server wants done with it."""
        return self._beat(trial.id, start_local=False)

    def end(self, trial: m.Trial, end: m.TrialEnd) -> m.Trial | None:
        """Say how the trial's processes ended."""
        return self.link.attempt(lambda client: client.end_trial(self.agent_id, trial.id, end), start_local=True)

    def leave(self) -> None:
        """Say for the last time what the time went to, and goodbye."""
        self._beat(None, start_local=False)
        self.link.attempt(lambda client: client.leave(self.agent_id), start_local=False)

    def _beat(self, trial: str | None, *, start_local: bool) -> m.AgentOrders | None:
        spent_s = self.ledger.told(now=time.monotonic())
        return self.link.attempt(
            lambda client: client.heartbeat(self.agent_id, trial=trial, spent_s=spent_s), start_local=start_local
        )
