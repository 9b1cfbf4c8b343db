"""Waits until the server has a journal. The service writes how many bytes of each journal the server has committed."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from lightning_sweeps.core.paths import JOURNAL_SUFFIX, Home
from lightning_sweeps.system.node import node_id

POLL_INTERVAL_S = 0.02


def wait_until_uploaded(home: Home, journal: Path, timeout_s: float) -> int:
    """Wait until the server has the whole journal, at most `timeout_s` seconds.

    Returns:
        The number of bytes that the server does not have yet.
    """
    deadline = time.monotonic() + timeout_s
    while (missing_bytes := _count_missing_bytes(home, journal)) and time.monotonic() < deadline:
        time.sleep(POLL_INTERVAL_S)
    return missing_bytes


def _count_missing_bytes(home: Home, journal: Path) -> int:
    try:
        size_bytes = journal.stat().st_size
    except FileNotFoundError:  # the service deletes a journal when the server has all of it
        return 0
    try:
        state = msgspec.json.decode(home.service_state(node_id()).read_bytes())
        return max(0, size_bytes - int(state["committed"].get(journal.name.removesuffix(JOURNAL_SUFFIX), 0)))
    except (OSError, msgspec.DecodeError, KeyError):
        return size_bytes
