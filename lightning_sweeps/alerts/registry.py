"""Finds alert channels by name and creates them from options of the command line."""

from __future__ import annotations

from collections.abc import Callable

from lightning_sweeps.alerts.channel import AlertChannel
from lightning_sweeps.core.registry import Registry
from lightning_sweeps.errors import UsageError

CHANNELS: Registry[Callable[[str], AlertChannel]] = Registry(
    "alert channel",
    "lightning_sweeps.alert_channels",
    {
        "webhook": "lightning_sweeps.alerts.channels.webhook:WebhookChannel",
        "command": "lightning_sweeps.alerts.channels.command:CommandChannel",
    },
)


def open_channel(option: str) -> tuple[str, AlertChannel]:
    """Return the name of a channel and the channel.

    Args:
        option: `name=text`, for example `webhook=https://example.org/hook`.

    Raises:
        UsageError: the option has no `=`, there is no such channel, or the channel cannot use the text.
    """
    name, separator, text = option.partition("=")
    if not separator or not text.strip():
        raise UsageError(
            f"the alert option `{name}` has no destination, expected `name=destination`",
            hint="for example `--alert webhook=https://example.org/hook`",
        )
    return name, CHANNELS.get(name)(text.strip())
