"""Controls a sweep from Python: its state, its settings, more trials, and trials that run again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning_sweeps.api.sweeps import read_sweep
from lightning_sweeps.client.connection import connect
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import Sweep, SweepState, SweepUpdate, Trial, TrialAttempt, TrialMark


class SweepControl:
    """Controls an existing sweep. Each method is one request, which the server carries out completely or not at all.

    Every method may raise `NotFound` if there is no such sweep, `ServerRefused` if its state does not allow the change,
    and `ServerUnreachable` if the server does not respond.

    Args:
        sweep_id: Id of the sweep.

    Example:
        >>> import lightning_sweeps as ls
        >>> control = ls.SweepControl("1a2b3c4d5e")  # doctest: +SKIP
        >>> control.retry_failed(error="out of memory")  # doctest: +SKIP
        >>> control.extend(20)  # doctest: +SKIP
    """

    def __init__(self, sweep_id: str) -> None:
        self.sweep_id = sweep_id

    def pause(self) -> Sweep:
        """Start no trials until `resume`. Running trials continue."""
        return self._set_state("paused")

    def resume(self) -> Sweep:
        """Start trials again, after a pause or after the end of the sweep if something is left to do."""
        return self._set_state("running")

    def stop(self) -> Sweep:
        """End the sweep. Running trials continue."""
        return self._set_state("stopped")

    def cancel(self) -> Sweep:
        """End the sweep and stop its running trials."""
        return self._set_state("cancelled")

    def extend(self, trials: int) -> Sweep:
        """Allow more trials than `run_cap`. A finished sweep runs again.

        Args:
            trials: How many more.
        """
        with connect() as client:
            return client.extend_sweep(self.sweep_id, trials)

    def update(self, config: Mapping[str, Any] | str | Path) -> Sweep:
        """Replace the configuration.

        The table in `lightning-sweeps docs sweep-file` says what a change does to the search.

        Args:
            config: The content of a sweep file as a dictionary, or the path of a sweep file.

        Raises:
            SweepFileError: the configuration has faults. Nothing was changed.
        """
        parsed, source = read_sweep(config)
        with connect() as client:
            return client.update_sweep(self.sweep_id, SweepUpdate(parsed.raw, source=source))

    def enqueue(self, params: dict[str, Any]) -> Trial:
        """Add a trial with these parameters, nested or with dotted names. A finished sweep runs again."""
        with connect() as client:
            return client.enqueue_trial(self.sweep_id, params)

    def retry_failed(self, *, error: str = "") -> list[Trial]:
        """Run the trials again that failed, were lost or preempted, or finished without a value of the metric.

        Args:
            error: Only trials whose error contains this text, in any case.

        Returns:
            The trials that will run again; their state is `pending`.
        """
        with connect() as client:
            return client.retry_failed(self.sweep_id, error=error)

    def retry(self, number: int) -> Trial:
        """Run a trial again after its end, with the same parameters. The old attempt stays in the record."""
        with connect() as client:
            return client.retry_trial(self._trial_id(number))

    def discard(self, number: int, *, is_discarded: bool = True) -> Trial:
        """Discard a trial that has ended, or undo that. The point of a discarded trial is free again."""
        with connect() as client:
            return client.mark_trial(self._trial_id(number), TrialMark(discarded=is_discarded))

    def attempts(self, number: int) -> list[TrialAttempt]:
        """Return the earlier attempts of a trial, oldest first."""
        with connect() as client:
            return client.attempts(self._trial_id(number))

    def _set_state(self, state: SweepState) -> Sweep:
        with connect() as client:
            return client.set_sweep_state(self.sweep_id, state)

    def _trial_id(self, number: int) -> str:
        with connect() as client:
            ids = {trial.number: trial.id for trial in client.trials(self.sweep_id)}
        if number not in ids:
            raise UsageError(f"sweep `{self.sweep_id}` has no trial {number}, allowed: 1 to {max(ids, default=0)}")
        return ids[number]
