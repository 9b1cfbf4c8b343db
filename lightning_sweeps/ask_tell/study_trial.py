"""Defines `StudyTrial`: a trial that a study has handed out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.agents.function.heartbeat import LeaseHeartbeat
from lightning_sweeps.ask_tell.seat import Seat
from lightning_sweeps.ask_tell.told_values import ToldState, named_values
from lightning_sweeps.core.handover import TrialFile
from lightning_sweeps.errors import UsageError
from lightning_sweeps.sdk.run import Run
from lightning_sweeps.sdk.trial_journals import TrialJournals

logger = logging.getLogger("lightning_sweeps")

UPLOAD_LIMIT_S = 10.0
"""How long `should_stop` waits until the server has the reported values."""


@dataclass(frozen=True, slots=True)
class HeldTrial:
    """A trial and what holds it.

    Attributes:
        seat: the agent that holds its lease.
        leased: the trial as the server leased it.
        file: the trial as a training process sees it, with its seed.
        lease: extends its lease, and knows the server's orders.
        journals: the journals of this machine.
    """

    seat: Seat
    leased: m.Trial
    file: TrialFile
    lease: LeaseHeartbeat
    journals: TrialJournals


class StudyTrial:
    """A trial that `Study.ask` returned. Use it in one thread at a time.

    Attributes:
        run: the run of the trial, which `report` and `Study.tell` log to. It takes more metrics, media and artifacts.
        state: what was told about the trial; None while it is in flight.

    Example:
        >>> trial = study.ask()  # doctest: +SKIP
        >>> for epoch in range(10):  # doctest: +SKIP
        ...     trial.report(train_one_epoch(**trial.params), step=epoch)
        ...     if trial.should_stop():
        ...         break
    """

    def __init__(self, held: HeldTrial, run: Run) -> None:
        self._held = held
        self._has_value = False
        self.run = run
        self.state: ToldState | None = None

    @property
    def id(self) -> str:
        """The id of the trial."""
        return self._held.leased.id

    @property
    def number(self) -> int:
        """The number of the trial in its sweep, from 1."""
        return self._held.leased.number

    @property
    def params(self) -> dict[str, Any]:
        """The parameter set, nested as in the sweep file."""
        return self._held.file.params

    @property
    def attempt(self) -> int:
        """The attempt, from 1. A trial that was given back, or whose process died, has another attempt."""
        return self._held.leased.attempt

    @property
    def seed(self) -> int | None:
        """The seed that this trial should use; None if the sweep has no `repeats`."""
        return self._held.file.seed

    @property
    def has_value(self) -> bool:
        """Whether a value of the sweep's metric was reported."""
        return self._has_value

    @property
    def stop_reason(self) -> str:
        """Why the trial should stop, as far as this process knows; empty if it should not."""
        lease = self._held.lease
        return lease.stop_reason or ("the trial no longer belongs to this study" if lease.is_lost else "")

    def report(self, value: Any, step: int | None = None) -> None:
        """Log an intermediate value, which the sweep's stopping rule judges.

        This appends to a file and waits for nothing.

        Args:
            value: a number, the value of the sweep's metric; or a map of metric names to values.
            step: the step. Default: one more than that of the last report.

        Raises:
            UsageError: the value of the metric is no number, a number has no name because the sweep has no metric, or
                the trial has been told.
        """
        if self.state is not None:
            raise UsageError(f"trial {self.number} was told as `{self.state}`: it takes no more reports")
        values = named_values(value, self._held.file.metric)
        self._has_value = self._has_value or self._held.file.metric in values
        self.run.log(values, step)

    def should_stop(self) -> bool:
        """Return whether the sweep wants this trial to stop: its stopping rule, or a user.

        This waits until the server has judged all reports, normally for some milliseconds, and at most 10 s. Then leave
        the loop and tell the trial, with its last value or without one.

        Raises:
            ServerRefused: the server rejects the request.
        """
        held = self._held
        if self.state is None and not self.stop_reason:
            missing = held.journals.wait_until_uploaded(self.id, timeout_s=UPLOAD_LIMIT_S)
            if missing.sizes:
                logger.warning("study: trial %d is not judged by its last reports: %s", self.number, missing)
            orders = held.seat.registration.heartbeat(held.leased)
            if orders is not None:
                held.lease.obey(orders)
        return bool(self.stop_reason)

    def __repr__(self) -> str:
        return f"StudyTrial(number={self.number}, id={self.id!r}, params={self.params!r})"
