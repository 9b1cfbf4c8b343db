"""Extends the leases of all trials that a study has in flight, from one thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from lightning_sweeps.agents.function.heartbeat import LeaseHeartbeat
from lightning_sweeps.agents.registration import heartbeat_interval_s
from lightning_sweeps.agents.server_connection import START_DEADLINE_S
from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import ServerError


@dataclass(slots=True)
class Heartbeats:
    """Sends a heartbeat for each lease. The thread runs only while there are leases.

    Attributes:
        settings: the server to use.
    """

    settings: Settings
    _leases: dict[str, LeaseHeartbeat] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def add(self, lease: LeaseHeartbeat) -> None:
        """Extend a lease from now on."""
        with self._lock:
            self._leases[lease.trial_id] = lease
            if self._thread is None:
                self._end = threading.Event()
                arguments = (self._end, heartbeat_interval_s(lease.lease_s))
                self._thread = threading.Thread(
                    target=self._send_all, args=arguments, name="lightning-sweeps-heartbeat", daemon=True
                )
                self._thread.start()

    def remove(self, lease: LeaseHeartbeat) -> None:
        """Extend a lease no more."""
        with self._lock:
            self._leases.pop(lease.trial_id, None)
            if self._leases or self._thread is None:
                return
            ended, self._thread = self._thread, None
            self._end.set()
        ended.join()

    def _send_all(self, end: threading.Event, wait_s: float) -> None:
        while not end.wait(wait_s):
            try:
                with connect(start_local=False, deadline_s=START_DEADLINE_S, settings=self.settings) as client:
                    for trial_id in list(self._leases):
                        self._send(client, trial_id)
            except ServerError:  # `ask` and `tell` report an outage
                continue

    def _send(self, client: Client, trial_id: str) -> None:
        with self._lock:  # no heartbeat follows the end of a trial
            if (lease := self._leases.get(trial_id)) is not None:
                lease.send(client)
