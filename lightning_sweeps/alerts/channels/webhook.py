"""Sends alerts as JSON by HTTP POST."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from lightning_sweeps.alerts.alert import Alert
from lightning_sweeps.errors import AlertNotSent, UsageError

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0


class WebhookChannel:
    """Posts each alert to a URL. The body is a JSON object with the fields of `Alert`.

    Messages name only the host of the URL: the URL of a webhook often contains a secret.

    Args:
        url: An `http` or `https` URL.

    Raises:
        UsageError: `url` is not such a URL.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                "the alert channel `webhook` needs an http or https URL",
                hint="for example `--alert webhook=https://example.org/hook`",
            )
        self._url = url
        self._host = parts.hostname

    def send(self, alert: Alert) -> None:
        """Post the alert. Any status from 200 to 299 counts as accepted; redirects are not followed.

        Raises:
            AlertNotSent: the host did not respond in time, or it answered with another status.
        """
        try:
            with requests.post(
                self._url,
                json=alert.to_json(),
                timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                allow_redirects=False,
                stream=True,  # the body of the response is not read, because its size has no limit
            ) as response:
                status = response.status_code
        except (requests.RequestException, OSError, ValueError) as error:
            raise AlertNotSent(f"the host `{self._host}` does not respond ({type(error).__name__})") from None
        if not 200 <= status < 300:
            raise AlertNotSent(f"the host `{self._host}` answered with status {status}")
