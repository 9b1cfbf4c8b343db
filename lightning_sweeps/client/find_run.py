"""Asks the server whether it has a run."""

from __future__ import annotations

from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import find_server
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import NotFound

TIMEOUT_S = 8.0


def find_attempt(settings: Settings, run_id: str) -> int | None:
    """Return the latest attempt of a run, or None if there is no server or no such run.

    Raises:
        ServerError: the server does not answer, or it rejects the request.
    """
    address = find_server(settings)
    if address is None:
        return None
    with Client(address.url, address.token, timeout_s=TIMEOUT_S, ca_file=settings.ca_file) as client:
        try:
            return client.run(run_id).attempt
        except NotFound:
            return None
