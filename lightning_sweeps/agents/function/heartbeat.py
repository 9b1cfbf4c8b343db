"""Keeps the lease of a trial that is a call of a function, and hears what the server wants done with it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from lightning_sweeps import messages as m
from lightning_sweeps.agents.registration import heartbeat_interval_s
from lightning_sweeps.agents.server_connection import START_DEADLINE_S
from lightning_sweeps.client.connection import connect
from lightning_sweeps.errors import ServerError, ServerRefused


@dataclass(slots=True)
class Heart:
    """Keeps the lease while the function runs, in a thread; `stop` is why the server wants the trial to end.

    `spent_s`: the agent's time by use until the trial's start, which the server hears with each beat.

    Its own client: one is not shared between threads. While the server is away the function goes on.
    """

    agent_id: str
    trial_id: str
    lease_s: float
    spent_s: dict[str, float]
    stop: str = ""
    is_lost: bool = False
    _over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def beating(self) -> Iterator[Heart]:
        thread = threading.Thread(target=self._beat, name="lightning-sweeps-heart", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()

    def _beat(self) -> None:
        wait_s = heartbeat_interval_s(self.lease_s)
        while not self._over.wait(wait_s):
            try:
                with connect(start_local=False, deadline_s=START_DEADLINE_S) as client:
                    self._hear(client.heartbeat(self.agent_id, trial=self.trial_id, spent_s=self.spent_s))
            except ServerRefused as error:
                self.is_lost = self.is_lost or error.status in (404, 409)
            except ServerError:  # the link says it when the trial's end is told
                continue

    def _hear(self, orders: m.AgentOrders) -> None:
        if orders.lease_lost:
            self.is_lost = True
        for command in orders.commands:
            self.stop = self.stop or command.reason or "the server asked for it"
