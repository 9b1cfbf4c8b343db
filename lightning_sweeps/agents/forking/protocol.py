"""What the agent and its fork server say to one another, and how: whole messages over a pair of sockets."""

from __future__ import annotations

import socket
from typing import TypeVar

import msgspec

T = TypeVar("T")

LENGTH_BYTES = 4


class Ready(msgspec.Struct, frozen=True):
    """The fork server's first word.

    Attributes:
        problem: why it cannot be used; empty where it can.
        files: files whose change makes what was imported out of date.
    """

    problem: str = ""
    files: list[str] = []


class RankLaunch(msgspec.Struct, frozen=True):
    """One rank: what its environment has beside the trial's, and its logs."""

    environment: dict[str, str]
    stdout: str
    stderr: str


class Launch(msgspec.Struct, frozen=True):
    """A trial to start.

    Attributes:
        program: the Python file, as the command line names it.
        environment: all of it; nothing of the fork server's own is left.
        marker: the value of `LIGHTNING_SWEEPS_TRIAL`, by which the trial's processes are found.
        agent: the pid that adopts the trial's first process.
        failed_rank: the file to leave word in of the rank that failed first.
    """

    program: str
    arguments: list[str]
    environment: dict[str, str]
    working_folder: str
    marker: str
    agent: int
    ranks: list[RankLaunch]
    failed_rank: str


class Launched(msgspec.Struct, frozen=True):
    """`pid` of the trial's first process; 0 where it could not be forked, for the reason `problem`."""

    pid: int
    problem: str = ""


class FailedRank(msgspec.Struct, frozen=True):
    """Which rank failed first; `exit_code` is negative for a signal."""

    rank: int
    exit_code: int


def send(channel: socket.socket, message: msgspec.Struct) -> None:
    """Send one message.

    Raises:
        OSError: the other end is gone.
        UnicodeEncodeError: a text in it is not UTF-8.
    """
    body = msgspec.msgpack.encode(message)
    channel.sendall(len(body).to_bytes(LENGTH_BYTES, "big") + body)


def receive(channel: socket.socket, kind: type[T]) -> T | None:
    """Return the next message, None where the other end is gone."""
    length = _exactly(channel, LENGTH_BYTES)
    body = _exactly(channel, int.from_bytes(length, "big")) if length else b""
    return msgspec.msgpack.decode(body, type=kind) if body else None


def _exactly(channel: socket.socket, size: int) -> bytes:
    """Return `size` bytes, or none at all where the other end is gone."""
    parts = bytearray()
    while len(parts) < size:
        part = channel.recv(size - len(parts))
        if not part:
            return b""
        parts += part
    return bytes(parts)
