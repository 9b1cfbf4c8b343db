"""Writes to descriptors completely."""

from __future__ import annotations

import os
import select


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes, waiting as long as it takes.

    Raises:
        OSError: nobody can read them any more.
    """
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # another process with the same terminal has made it non-blocking
            select.select([], [descriptor], [])
