"""Waits until the server has what the programs on this machine have logged.

The service writes how many bytes of each journal the server has. A process that waits wakes the service first, so the
answer normally comes within milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.core.paths import JOURNAL_SUFFIX, Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.system import service_lock
from lightning_sweeps.system.service_state import ServiceState, read_service_state
from lightning_sweeps.system.start_service import wake_or_start_service

POLL_INTERVAL_S = 0.005
WAKE_INTERVAL_S = 0.5
"""How often the service is woken: it may have just started, or may be about to end."""
PATIENCE_S = 1.0
"""How long to wait although the service reports a problem: the report may be from before the wake-up."""


@dataclass(frozen=True, slots=True)
class MissingBytes:
    """What the server does not have yet.

    Attributes:
        sizes: number of missing bytes by journal id.
        problem: why, as far as it is known.
    """

    sizes: dict[str, int]
    problem: str = ""

    @property
    def total(self) -> int:
        """Number of missing bytes."""
        return sum(self.sizes.values())

    def __str__(self) -> str:
        count = "1 journal" if len(self.sizes) == 1 else f"{len(self.sizes)} journals"
        because = f": {self.problem}" if self.problem else ""
        return f"{self.total} bytes of {count} on this machine are not on the server yet{because}"


def wait_until_uploaded(
    home: Home, settings: Settings, *, timeout_s: float, journals: Iterable[Path] | None = None
) -> MissingBytes:
    """Wait until the server has what is in the journals now.

    Args:
        home: the home folder.
        settings: which kind of service this machine has. A service that has ended is started again.
        timeout_s: how long to wait at most, in seconds.
        journals: the journals; default: all in the home folder.

    Returns:
        What is missing. Nothing is waited for if no service runs and none may be started.
    """
    began = time.monotonic()
    next_wakeup = began
    lengths = _lengths(_all_journals(home) if journals is None else journals)
    while True:
        state = read_service_state(home)
        missing = _missing(home, lengths, state)
        now = time.monotonic()
        is_passed = state.pass_started_at > began and missing.keys() <= state.committed.keys()
        is_stuck = bool(state.problem) and now - began > PATIENCE_S
        if not missing or is_passed or is_stuck or now - began >= timeout_s:
            return MissingBytes(missing, state.problem or ("the server rejects them" if is_passed and missing else ""))
        if now >= next_wakeup:
            next_wakeup = now + WAKE_INTERVAL_S
            if not _wake(home, settings):
                return MissingBytes(missing, "no service uploads them (LIGHTNING_SWEEPS_SERVICE)")
        time.sleep(POLL_INTERVAL_S)


def missing_now(home: Home) -> MissingBytes:
    """Return what the server does not have yet, without waiting."""
    state = read_service_state(home)
    return MissingBytes(_missing(home, _lengths(_all_journals(home)), state), state.problem)


def _wake(home: Home, settings: Settings) -> bool:
    """Wake the service, or start it. Return False if no service runs and none may be started."""
    wake_or_start_service(home, settings)
    return settings.service == "process" or service_lock.is_held(home)


def _all_journals(home: Home) -> list[Path]:
    try:
        return [path for path in home.journals.iterdir() if path.suffix == JOURNAL_SUFFIX]
    except FileNotFoundError:
        return []


def _lengths(journals: Iterable[Path]) -> dict[str, int]:
    lengths: dict[str, int] = {}
    for path in journals:
        try:
            lengths[path.name.removesuffix(JOURNAL_SUFFIX)] = path.stat().st_size
        except FileNotFoundError:  # the service deletes a journal when the server has all of it
            continue
    return lengths


def _missing(home: Home, lengths: dict[str, int], state: ServiceState) -> dict[str, int]:
    lacking = {name: length - state.committed.get(name, 0) for name, length in lengths.items()}
    return {
        name: size
        for name, size in lacking.items()
        if size > 0 and name not in state.ignored and home.journal(name).exists()
    }
