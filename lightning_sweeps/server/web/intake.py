"""Limits how many bytes of requests the server keeps in memory."""

from __future__ import annotations

from lightning_sweeps.errors import ServerRefused


class Intake:
    """Counts the bytes that are in memory. A sender above the limit must retry. Use it in one thread only.

    Args:
        limit_bytes: the limit. One request alone may exceed it.
        hint: what the sender should do.
    """

    def __init__(self, limit_bytes: int, *, hint: str = "send the request again a little later") -> None:
        self.limit_bytes = limit_bytes
        self.held_bytes = 0
        self._hint = hint

    def take(self, size_bytes: int) -> None:
        """Reserve memory for more bytes.

        Raises:
            ServerRefused: the limit would be exceeded (429).
        """
        if self.held_bytes and self.held_bytes + size_bytes > self.limit_bytes:
            raise ServerRefused(
                "the server already buffers as many bytes of requests as it can", status=429, hint=self._hint
            )
        self.held_bytes += size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Release memory that was reserved."""
        self.held_bytes -= size_bytes
