"""A seat of a study: one agent of the server, which holds one trial at a time, as every agent does."""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import dataclass

from lightning_sweeps import messages as m
from lightning_sweeps.agents.ended_trials import EndedTrials
from lightning_sweeps.agents.registration import Registration
from lightning_sweeps.agents.server_connection import ServerConnection
from lightning_sweeps.agents.time_accounting import Activity, TimeAccounting
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import ServerError
from lightning_sweeps.sdk.trial_journals import TrialJournals

logger = logging.getLogger("lightning_sweeps")

POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Seat:
    """One registered agent with a connection of its own, so that several threads can use a study.

    Attributes:
        registration: the agent's registration.
        ended: its trials whose last values are on their way.
    """

    registration: Registration
    ended: EndedTrials

    @classmethod
    def open(cls, sweep_id: str, number: int, settings: Settings, journals: TrialJournals) -> Seat:
        """Register an agent. It has no GPUs: the study does not know where its trials run.

        Raises:
            NotFound: the sweep does not exist.
            ServerError: the server cannot be reached or rejects the request.
        """
        connection = ServerConnection(_say, settings)
        accounting = TimeAccounting(0, time.monotonic(), "waiting for a trial")
        try:
            registration = Registration.register(
                sweep_id, connection=connection, accounting=accounting, slot=number, devices=()
            )
        except BaseException:
            connection.close()
            raise
        return cls(registration, EndedTrials(registration, _say, journals.wake))

    def switch_to(self, activity: Activity) -> None:
        """Account for the time from now on as `activity`."""
        self.registration.accounting.switch_to(activity, now=time.monotonic())

    def end(self, trial: m.Trial, end: m.TrialEnd) -> m.Trial:
        """Report the end of a trial, and repeat that until the server answers. Return the trial."""
        while (reported := self.registration.end(trial, end)) is None:
            time.sleep(max(POLL_S, self.registration.connection.retry_in_s))
        self.switch_to("waiting for a trial")
        return reported

    def leave(self) -> None:
        """Unregister the agent. A trial that it still holds returns to the sweep."""
        with contextlib.suppress(ServerError):  # without this, the registration expires later
            self.ended.note(None)
            self.registration.leave()
        self.registration.connection.close()


def _say(text: str) -> None:
    logger.warning("study: %s", text)
