"""Leaves time to others between the transactions of long work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def leaving_time(pause: float) -> Iterator[None]:
    """Sleep after a block, as a multiple of its duration: others write meanwhile.

    A lock alone does not let them: SQLite lets processes poll for their turn, and a thread may take a lock again.
    """
    began = time.monotonic()
    yield
    time.sleep(pause * (time.monotonic() - began))
