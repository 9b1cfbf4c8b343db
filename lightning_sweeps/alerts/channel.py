"""Defines the interface of alert channels."""

from __future__ import annotations

from typing import Protocol

from lightning_sweeps.alerts.alert import Alert

DEADLINE_S = 30.0
"""A channel must return or raise within this time. The server waits for it in a thread and cannot interrupt it."""


class AlertChannel(Protocol):
    """Delivers alerts to one destination, for example a chat room.

    The server creates a channel once, with the text after `=` in `--alert name=text` as its only argument. A channel
    raises `UsageError` if it cannot use that text. All alerts are sent from one thread.
    """

    def send(self, alert: Alert) -> None:
        """Deliver an alert, and return once the destination has accepted it.

        The server calls this again with the same alert after a failure, so a destination may receive an alert twice.

        Args:
            alert: The alert to deliver.

        Raises:
            AlertNotSent: the destination did not accept the alert. Its message goes to the server's log, so it must
                not contain secrets. Any other exception counts as a failure too.
        """
