"""Operations of agents: registration, leases, heartbeats, and the start and end of trials."""

from __future__ import annotations

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport

HEARTBEAT_TIMEOUT_S = 5.0
"""Short, because the agent does nothing else while it waits for the response."""

LEASE_MARGIN_S = 10.0
"""How much longer than `wait_s` a lease request may take."""


class AgentRoutes(Transport):
    """Operations of agents."""

    def register_agent(self, sweep_id: str, agent: m.AgentRegister) -> m.AgentRegistered:
        """Register an agent with a sweep."""
        return self._post(f"/api/sweeps/{sweep_id}/agents", m.AgentRegistered, agent)

    def lease(self, agent_id: str, *, wait_s: float, endpoint: str | None = None) -> m.Lease:
        """Request a trial. The server responds when it has one, when the sweep's state changes, or after `wait_s`.

        Args:
            wait_s: maximum time that the server may wait before it responds without a trial.
            endpoint: `host:port` on this machine for the rendezvous of a trial that runs on several machines.
        """
        return self._call(
            "POST",
            f"/api/agents/{agent_id}/lease",
            m.Lease,
            params={"wait_s": wait_s, "endpoint": endpoint},
            timeout_s=wait_s + LEASE_MARGIN_S,
        )

    def heartbeat(self, agent_id: str, *, trial: str | None, spent_s: dict[str, float] | None = None) -> m.AgentOrders:
        """Tell the server that the agent is running, and return the server's orders.

        Args:
            trial: id of the trial that the agent runs.
            spent_s: seconds that the agent spent so far, by activity.
        """
        path = f"/api/agents/{agent_id}/heartbeat"
        return self._post(path, m.AgentOrders, m.AgentHeartbeat(trial, spent_s), timeout_s=HEARTBEAT_TIMEOUT_S)

    def leave(self, agent_id: str) -> m.Agent:
        """Tell the server that the agent stops; a trial that it still has returns to the sweep."""
        return self._post(f"/api/agents/{agent_id}/leave", m.Agent)

    def start_trial(self, agent_id: str, trial_id: str) -> m.Trial:
        """Tell the server that the trial's program was started."""
        path = f"/api/agents/{agent_id}/trials/{trial_id}/start"
        return self._post(path, m.Trial, timeout_s=HEARTBEAT_TIMEOUT_S)

    def end_trial(self, agent_id: str, trial_id: str, end: m.TrialEnd) -> m.Trial:
        """Tell the server how the trial's processes ended."""
        return self._post(f"/api/agents/{agent_id}/trials/{trial_id}/end", m.Trial, end)
