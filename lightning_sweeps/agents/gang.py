"""One agent's part in a trial that runs on several machines: its node rank and the rendezvous of all ranks."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from lightning_sweeps import messages as m

HTTP_PORT = 80


@dataclass(frozen=True, slots=True)
class GangMember:
    """One machine of a trial that runs on several.

    Attributes:
        rank: node rank of this machine, 0 to `nodes` - 1.
        nodes: number of machines.
        host, port: rendezvous address of the processes on all machines.
    """

    rank: int
    nodes: int
    host: str
    port: int


def gang_member(trial: m.Trial, agent_id: str) -> GangMember | None:
    """Return the agent's membership in a trial on several machines, or None if it runs the whole trial."""
    gang = trial.gang
    if gang is None:
        return None
    host, _, port = gang.endpoint.rpartition(":")
    return GangMember(gang.agents.index(agent_id), len(gang.agents), host, int(port))


def gang_variables(member: GangMember) -> dict[str, str]:
    """Return the variables that describe the other machines to torchrun and Lightning in a custom `command`."""
    return {
        "MASTER_ADDR": member.host,
        "MASTER_PORT": str(member.port),
        "NODE_RANK": str(member.rank),
        "PET_NNODES": str(member.nodes),
        "PET_NODE_RANK": str(member.rank),
        "PET_MASTER_ADDR": member.host,
        "PET_MASTER_PORT": str(member.port),
    }


def local_address_towards(url: str) -> str:
    """Return this machine's address on the route to the server, which other machines can usually reach too."""
    target = urlsplit(url)
    family, kind, _, _, address = socket.getaddrinfo(target.hostname, target.port or HTTP_PORT, type=socket.SOCK_DGRAM)[
        0
    ]
    with socket.socket(family, kind) as probe:
        probe.connect(address)  # sends nothing: it only chooses a route
        return str(probe.getsockname()[0])


class Rendezvous:
    """Reserves a port of this machine for the rendezvous of one trial's ranks.

    The socket is bound but does not listen, so torch can listen on the port, but the kernel gives it to no other
    process.

    Args:
        address: the address at which other machines reach this one.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._socket: socket.socket | None = None

    def endpoint(self) -> str:
        """Return `host:port`. The port stays the same until `close`."""
        if self._socket is None:
            self._socket = socket.socket()
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(("", 0))
        return f"{self._address}:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        """Release the port. The next trial gets another one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
