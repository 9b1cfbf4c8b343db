"""An agent's registration with the server: heartbeats, leases, and reports of trials that start and end."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lightning_sweeps import messages as m
from lightning_sweeps.agents.server_connection import ServerConnection
from lightning_sweeps.agents.time_accounting import TimeAccounting
from lightning_sweeps.system.node import node_id

HEARTBEATS_PER_LEASE = 4
LONGEST_HEARTBEAT_S = 3.0
"""The response to a heartbeat contains orders, so a short interval makes cancelling a trial fast."""


def heartbeat_interval_s(lease_s: float) -> float:
    """Return the seconds between two heartbeats of an agent with leases of `lease_s` seconds."""
    return min(lease_s / HEARTBEATS_PER_LEASE, LONGEST_HEARTBEAT_S)


@dataclass(frozen=True, slots=True)
class Registration:
    """One registered agent. Every method except `register` returns None if the server does not answer.

    Attributes:
        connection: the connection to the server.
        accounting: the agent's time accounting, which heartbeats report.
        sweep: the sweep as it was at registration.
        agent_id: the agent's id on the server.
        lease_s: seconds without a heartbeat after which a lease expires.
        takeover_s: seconds after that until another agent may get the trial.

    Raises:
        ServerRefused: from every method: the server rejects the request, and another attempt would not change that.
    """

    connection: ServerConnection
    accounting: TimeAccounting
    sweep: m.Sweep
    agent_id: str
    lease_s: float
    takeover_s: float

    @classmethod
    def register(
        cls,
        sweep_id: str,
        *,
        connection: ServerConnection,
        accounting: TimeAccounting,
        slot: int,
        devices: Sequence[str],
        waits: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Registration:
        """Register this process as an agent of a sweep.

        Args:
            slot: number of the agent's slot on this machine.
            devices: names of the slot's GPUs.
            waits: whether to wait for a server that does not answer.
            sleep: as in `ServerConnection.call`.

        Raises:
            NotFound: the sweep does not exist.
            ServerError: the server cannot be reached or rejects the request.
        """
        request = m.AgentRegister(socket.gethostname(), node_id(), os.getpid(), slot, list(devices))
        registered = connection.call(lambda client: client.register_agent(sweep_id, request), waits=waits, sleep=sleep)
        # after an outage, the server gives every agent a fresh lease: answer well within it
        connection.longest_wait_s = min(connection.longest_wait_s, registered.lease_s / HEARTBEATS_PER_LEASE)
        return cls(
            connection, accounting, registered.sweep, registered.agent.id, registered.lease_s, registered.takeover_s
        )

    @property
    def heartbeat_s(self) -> float:
        """Seconds between two heartbeats."""
        return heartbeat_interval_s(self.lease_s)

    def is_cut_off(self, *, ending_s: float) -> bool:
        """Return whether the network has been down for so long that another agent may soon get the trial.

        Args:
            ending_s: how long ending the trial may take, in seconds.
        """
        limit_s = self.lease_s / 2 + self.takeover_s - ending_s  # half a lease early: clocks, and the last heartbeat
        return self.takeover_s > 0 and self.connection.silent_s > max(self.lease_s, limit_s)

    def sweep_state(self) -> m.SweepState | None:
        """Send a heartbeat without a trial and return the sweep's state."""
        orders = self._send_heartbeat(None, start_local=True)
        return None if orders is None else orders.sweep_state

    def lease(self, *, wait_s: float, endpoint: str | None = None) -> m.Lease | None:
        """Request a trial.

        Args:
            wait_s: seconds that the server may wait for a trial before it responds.
            endpoint: rendezvous address `host:port` for a trial on several machines.
        """
        return self.connection.attempt(
            lambda client: client.lease(self.agent_id, wait_s=wait_s, endpoint=endpoint), start_local=True
        )

    def start(self, trial: m.Trial, *, start_local: bool) -> m.Trial | None:
        """Report that the trial's program is running."""
        return self.connection.attempt(
            lambda client: client.start_trial(self.agent_id, trial.id), start_local=start_local
        )

    def heartbeat(self, trial: m.Trial) -> m.AgentOrders | None:
        """Extend the trial's lease and return the server's orders."""
        return self._send_heartbeat(trial.id, start_local=False)

    def end(self, trial: m.Trial, end: m.TrialEnd) -> m.Trial | None:
        """Report how the trial's processes ended."""
        return self.connection.attempt(lambda client: client.end_trial(self.agent_id, trial.id, end), start_local=True)

    def leave(self) -> None:
        """Report the final time accounting and unregister the agent."""
        self._send_heartbeat(None, start_local=False)
        self.connection.attempt(lambda client: client.leave(self.agent_id), start_local=False)

    def _send_heartbeat(self, trial: str | None, *, start_local: bool) -> m.AgentOrders | None:
        spent_s = self.accounting.totals(now=time.monotonic())
        return self.connection.attempt(
            lambda client: client.heartbeat(self.agent_id, trial=trial, spent_s=spent_s), start_local=start_local
        )
