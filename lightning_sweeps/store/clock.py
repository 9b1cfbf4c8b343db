"""Reads the clock that all servers of a database share, so that their own clocks may differ.

Leases, cursors and the times of changes are compared with times that other servers wrote. With PostgreSQL, they all use
the database's clock: each server measures how far its own clock is from it. The servers of an SQLite database are on
one machine, and use its clock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy
from sqlalchemy import Connection

REFRESH_S = 10.0
"""How long a measurement is used."""
STEP_S = 0.05
"""A difference between the server's two clocks that shows that its time was set, or that the machine was suspended."""
LONG_ROUND_TRIP_S = 0.5
"""A slower measurement is too imprecise to replace an earlier one."""

CLOCK = "lightning_sweeps_clock"
"""The execution option that holds the clock of an engine."""

_READ = sqlalchemy.text("SELECT extract(epoch FROM clock_timestamp())")


@dataclass(frozen=True, slots=True)
class _Measurement:
    """How far the database's clock is ahead of this server's, and when that was measured on the server's two clocks."""

    ahead_s: float
    wall_s: float
    monotonic_s: float


class ServerClock:
    """The time of this machine, for a database whose servers are all on it. Threads may share it."""

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return time.time()

    def refresh(self, connection: Connection) -> None:
        """Measure again if it is time to. `connection` has an open transaction."""


class DatabaseClock(ServerClock):
    """The time of a PostgreSQL server. Before the first measurement, it is that of this machine."""

    def __init__(self) -> None:
        self._measured: _Measurement | None = None

    def now(self) -> float:
        """Return the database's time in seconds since the epoch."""
        measured = self._measured
        return time.time() + (0.0 if measured is None else measured.ahead_s)

    def refresh(self, connection: Connection) -> None:
        """Measure again if it is time to. `connection` has an open transaction."""
        measured = self._measured
        is_outdated = measured is None or self._is_outdated(measured)
        if not is_outdated:
            return
        asked = time.time()
        found = float(connection.execute(_READ).scalar_one())
        answered = time.time()
        if measured is None or answered - asked <= LONG_ROUND_TRIP_S:
            self._measured = _Measurement(found - (asked + answered) / 2, answered, time.monotonic())

    @staticmethod
    def _is_outdated(measured: _Measurement) -> bool:
        passed_s = time.monotonic() - measured.monotonic_s
        stepped_s = time.time() - measured.wall_s - passed_s
        return passed_s > REFRESH_S or abs(stepped_s) > STEP_S


def now(connection: Connection) -> float:
    """Return the time that the servers of the connection's database share, in seconds since the epoch."""
    clock: ServerClock | None = connection.get_execution_options().get(CLOCK)
    return time.time() if clock is None else clock.now()


def time_of_statement(context: Any) -> float:
    """Return the same for a column that SQLAlchemy fills in. Its argument is the statement's execution context."""
    return now(context.connection)
