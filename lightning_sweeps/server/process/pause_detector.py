"""Detects that the server was not answering, so that an agent's silence in that time proves nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class PauseDetector:
    """Compares two clocks at regular checks. Pure: the caller reads the clocks.

    A laptop that sleeps stops the monotonic clock and not the wall clock. A stopped process or a database that hangs
    delays the check on both clocks. A clock that somebody sets moves the wall clock alone. The first check after a
    start, or after a failure of the database, counts as the end of a pause.

    Attributes:
        interval_s: seconds from one check to the next as planned.
        tolerance_s: delay or difference of the clocks that is not a pause.
        answering_since: end of the last pause, seconds since the epoch; 0 before the first check.
    """

    interval_s: float
    tolerance_s: float
    answering_since: float = 0.0
    _last: tuple[float, float] | None = None

    def is_after_pause(self, *, monotonic_s: float, wall_s: float) -> bool:
        """Return whether the server was paused since the last check."""
        last, self._last = self._last, (monotonic_s, wall_s)
        if last is not None:
            passed_s, passed_by_wall_s = monotonic_s - last[0], wall_s - last[1]
            is_late = passed_s > self.interval_s + self.tolerance_s
            if not is_late and abs(passed_by_wall_s - passed_s) <= self.tolerance_s:
                return False
        self.answering_since = wall_s
        return True

    def note_failure(self) -> None:
        """Record that the database did not answer: the next check is the end of a pause."""
        self._last = None
