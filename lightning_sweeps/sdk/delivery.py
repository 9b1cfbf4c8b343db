"""Waiting for the server's word, for those who ask for it: the service says how much of each journal the server has."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from lightning_sweeps.core.paths import JOURNAL_SUFFIX, Home
from lightning_sweeps.system.node import node_id

LOOK_INTERVAL_S = 0.02


def wait_until_shipped(home: Home, path: Path, timeout_s: float) -> int:
    """Wait until the server has the whole journal; return the bytes that it does not have after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while (left := _left(home, path)) and time.monotonic() < deadline:
        time.sleep(LOOK_INTERVAL_S)
    return left


def _left(home: Home, path: Path) -> int:
    try:
        size = path.stat().st_size
    except FileNotFoundError:  # the service takes a journal away when the server has it
        return 0
    try:
        state = msgspec.json.decode(home.service_state(node_id()).read_bytes())
        return max(0, size - int(state["committed"].get(path.name.removesuffix(JOURNAL_SUFFIX), 0)))
    except (OSError, msgspec.DecodeError, KeyError):
        return size
