"""Keeps the alerts of a channel in the database, so that a restart loses none and two servers send none twice."""

from __future__ import annotations

from dataclasses import dataclass

from lightning_sweeps.alerts.alert import Alert
from lightning_sweeps.alerts.outbox import QueuedAlert
from lightning_sweeps.store import alerts
from lightning_sweeps.store.database import Store


@dataclass(frozen=True, slots=True)
class StoredQueue:
    """The queue of one channel. The methods are those of `AlertQueue`."""

    store: Store
    channel: str

    def take(self) -> QueuedAlert | None:
        """Return the oldest alert that is due, and keep it from other servers for a minute."""
        with self.store.write() as connection:
            taken = alerts.take(connection, self.channel, now=self.store.now())
        return None if taken is None else QueuedAlert(taken[0], Alert(**taken[1]), taken[2])

    def mark_sent(self, alert_id: int) -> None:
        """Record that the receiver has accepted an alert."""
        with self.store.write() as connection:
            alerts.mark_sent(connection, alert_id, now=self.store.now())

    def mark_failed(self, alert_id: int, problem: str, *, delay_s: float | None) -> None:
        """Record why an attempt failed, and when the alert is due again."""
        next_try = None if delay_s is None else self.store.now() + delay_s
        with self.store.write() as connection:
            alerts.mark_failed(connection, alert_id, problem, next_try=next_try)
