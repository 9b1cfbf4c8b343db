"""Sweeps and their trials, as people see and steer them."""

from __future__ import annotations

from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport


class SweepRoutes(Transport):
    def create_sweep(self, sweep: m.SweepCreate) -> m.SweepCreated:
        """Create a sweep.

        Raises:
            SweepFileError: the configuration has faults; nothing was created.
        """
        return self._post("/api/sweeps", m.SweepCreated, sweep)

    def sweeps(self, *, project: str | None = None) -> list[m.Sweep]:
        return self._get("/api/sweeps", list[m.Sweep], params={"project": project})

    def sweep(self, sweep_id: str) -> m.Sweep:
        return self._get(f"/api/sweeps/{sweep_id}", m.Sweep)

    def set_sweep_state(self, sweep_id: str, state: m.SweepState) -> m.Sweep:
        return self._post(f"/api/sweeps/{sweep_id}/state", m.Sweep, m.SweepStateChange(state))

    def update_sweep(self, sweep_id: str, update: m.SweepUpdate) -> m.Sweep:
        """Give a sweep a new configuration; its method, parameters, metrics and seed must be those that it has.

        Raises:
            SweepFileError: the configuration has faults; nothing was changed.
        """
        return self._post(f"/api/sweeps/{sweep_id}/update", m.Sweep, update)

    def enqueue_trial(self, sweep_id: str, params: dict[str, Any]) -> m.Trial:
        """Add a trial with these parameters, which waits for an agent behind those that wait already."""
        return self._post(f"/api/sweeps/{sweep_id}/trials", m.Trial, m.TrialEnqueue(params))

    def trial_changes(self, sweep_id: str, *, since: float | None = None) -> m.TrialChanges:
        """Return the trials that were written since a cursor (None: all), and the next cursor."""
        return self._get(f"/api/sweeps/{sweep_id}/trials/changes", m.TrialChanges, params={"since": since})

    def trials(self, sweep_id: str) -> list[m.Trial]:
        return self._get(f"/api/sweeps/{sweep_id}/trials", list[m.Trial])

    def agents(self, sweep_id: str) -> list[m.Agent]:
        return self._get(f"/api/sweeps/{sweep_id}/agents", list[m.Agent])

    def trial(self, trial_id: str) -> m.Trial:
        return self._get(f"/api/trials/{trial_id}", m.Trial)

    def sweep_changes(self, sweep_id: str) -> list[m.SweepChange]:
        """Return what people did to a sweep, the first first."""
        return self._get(f"/api/sweeps/{sweep_id}/changes", list[m.SweepChange])

    def mark_trial(self, trial_id: str, mark: m.TrialMark) -> m.Trial:
        """Say whether a trial's value counts, or what is to be known of it."""
        return self._post(f"/api/trials/{trial_id}/mark", m.Trial, mark)

    def stop_trial(self, trial_id: str) -> m.Trial:
        return self._post(f"/api/trials/{trial_id}/stop", m.Trial)
