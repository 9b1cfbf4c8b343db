"""Connects to a server that has what the programs on this machine have logged until now."""

from __future__ import annotations

from collections.abc import Callable

from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.system.uploads import MissingBytes, wait_until_uploaded

LIMIT_S = 10.0
"""How long a command waits for uploads. The first one also waits for the start of the service and the server."""


def connect_up_to_date(report: Callable[[str], None]) -> Client:
    """Return a client of the server, after the uploads of this machine have caught up.

    Args:
        report: called with what is not on the server yet and why, if the uploads did not catch up in time.

    Raises:
        ServerError: the server cannot be reached.
    """
    client = connect()
    missing = catch_up()
    if missing.sizes:
        report(str(missing))
    return client


def catch_up(*, timeout_s: float = LIMIT_S) -> MissingBytes:
    """Wait until the server has what is in the journals of this machine now; return what is missing."""
    settings = read_settings()
    return wait_until_uploaded(Home(settings.home), settings, timeout_s=timeout_s)
