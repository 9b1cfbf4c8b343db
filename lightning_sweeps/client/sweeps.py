"""Operations of sweeps and their trials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.client.pages import pages_after
from lightning_sweeps.client.transport import Transport
from lightning_sweeps.core.pasted_id import last_part


class SweepRoutes(Transport):
    """Operations of sweeps and their trials."""

    def create_sweep(self, sweep: m.SweepCreate) -> m.SweepCreated:
        """Create a sweep.

        Raises:
            SweepFileError: the configuration is invalid; nothing was created.
        """
        return self._post("/api/sweeps", m.SweepCreated, sweep)

    def sweeps(self, *, project: str | None = None, deleted: bool = False) -> list[m.Sweep]:
        """Return the sweeps of a project, or of all; with `deleted`, those in the trash instead."""
        params = {"project": project, "deleted": "true" if deleted else None}
        return self._get("/api/sweeps", list[m.Sweep], params=params)

    def delete_sweep(self, sweep_id: str) -> m.Sweep:
        """Move a sweep that is over to the trash, with the runs of its trials."""
        return self._post(f"/api/sweeps/{sweep_id}/delete", m.Sweep)

    def restore_sweep(self, sweep_id: str) -> m.Sweep:
        """Take a sweep out of the trash, with the runs of its trials."""
        return self._post(f"/api/sweeps/{sweep_id}/restore", m.Sweep)

    def sweep(self, sweep_id: str) -> m.Sweep:
        """Return a sweep."""
        return self._get(f"/api/sweeps/{last_part(sweep_id)}", m.Sweep)

    def set_sweep_state(self, sweep_id: str, state: m.SweepState) -> m.Sweep:
        """Pause, resume, stop or cancel a sweep."""
        return self._post(f"/api/sweeps/{sweep_id}/state", m.Sweep, m.SweepStateChange(state))

    def update_sweep(self, sweep_id: str, update: m.SweepUpdate) -> m.Sweep:
        """Replace the configuration of a sweep, except its project, and the names and goals of its metrics.

        Raises:
            SweepFileError: the configuration is invalid; nothing was changed.
        """
        return self._post(f"/api/sweeps/{sweep_id}/update", m.Sweep, update)

    def enqueue_trial(self, sweep_id: str, params: dict[str, Any]) -> m.Trial:
        """Add a trial with these parameters to the end of the sweep's queue."""
        return self._post(f"/api/sweeps/{sweep_id}/trials", m.Trial, m.TrialEnqueue(params))

    def trial_changes(self, sweep_id: str, *, since: float | None = None) -> m.TrialChanges:
        """Return the trials that changed since a cursor (None: all trials), and the next cursor."""
        return self._get(f"/api/sweeps/{sweep_id}/trials/changes", m.TrialChanges, params={"since": since})

    def trials(self, sweep_id: str) -> list[m.Trial]:
        """Return the trials of a sweep, read page by page."""
        return [trial for page in self.trial_pages(sweep_id) for trial in page]

    def trial_pages(self, sweep_id: str) -> Iterator[Sequence[m.Trial]]:
        """Return the trials of a sweep, page by page, in the order of their numbers."""
        path = f"/api/sweeps/{last_part(sweep_id)}/trials"

        def fetch(after: int) -> list[m.Trial]:
            return self._get(path, list[m.Trial], params={"after": after})

        return pages_after(0, fetch, lambda trial: trial.number)

    def sweep_points(self, sweep_id: str) -> list[m.SweepPoint]:
        """Return the points of a sweep, each with the value and spread of its trials."""
        return self._get(f"/api/sweeps/{last_part(sweep_id)}/points", list[m.SweepPoint])

    def search_inputs(self, sweep_id: str) -> m.SearchInputs:
        """Return what the search of a sweep started with."""
        return self._get(f"/api/sweeps/{sweep_id}/search", m.SearchInputs)

    def agents(self, sweep_id: str) -> list[m.Agent]:
        """Return the agents of a sweep."""
        return self._get(f"/api/sweeps/{sweep_id}/agents", list[m.Agent])

    def trial(self, trial_id: str) -> m.Trial:
        """Return a trial."""
        return self._get(f"/api/trials/{trial_id}", m.Trial)

    def sweep_changes(self, sweep_id: str) -> list[m.SweepChange]:
        """Return the changes that people made to a sweep, oldest first."""
        return self._get(f"/api/sweeps/{sweep_id}/changes", list[m.SweepChange])

    def mark_trial(self, trial_id: str, mark: m.TrialMark) -> m.Trial:
        """Set whether a trial's result counts, or its note."""
        return self._post(f"/api/trials/{trial_id}/mark", m.Trial, mark)

    def stop_trial(self, trial_id: str) -> m.Trial:
        """Stop a running trial."""
        return self._post(f"/api/trials/{trial_id}/stop", m.Trial)

    def extend_sweep(self, sweep_id: str, trials: int) -> m.Sweep:
        """Raise the maximum number of trials by a number. A finished sweep runs again."""
        return self._post(f"/api/sweeps/{sweep_id}/extend", m.Sweep, m.SweepExtend(trials))

    def retry_trial(self, trial_id: str) -> m.Trial:
        """Run a trial that has ended again. A finished sweep runs again."""
        return self._post(f"/api/trials/{trial_id}/retry", m.Trial)

    def retry_failed(self, sweep_id: str, *, error: str = "") -> list[m.Trial]:
        """Run the failed trials of a sweep again, or those whose error contains a text. Return them."""
        return self._post(f"/api/sweeps/{sweep_id}/retry", list[m.Trial], m.RetryFailed(error))

    def attempts(self, trial_id: str) -> list[m.TrialAttempt]:
        """Return the earlier attempts of a trial, oldest first."""
        return self._get(f"/api/trials/{trial_id}/attempts", list[m.TrialAttempt])
