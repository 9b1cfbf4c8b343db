"""Reads what the service of this node writes about its work for other processes."""

from __future__ import annotations

import msgspec

from lightning_sweeps.core.paths import Home
from lightning_sweeps.system.node import node_id


class ServiceState(msgspec.Struct):
    """What the service writes for other processes.

    Attributes:
        committed: number of bytes that the server has, by journal id.
        ignored: ids of the journals in the home folder that this service does not upload.
        pass_started_at: when the last complete upload of all journals started (monotonic time of this machine).
        problem: why uploads wait; empty if they do not.
    """

    committed: dict[str, int] = {}
    ignored: list[str] = []
    pass_started_at: float = 0.0
    problem: str = ""


def read_service_state(home: Home) -> ServiceState:
    """Return the last state that a service of this node has written."""
    try:
        return msgspec.json.decode(home.service_state(node_id()).read_bytes(), type=ServiceState)
    except (OSError, msgspec.DecodeError):
        return ServiceState()
