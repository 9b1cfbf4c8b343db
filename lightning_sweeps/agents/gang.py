"""A trial over several machines, from one agent's side: where the others could meet it, and its part of a gang."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from lightning_sweeps import messages as m

HTTP_PORT = 80


@dataclass(frozen=True, slots=True)
class Part:
    """One machine's part of a trial: which of `nodes` it is, and where all parts' processes meet."""

    rank: int
    nodes: int
    host: str
    port: int


def part_of(trial: m.Trial, agent_id: str) -> Part | None:
    """Return the agent's part of a trial over several machines; None where it has the whole trial."""
    gang = trial.gang
    if gang is None:
        return None
    host, _, port = gang.endpoint.rpartition(":")
    return Part(gang.agents.index(agent_id), len(gang.agents), host, int(port))


def launcher_variables(part: Part) -> dict[str, str]:
    """Return what tells a `command` of one's own about the other machines: torchrun and Lightning read these."""
    return {
        "MASTER_ADDR": part.host,
        "MASTER_PORT": str(part.port),
        "NODE_RANK": str(part.rank),
        "PET_NNODES": str(part.nodes),
        "PET_NODE_RANK": str(part.rank),
        "PET_MASTER_ADDR": part.host,
        "PET_MASTER_PORT": str(part.port),
    }


def address_towards(url: str) -> str:
    """Return the address by which this machine reaches the server, which other machines reach as well."""
    target = urlsplit(url)
    family, kind, _, _, address = socket.getaddrinfo(target.hostname, target.port or HTTP_PORT, type=socket.SOCK_DGRAM)[
        0
    ]
    with socket.socket(family, kind) as probe:
        probe.connect(address)  # sends nothing: it only chooses a route
        return str(probe.getsockname()[0])


class MeetingPoint:
    """A port of this machine that no other process is given while it is kept: a new one for each trial.

    Kept by a socket that is bound and does not listen, as `forked.py` keeps those of trials on one machine.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._socket: socket.socket | None = None

    def endpoint(self) -> str:
        """Return `host:port`, the same until `close`."""
        if self._socket is None:
            self._socket = socket.socket()
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(("", 0))
        return f"{self._address}:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        """Let the port go."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
