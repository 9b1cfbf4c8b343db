"""Sends alerts to Slack, Discord, mail and other services through Apprise."""

from __future__ import annotations

from typing import Any

from lightning_sweeps.alerts.alert import Alert
from lightning_sweeps.alerts.channel import DEADLINE_S
from lightning_sweeps.errors import AlertNotSent, UsageError

TIMEOUT_S = 10.0
BAD = frozenset({"sweep_paused", "failed", "diverged", "machine_lost"})
WARNINGS = frozenset({"metric", "rank_hangs", "gpu_idle", "gpu_overheated", "run_alert"})


class AppriseChannel:
    """Sends each alert as a message with a title, the details and a link.

    Messages name only the kind of the service: its URL often contains a secret.

    Args:
        url: A URL of Apprise, for example `slack://TOKEN_A/TOKEN_B/TOKEN_C`, `discord://ID/TOKEN` or
            `mailtos://USER:PASSWORD@example.org?to=team@example.org`.

    Raises:
        UsageError: Apprise is not installed, or it does not know the URL.
    """

    def __init__(self, url: str) -> None:
        try:
            import apprise
        except ModuleNotFoundError as error:
            raise UsageError(
                "the alert channel `apprise` needs Apprise, which is not installed",
                hint='pip install "lightning-sweeps[alerts]"',
            ) from error
        self._service = url.partition(":")[0]
        separator = "&" if "?" in url else "?"
        limits = f"cto={TIMEOUT_S:g}&rto={min(TIMEOUT_S, DEADLINE_S / 2):g}"
        self._target: Any = apprise.Apprise.instantiate(f"{url}{separator}{limits}") if "://" in url else None
        if self._target is None:
            raise UsageError(
                f"the alert channel `apprise` cannot use its `{self._service}` URL",
                hint="https://github.com/caronc/apprise/wiki describes the URLs of each service",
            )

    def send(self, alert: Alert) -> None:
        """Send the message. Apprise waits until the service has accepted it.

        Raises:
            AlertNotSent: the service did not accept the message, or did not respond in time.
        """
        kind = "failure" if alert.kind in BAD else "warning" if alert.kind in WARNINGS else "info"
        body = "\n".join(part for part in (alert.text, alert.url) if part) or alert.title
        if not self._target.notify(title=alert.title, body=body, notify_type=kind, body_format="text"):
            raise AlertNotSent(f"the service `{self._service}` did not accept the message")
