"""Values of the server's options that its command lines declare."""

from __future__ import annotations

from enum import Enum

LOOPBACK = "127.0.0.1"


class LogFormat(str, Enum):
    """Format of log lines."""

    text = "text"
    json = "json"
