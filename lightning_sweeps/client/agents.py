"""What agents say of themselves and of the trials that they run."""

from __future__ import annotations

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport

HEARTBEAT_TIMEOUT_S = 5.0
"""An agent that waits for its heartbeat's answer looks after nothing else."""

LEASE_MARGIN_S = 10.0
"""How much longer than its own wait a lease request may take."""


class AgentRoutes(Transport):
    def register_agent(self, sweep_id: str, agent: m.AgentRegister) -> m.AgentRegistered:
        return self._post(f"/api/sweeps/{sweep_id}/agents", m.AgentRegistered, agent)

    def lease(self, agent_id: str, *, wait_s: float, endpoint: str | None = None) -> m.Lease:
        """Ask for a trial; the server answers when it has one, when the sweep's state changes, or after `wait_s`.

        `endpoint`: `host:port` on this machine where the processes of a trial over several machines could meet.
        """
        return self._call(
            "POST",
            f"/api/agents/{agent_id}/lease",
            m.Lease,
            params={"wait_s": wait_s, "endpoint": endpoint},
            timeout_s=wait_s + LEASE_MARGIN_S,
        )

    def heartbeat(self, agent_id: str, *, trial: str | None, spent_s: dict[str, float] | None = None) -> m.AgentOrders:
        path = f"/api/agents/{agent_id}/heartbeat"
        return self._post(path, m.AgentOrders, m.AgentHeartbeat(trial, spent_s), timeout_s=HEARTBEAT_TIMEOUT_S)

    def leave(self, agent_id: str) -> m.Agent:
        """Say that the agent ends; a trial that it still holds goes back to the sweep."""
        return self._post(f"/api/agents/{agent_id}/leave", m.Agent)

    def start_trial(self, agent_id: str, trial_id: str) -> m.Trial:
        """Say that the trial's program was started."""
        return self._post(f"/api/agents/{agent_id}/trials/{trial_id}/start", m.Trial)

    def end_trial(self, agent_id: str, trial_id: str, end: m.TrialEnd) -> m.Trial:
        """Say how the trial's processes ended."""
        return self._post(f"/api/agents/{agent_id}/trials/{trial_id}/end", m.Trial, end)
