"""What a key may do, and how often somebody may try keys: pure decisions."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from lightning_sweeps.messages import Role

RANKS: dict[Role, int] = {"read": 0, "write": 1, "admin": 2}

QUERIES = frozenset({"/api/runs/query", "/api/series/query", "/api/series/packed"})
READING_POSTS = QUERIES | {"/api/login", "/api/logout", "/api/views"}
"""Requests that ask and change nothing, though they have a body."""
ADMIN_PATHS = ("/api/keys", "/api/audit")
UNTOLD = ("/api/journals", "/api/agents")
"""What services and agents send all the time is not in the audit log; its traces are runs and trials themselves."""

MOST_FAILURES = 20
WITHIN_S = 60.0
MOST_ADDRESSES = 10_000


def needed(method: str, path: str) -> Role:
    """Return the least role that may make a request."""
    if path.startswith(ADMIN_PATHS):
        return "admin"
    is_reading = method in ("GET", "HEAD", "OPTIONS") or path in READING_POSTS or not path.startswith("/api/")
    return "read" if is_reading else "write"


def may(role: Role, method: str, path: str) -> bool:
    """Return whether a key of `role` may make a request."""
    return RANKS[role] >= RANKS[needed(method, path)]


def may_view(method: str, path: str) -> bool:
    """Return whether a framed view may make a request: it reads, and gets no other way in."""
    if path.startswith(ADMIN_PATHS):
        return False
    return method in ("GET", "HEAD") or (method == "POST" and path in QUERIES)


def is_told(method: str, path: str) -> bool:
    """Return whether a request belongs into the audit log: it changes something, and a person made it."""
    if not path.startswith("/api/") or path.startswith(UNTOLD):
        return False
    return needed(method, path) != "read" and method not in ("GET", "HEAD", "OPTIONS")


@dataclass(slots=True)
class Failures:
    """Wrong keys per address. In one thread only."""

    _times: dict[str, deque[float]] = field(default_factory=dict)

    def is_over(self, address: str, *, now: float) -> bool:
        """Return whether the address has tried too many wrong keys within `WITHIN_S`."""
        times = self._times.get(address)
        while times and now - times[0] > WITHIN_S:
            times.popleft()
        return times is not None and len(times) >= MOST_FAILURES

    def note(self, address: str, *, now: float) -> None:
        """Count a wrong key."""
        if address not in self._times and len(self._times) >= MOST_ADDRESSES:
            self._times.clear()
        self._times.setdefault(address, deque(maxlen=MOST_FAILURES)).append(now)
