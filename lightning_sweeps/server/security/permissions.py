"""Decides what an API key may do, and limits how many wrong keys an address may send."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from lightning_sweeps.messages import Problem, Role

RANKS: dict[Role, int] = {"read": 0, "write": 1, "admin": 2}

QUERIES = frozenset({"/api/runs/query", "/api/series/query", "/api/series/packed"})
MLFLOW = "/api/2.0/mlflow/"
MLFLOW_SEARCHES = {f"{MLFLOW}{kind}/search" for kind in ("experiments", "runs", "logged-models")}
READING_POSTS = QUERIES | MLFLOW_SEARCHES | {"/api/login", "/api/logout", "/api/views"}
"""Requests that change nothing although they have a body."""
WRITING_PREFIXES = ("/api/", "/files/", "/wandb/")
"""Other paths change nothing. `/graphql` checks each operation by itself."""
ADMIN_PATHS = ("/api/keys", "/api/audit", "/api/trash/empty", "/api/space")
UNAUDITED = (
    *("/api/journals", "/api/agents", "/api/2.0/mlflow-artifacts/"),
    *(f"{MLFLOW}{name}" for name in ("logged-models", "runs/create", "runs/log-", "runs/outputs", "runs/set-tag")),
    f"{MLFLOW}runs/update",
)
"""Routine requests of services, agents and programs. Runs and trials already record them, so the audit log does not."""

MAX_FAILURES = 20
WITHIN_S = 60.0
MAX_ADDRESSES = 10_000


def refused_role(name: str | None, role: Role, wanted: Role) -> Problem:
    """Return what a request is told whose key has too low a role."""
    return Problem(
        f"the API key `{name}` has the role `{role}`, this request needs `{wanted}`", "use a key with that role"
    )


def needed(method: str, path: str) -> Role:
    """Return the lowest role that may make a request."""
    if path.startswith(ADMIN_PATHS):
        return "admin"
    is_reading = method in ("GET", "HEAD", "OPTIONS") or path in READING_POSTS or not path.startswith(WRITING_PREFIXES)
    return "read" if is_reading else "write"


def may(role: Role, method: str, path: str) -> bool:
    """Return whether a key of `role` may make a request."""
    return RANKS[role] >= RANKS[needed(method, path)]


def may_view(method: str, path: str) -> bool:
    """Return whether a framed view may make a request. It may only read, and it cannot get another token."""
    if path.startswith(ADMIN_PATHS):
        return False
    return method in ("GET", "HEAD") or (method == "POST" and path in QUERIES)


def is_audited(method: str, path: str) -> bool:
    """Return whether a request belongs in the audit log: a person made it, and it changes something."""
    if not path.startswith("/api/") or path.startswith(UNAUDITED):
        return False
    return needed(method, path) != "read" and method not in ("GET", "HEAD", "OPTIONS")


@dataclass(slots=True)
class FailedAttempts:
    """Counts wrong keys per address. Use it in one thread only."""

    _times: dict[str, deque[float]] = field(default_factory=dict)

    def is_over(self, address: str, *, now: float) -> bool:
        """Return whether the address has sent too many wrong keys within `WITHIN_S`."""
        times = self._times.get(address)
        while times and now - times[0] > WITHIN_S:
            times.popleft()
        return times is not None and len(times) >= MAX_FAILURES

    def note(self, address: str, *, now: float) -> None:
        """Count a wrong key."""
        if address not in self._times and len(self._times) >= MAX_ADDRESSES:
            self._times.clear()
        self._times.setdefault(address, deque(maxlen=MAX_FAILURES)).append(now)
