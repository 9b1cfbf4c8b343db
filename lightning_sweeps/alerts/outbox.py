"""Sends alerts in a thread, with retries, so that the caller never waits."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence

from lightning_sweeps.alerts.alert import Alert
from lightning_sweeps.alerts.channel import AlertChannel

RETRY_DELAYS_S = (2.0, 10.0, 60.0, 300.0)
"""Seconds to wait before each retry. After the last retry, the alert is dropped."""
CAPACITY = 1000
"""Maximum number of waiting alerts. Further ones are dropped."""

_log = logging.getLogger(__name__)


class Outbox:
    """Sends alerts through one channel, in the order of `put`. Alerts that could not be sent are logged.

    Args:
        name: Name of the channel in log messages.
        channel: The channel.
        retry_delays_s: Seconds to wait before each retry.
        capacity: Maximum number of waiting alerts.
    """

    def __init__(
        self,
        name: str,
        channel: AlertChannel,
        *,
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
        capacity: int = CAPACITY,
    ) -> None:
        self._name = name
        self._channel = channel
        self._retry_delays_s = retry_delays_s
        self._capacity = capacity
        self._waiting: deque[Alert] = deque()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        # a daemon: a channel that hangs must not keep the process alive
        self._thread = threading.Thread(target=self._run, name=f"alerts-{name}", daemon=True)
        self._thread.start()

    def put(self, alert: Alert) -> None:
        """Queue an alert and return at once."""
        with self._changed:
            if len(self._waiting) < self._capacity:
                self._waiting.append(alert)
                self._changed.notify()
                return
        self._give_up(alert, f"{self._capacity} alerts are waiting already")

    def close(self, *, timeout_s: float) -> None:
        """Send the waiting alerts, without retries, and stop the thread.

        Args:
            timeout_s: How long to wait. The remaining alerts are logged as not sent.
        """
        with self._changed:
            self._closing.set()
            self._changed.notify()
        self._thread.join(timeout_s)
        with self._changed:
            left, self._waiting = list(self._waiting), deque()
        for alert in left:
            self._give_up(alert, "the server is shutting down")

    def _run(self) -> None:
        while (alert := self._next()) is not None:
            self._send(alert)
            with self._changed:
                if self._waiting and self._waiting[0] is alert:  # `close` may have removed it
                    self._waiting.popleft()

    def _next(self) -> Alert | None:
        """Return the oldest alert, which stays in the queue while it is sent. Return None when closing and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing.is_set())
            return self._waiting[0] if self._waiting else None

    def _send(self, alert: Alert) -> None:
        for delay_s in (*self._retry_delays_s, None):
            problem = self._try(alert)
            if problem is None:
                return
            if delay_s is None or self._closing.is_set():
                break
            _log.warning("the alert channel `%s` failed, next try in %g s: %s", self._name, delay_s, problem)
            self._closing.wait(delay_s)
        self._give_up(alert, problem)

    def _try(self, alert: Alert) -> str | None:
        """Send an alert once. Return the problem, or None."""
        try:
            self._channel.send(alert)
        except Exception as error:  # a channel of another package may raise anything
            return f"{type(error).__name__}: {error}"
        return None

    def _give_up(self, alert: Alert, problem: str | None) -> None:
        _log.error("the alert `%s` was not sent by the channel `%s`: %s", alert.title, self._name, problem)
