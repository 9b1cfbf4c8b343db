"""Helpers for tests with a server: create sweeps, act as an agent, log values like a trial."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.core.states import RunState
from lightning_sweeps.journal.format import PREAMBLE, encode
from lightning_sweeps.journal.records import Finish, Header, Metrics, RunInfo, Summary
from lightning_sweeps.system.node import Process

GRID = {
    "program": "train.py",
    "method": "grid",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {
        "x": {"values": [1, 2, 3, 4]},
        "y": {"min": 1, "max": 3},
        "opt": {"parameters": {"lr": {"value": 1}}},
    },
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and a client of it."""

    client: Client
    described: ServerFile
    stack: ExitStack

    def new_client(self) -> Client:
        """Return one more client, closed at the end of the test."""
        return self.stack.enter_context(Client(self.described.url, self.described.token))

    def create(self, **changes: Any) -> str:
        """Create the grid sweep with some keys changed (None: removed) and return its id."""
        config = {key: value for key, value in (GRID | changes).items() if value is not None}
        return self.client.create_sweep(m.SweepCreate(config, project="tests")).id

    def agent(self, sweep: str, *, slot: int = 0) -> Agent:
        """Return a new agent with its own connection."""
        client = self.new_client()
        registered = client.register_agent(sweep, m.AgentRegister("host", "node", 1, slot, ["0"]))
        return Agent(client, registered.agent.id, registered.lease_s)


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as the server sees it."""

    client: Client
    id: str
    lease_s: float

    def lease(self, *, wait_s: float = 0) -> m.Lease:
        return self.client.lease(self.id, wait_s=wait_s)

    def take(self, *, wait_s: float = 0) -> m.Trial:
        """Lease and start a trial; fail if there is none."""
        lease = self.lease(wait_s=wait_s)
        assert lease.trial is not None, lease
        return self.client.start_trial(self.id, lease.trial.id)

    def end(self, trial: m.Trial, state: m.TrialState = "finished", **details: Any) -> m.Trial:
        exit_code = 0 if state == "finished" else 1
        return self.client.end_trial(self.id, trial.id, m.TrialEnd(state, **({"exit_code": exit_code} | details)))

    def beat(self, trial: m.Trial | None) -> m.AgentOrders:
        return self.client.heartbeat(self.id, trial=trial.id if trial else None)


class TrialRun:
    """A run of a trial that logs through its journal, as the service uploads it."""

    def __init__(
        self,
        client: Client,
        trial: m.Trial,
        *,
        rank: int = 0,
        attempt: int = 0,
        resumed_step: int | None = None,
        began: float | None = None,
    ) -> None:
        self._client = client
        self._journal = new_id()
        self._offset = 0
        self._sequence = 0
        self.run = new_id()
        place = {"rank": rank, "attempt": attempt, "resumed_step": resumed_step}
        run = RunInfo(self.run, "tests", "run", "group", sweep=trial.sweep, trial=trial.id, **place)  # type: ignore[arg-type]
        header = Header(self._journal, began or time.time(), Process(1, 1.0, "node", "host"), run)
        self.reply = self._send(PREAMBLE + encode(header))

    def log(self, *rows: dict[str, Any], time_s: float | None = None) -> m.IngestReply:
        """Log rows, by the time of this machine or at `time_s`, and return the server's answer."""
        part = b""
        for values in rows:
            self._sequence += 1
            part += encode(Metrics(self._sequence, self._sequence, time_s or time.time(), values))
        self.reply = self._send(part)
        return self.reply

    def summarize(self, values: dict[str, Any]) -> m.IngestReply:
        """Set summary values."""
        self._sequence += 1
        self.reply = self._send(encode(Summary(self._sequence, time.time(), values)))
        return self.reply

    def end(self, state: RunState = "finished") -> m.IngestReply:
        """End the run's process, as the service on its machine would find it."""
        self._sequence += 1
        self.reply = self._send(encode(Finish(self._sequence, time.time(), state, writer="service")))
        return self.reply

    def _send(self, part: bytes) -> m.IngestReply:
        reply = self._client.send_journal(self._journal, self._offset, part)
        self._offset = reply.offset
        return reply
