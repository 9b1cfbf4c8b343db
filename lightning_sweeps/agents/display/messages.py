"""What an agent tells its display, one line of JSON for each message."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

OUT, ERR = 1, 2
"""The descriptors of standard output and standard error."""


class LogFile(msgspec.Struct, frozen=True):
    """A log of the running trial.

    Attributes:
        path: the file; it may not exist yet.
        prefix: printed before each line.
        stream: `OUT` or `ERR`.
        offset: the byte at which this attempt begins.
    """

    path: str
    prefix: str
    stream: int
    offset: int


class PrintLine(msgspec.Struct, frozen=True, tag=True):
    """Print one line."""

    text: str
    stream: int = OUT


class Follow(msgspec.Struct, frozen=True, tag=True):
    """Show what the program writes to these logs from now on, after the rest of the logs before."""

    logs: Sequence[LogFile] = ()


Message = PrintLine | Follow

_DECODER: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def encode(message: Message) -> bytes:
    """Return the message as one line."""
    return msgspec.json.encode(message) + b"\n"


def decode(line: bytes) -> Message:
    """Return the message of a line."""
    return _DECODER.decode(line)
