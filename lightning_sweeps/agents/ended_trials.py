"""The ended trials of an agent whose last values are on their way, and the wait for them before the agent ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lightning_sweeps import messages as m
from lightning_sweeps.agents.registration import Registration
from lightning_sweeps.errors import ServerRefused

LOOK_INTERVAL_S = 0.02
WAKE_INTERVAL_S = 1.0
"""How often the service is woken meanwhile: it may have ended, or may have been killed."""
MARGIN_S = 30.0
"""How much longer than a lease the agent waits: the server closes a trial after one lease time without news."""


SAYS_MORE: frozenset[m.TrialState] = frozenset({"finished", "pending", "preempted"})
"""States for which the server adds something: that there is no value, or how often the trial may run again."""


@dataclass(slots=True)
class EndedTrials:
    """Waits for the values of the trials that an agent has run, so that what it prints and returns is the truth.

    Attributes:
        registration: the agent's registration.
        say: prints one line for the user.
        wake: wakes the service, or starts it if it has ended.
        note_closed: called with each trial whose values the server has.
    """

    registration: Registration
    say: Callable[[str], None]
    wake: Callable[[], None]
    note_closed: Callable[[m.Trial], None] = lambda _: None
    _open: list[m.Trial] = field(default_factory=list)

    def note(self, reported: m.Trial | None) -> None:
        """Remember a trial as the server returned it when its end was reported; None if the server did not answer.

        What the server says of a trial without a value is printed now, or when the next trial ends.
        """
        for trial in list(self._open):
            if (closed := self._closed(trial)) is not None:
                self._open.remove(trial)
                self._show(closed)
        if reported is not None and reported.state == "ending":
            self._open.append(reported)
        elif reported is not None and reported.state in SAYS_MORE:
            self._show(reported)

    def wait(self, sleep: Callable[[float], object], is_interrupted: Callable[[], bool]) -> None:
        """Wait until the server has the values of all trials, or has given them up.

        Args:
            sleep: waits a number of seconds.
            is_interrupted: whether the user wants the agent to end now.
        """
        deadline = time.monotonic() + self.registration.lease_s + MARGIN_S
        wake_at = time.monotonic() + WAKE_INTERVAL_S
        while self._open and time.monotonic() < deadline and not is_interrupted():
            if time.monotonic() >= wake_at:
                wake_at = time.monotonic() + WAKE_INTERVAL_S
                self.wake()
            if (closed := self._closed(self._open[0])) is None:
                sleep(LOOK_INTERVAL_S)
                continue
            self._open.pop(0)
            self._show(closed)
        for trial in self._open:
            self.say(f"trial {trial.number} ({trial.id}): its last values are still on their way")
        self._open = []

    def _show(self, closed: m.Trial) -> None:
        self.note_closed(closed)
        if closed.reason:
            self.say(f"trial {closed.number} ({closed.id}): {closed.reason}")

    def _closed(self, trial: m.Trial) -> m.Trial | None:
        """Return the trial if it is closed, else None."""
        try:
            found = self.registration.connection.attempt(lambda client: client.trial(trial.id), start_local=False)
        except ServerRefused:  # for example, its sweep was deleted
            return trial
        return None if found is None or found.state == "ending" else found
