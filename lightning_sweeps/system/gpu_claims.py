"""Claims GPUs for the time of a trial, so that agents that do not know of each other never share one by accident.

A claim is a socket with the GPU's UUID as its name. The kernel allows one socket of a name, for all users of a machine
and for its containers that share its network, and removes it when the process ends, for whatever reason. No file is
left behind, and no user needs permissions for another one's files (Linux only: elsewhere every claim succeeds).
"""

from __future__ import annotations

import contextlib
import pwd
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

NAME = "\0lightning-sweeps/gpu/{}"
"""In the abstract namespace of Unix sockets (unix(7)), which has no files."""

CREDENTIALS = struct.Struct("3i")
"""struct ucred: pid, uid, gid."""


IS_SUPPORTED = sys.platform == "linux"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GpuClaimant:
    """A process that has claimed a GPU.

    Attributes:
        uuid: the GPU.
        pid: the process; 0 if it is not visible from here, as in a container.
        user: its user.
    """

    uuid: str
    pid: int
    user: str

    def __str__(self) -> str:
        return f"process {self.pid} of user `{self.user}`" if self.pid else f"a process of user `{self.user}`"


@dataclass(slots=True)
class GpuClaims:
    """The claims of this process."""

    _sockets: list[socket.socket] = field(default_factory=list)

    def claim(self, uuids: Sequence[str]) -> list[GpuClaimant]:
        """Claim all of these GPUs, or none; return the processes that have claimed some of them."""
        for uuid in uuids if IS_SUPPORTED else ():
            claim = _bind(uuid)
            if claim is None:
                self.release()
                return find_claimants(uuids) or [GpuClaimant(uuid, 0, UNKNOWN)]
            claim.listen()
            self._sockets.append(claim)
        return []

    def release(self) -> None:
        """Give all claims up."""
        for claim in self._sockets:
            claim.close()
        self._sockets = []


def are_free(uuids: Sequence[str]) -> bool:
    """Return whether no process has claimed any of these GPUs."""
    for uuid in uuids if IS_SUPPORTED else ():
        claim = _bind(uuid)
        if claim is None:
            return False
        claim.close()
    return True


def find_claimants(uuids: Sequence[str]) -> list[GpuClaimant]:
    """Return the processes that have claimed these GPUs.

    Do not poll this: each answer takes a place in the queue of the claimant's socket. Poll `are_free`.
    """
    return [found for uuid in uuids if IS_SUPPORTED and (found := _claimant(uuid)) is not None]


def _bind(uuid: str) -> socket.socket | None:
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        claim.bind(NAME.format(uuid))
    except OSError:  # another process has the name
        claim.close()
        return None
    return claim


def _claimant(uuid: str) -> GpuClaimant | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.setblocking(False)
        try:
            asking.connect(NAME.format(uuid))
        except BlockingIOError:  # its queue is full
            return GpuClaimant(uuid, 0, UNKNOWN)
        except OSError:  # nobody has claimed it
            return None
        pid, uid, _ = CREDENTIALS.unpack(asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size))
    user = str(uid)
    with contextlib.suppress(KeyError):
        user = pwd.getpwuid(uid).pw_name
    return GpuClaimant(uuid, pid, user)
