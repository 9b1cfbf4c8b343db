"""Finds alert channels by name and creates them from options of the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lightning_sweeps.alerts.channel import AlertChannel
from lightning_sweeps.core.ownership import check_file
from lightning_sweeps.core.registry import Registry
from lightning_sweeps.errors import UsageError

CHANNELS: Registry[Callable[[str], AlertChannel]] = Registry(
    "alert channel",
    "lightning_sweeps.alert_channels",
    {
        "webhook": "lightning_sweeps.alerts.channels.webhook:WebhookChannel",
        "apprise": "lightning_sweeps.alerts.channels.apprise:AppriseChannel",
        "command": "lightning_sweeps.alerts.channels.command:CommandChannel",
    },
)


def open_channels(options: Sequence[str]) -> dict[str, AlertChannel]:
    """Return the channels of a server by name.

    Args:
        options: `kind=destination`, for example `webhook=https://example.org/hook`, or `name:kind=destination`. The
            name is the kind if it is not given.

    Raises:
        UsageError: as for `open_channel`, or two channels have the same name.
    """
    found: dict[str, AlertChannel] = {}
    for option in options:
        name, channel = open_channel(option)
        if name in found:
            raise UsageError(
                f"two alert channels have the name `{name}`", hint=f"name one of them: `--alert team:{option[:20]}...`"
            )
        found[name] = channel
    return found


def open_channel(option: str) -> tuple[str, AlertChannel]:
    """Return the name of a channel and the channel.

    Args:
        option: as for `open_channels`.

    Raises:
        UsageError: the option has no `=`, there is no such channel, or the channel cannot use the text.
    """
    head, separator, text = option.partition("=")
    if not separator or not text.strip():
        raise UsageError(
            f"the alert option `{head}` has no destination, expected `name=destination`",
            hint="for example `--alert webhook=https://example.org/hook`",
        )
    name, separator, kind = head.strip().rpartition(":")
    return (name if separator else kind), CHANNELS.get(kind)(text.strip())


def read_options(file: Path) -> list[str]:
    """Return the options of a file with one channel a line. Empty lines and lines that begin with `#` are left out.

    Raises:
        UsageError: the file cannot be read, or it belongs to another user.
    """
    try:
        check_file(file)
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the file of alert channels `{file}` cannot be read ({error})",
            hint="set LIGHTNING_SWEEPS_ALERTS_FILE to a file with lines like `webhook=https://example.org/hook`",
        ) from None
    return [line for line in lines if line and not line.startswith("#")]
