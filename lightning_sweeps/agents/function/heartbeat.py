"""Extends the lease of a trial that runs in this process, and receives the server's orders."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from lightning_sweeps import messages as m
from lightning_sweeps.agents.registration import heartbeat_interval_s
from lightning_sweeps.agents.server_connection import START_DEADLINE_S
from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.errors import ServerError, ServerRefused


@dataclass(slots=True)
class LeaseHeartbeat:
    """Sends heartbeats from a thread while the function runs. The function continues while the server is away.

    The thread has its own client, because clients are not shared between threads.

    Attributes:
        agent_id: the agent.
        trial_id: the running trial.
        lease_s: seconds without a heartbeat after which the lease expires.
        spent_s: the agent's seconds by activity until the trial's start, for the server.
        stop_reason: why the server wants the trial to end; empty if it does not.
        is_lost: whether the lease is lost.
    """

    agent_id: str
    trial_id: str
    lease_s: float
    spent_s: dict[str, float]
    stop_reason: str = ""
    is_lost: bool = False
    _is_over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def running(self) -> Iterator[LeaseHeartbeat]:
        """Send heartbeats until the block ends."""
        thread = threading.Thread(target=self._send_all, name="lightning-sweeps-heartbeat", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._is_over.set()
            thread.join()

    def send(self, client: Client) -> None:
        """Send one heartbeat and obey the answer.

        Raises:
            ServerError: the server cannot be reached, or it failed.
        """
        try:
            self.obey(client.heartbeat(self.agent_id, trial=self.trial_id, spent_s=self.spent_s))
        except ServerRefused as error:
            self.is_lost = self.is_lost or error.status in (404, 409)

    def obey(self, orders: m.AgentOrders) -> None:
        """Remember the server's orders."""
        if orders.lease_lost:
            self.is_lost = True
        for command in orders.commands:
            self.stop_reason = self.stop_reason or command.reason or "the server requested it"

    def _send_all(self) -> None:
        wait_s = heartbeat_interval_s(self.lease_s)
        while not self._is_over.wait(wait_s):
            try:
                with connect(start_local=False, deadline_s=START_DEADLINE_S) as client:
                    self.send(client)
            except ServerError:  # the agent reports an outage when the trial ends
                continue
