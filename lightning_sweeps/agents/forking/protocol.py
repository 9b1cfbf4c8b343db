"""The protocol between an agent and its fork server: messages with a length prefix over a socket pair."""

from __future__ import annotations

import socket
from typing import TypeVar

import msgspec

T = TypeVar("T")

LENGTH_BYTES = 4


class Ready(msgspec.Struct, frozen=True):
    """The fork server's first message, sent after the imports.

    Attributes:
        problem: why the fork server cannot be used; empty if it can.
        files: files that change when the imported code is out of date.
        began_ns: when the imports began, in nanoseconds since the epoch.
    """

    problem: str = ""
    files: list[str] = []
    began_ns: int = 0


class RankLaunch(msgspec.Struct, frozen=True):
    """One rank of a trial.

    Attributes:
        environment: the rank's variables besides the trial's.
        stdout, stderr: paths of the rank's logs.
    """

    environment: dict[str, str]
    stdout: str
    stderr: str


class Launch(msgspec.Struct, frozen=True):
    """A trial to start.

    Attributes:
        program: path of the Python file, as on the command line.
        environment: the whole environment; it replaces the fork server's.
        marker: value of `LIGHTNING_SWEEPS_TRIAL`, which identifies the trial's processes.
        agent: pid of the agent, which adopts the trial's first process.
        failed_rank: path of the file to write with the rank that failed first.
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
    """The reply to `Launch`.

    Attributes:
        pid: the trial's first process; 0 if it could not be forked.
        problem: why it could not be forked.
    """

    pid: int
    problem: str = ""


class FailedRank(msgspec.Struct, frozen=True):
    """The rank that failed first.

    Attributes:
        rank: number of the rank.
        exit_code: its exit code, negative for a signal.
    """

    rank: int
    exit_code: int


def send(channel: socket.socket, message: msgspec.Struct) -> None:
    """Send one message.

    Raises:
        OSError: the other end is closed.
        UnicodeEncodeError: a text in the message is not valid UTF-8.
    """
    body = msgspec.msgpack.encode(message)
    channel.sendall(len(body).to_bytes(LENGTH_BYTES, "big") + body)


def receive(channel: socket.socket, kind: type[T]) -> T | None:
    """Return the next message, or None if the other end is closed."""
    length = _receive_exactly(channel, LENGTH_BYTES)
    body = _receive_exactly(channel, int.from_bytes(length, "big")) if length else b""
    return msgspec.msgpack.decode(body, type=kind) if body else None


def _receive_exactly(channel: socket.socket, size: int) -> bytes:
    """Return `size` bytes, or an empty value if the other end is closed."""
    parts = bytearray()
    while len(parts) < size:
        part = channel.recv(size - len(parts))
        if not part:
            return b""
        parts += part
    return bytes(parts)
