"""Sends alerts in a thread, with retries, so that the caller never waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lightning_sweeps.alerts.alert import Alert
from lightning_sweeps.alerts.channel import AlertChannel

RETRY_DELAYS_S = (2.0, 10.0, 60.0, 300.0, 1800.0, 7200.0)
"""Seconds to wait before each retry. After the last retry, the alert is given up."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueuedAlert:
    """An alert that is due, and the number of attempts to send it, this one included."""

    id: int
    alert: Alert
    tries: int


class AlertQueue(Protocol):
    """Keeps the alerts of a channel until they are sent. Several servers may share one."""

    def take(self) -> QueuedAlert | None:
        """Return the oldest alert that is due, and keep it from others for a minute; None: there is none."""

    def mark_sent(self, alert_id: int) -> None:
        """Record that the receiver has accepted an alert."""

    def mark_failed(self, alert_id: int, problem: str, *, delay_s: float | None) -> None:
        """Record why an attempt failed, and that the alert is due again after `delay_s`; None: it is given up."""


class Outbox:
    """Sends the alerts of one channel.

    Args:
        name: Name of the channel in log messages.
        channel: The channel.
        queue: Its alerts.
        retry_delays_s: Seconds to wait before each retry.
    """

    def __init__(
        self, name: str, channel: AlertChannel, queue: AlertQueue, *, retry_delays_s: Sequence[float] = RETRY_DELAYS_S
    ) -> None:
        self._name = name
        self._channel = channel
        self._queue = queue
        self._retry_delays_s = retry_delays_s
        self._wake = threading.Event()
        self._is_closing = False
        # a daemon: a channel that hangs must not keep the process alive
        self._thread = threading.Thread(target=self._run, name=f"alerts-{name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that an alert may be due, and return at once."""
        self._wake.set()

    def close(self, *, timeout_s: float) -> None:
        """Stop the thread. Alerts that were not sent stay in the queue.

        Args:
            timeout_s: How long to wait for the alerts that are due now.
        """
        self._is_closing = True
        self._wake.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._is_closing:
            self._wake.wait()
            self._wake.clear()
            try:
                while (taken := self._queue.take()) is not None:
                    self._send(taken)
            except Exception:  # the database may be away for a while; the next wake tries again
                _log.exception("the alerts of the channel `%s` cannot be read, trying again", self._name)

    def _send(self, taken: QueuedAlert) -> None:
        problem = self._try(taken.alert)
        if problem is None:
            self._queue.mark_sent(taken.id)
            return
        delays_s = self._retry_delays_s
        delay_s = delays_s[taken.tries - 1] if taken.tries <= len(delays_s) else None
        self._queue.mark_failed(taken.id, problem, delay_s=delay_s)
        if delay_s is None:
            _log.error("the alert `%s` was not sent by the channel `%s`: %s", taken.alert.title, self._name, problem)
        else:
            _log.warning("the alert channel `%s` failed, next try in %g s: %s", self._name, delay_s, problem)

    def _try(self, alert: Alert) -> str | None:
        """Send an alert once. Return the problem, or None."""
        try:
            self._channel.send(alert)
        except Exception as error:  # a channel of another package may raise anything
            return f"{type(error).__name__}: {error}"
        return None
