"""Trials that users discard: their points are free again, as after the deletion of a run in W&B."""

from __future__ import annotations

import pytest

from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.messages import TrialMark
from tests.engine.driver import Server, TrialRun


@pytest.mark.parametrize("method", ["grid", "random"])
def test_the_point_of_a_discarded_trial_is_tried_again(server: Server, method: str) -> None:
    sweep_id = server.create(method=method, parameters={"x": {"values": [1, 2, 3]}})
    agent = server.agent(sweep_id)
    points = []
    while (trial := agent.lease().trial) is not None:
        with pytest.raises(ServerRefused, match="only a trial that has ended can be discarded"):
            server.client.mark_trial(trial.id, TrialMark(discarded=True))
        TrialRun(server.client, agent.client.start_trial(agent.id, trial.id)).log({"loss": float(trial.number)})
        points.append(trial.params)
        agent.end(trial)
    best = server.client.sweep(sweep_id).best
    assert best is not None
    assert server.client.mark_trial(best.id, TrialMark(discarded=True)).discarded
    found = server.client.sweep(sweep_id)
    assert found.best is not None
    assert (found.state, found.counts, found.best.number) == ("finished", {"finished": 2}, 2)
    assert server.client.set_sweep_state(sweep_id, "running").state == "running"
    again = agent.take()
    assert (again.number, again.params) == (4, points[0])
    agent.end(again)
    assert agent.lease().sweep_state == "finished"
    assert not server.client.mark_trial(best.id, TrialMark(discarded=False)).discarded
    assert server.client.sweep(sweep_id).counts == {"finished": 4}


def test_a_discarded_trial_makes_room_in_the_cap(server: Server) -> None:
    sweep_id = server.create(run_cap=1)
    agent = server.agent(sweep_id)
    trial = agent.end(agent.take(), "failed")
    server.client.mark_trial(trial.id, TrialMark(discarded=True))
    server.client.set_sweep_state(sweep_id, "running")
    again = agent.take()
    assert (again.number, again.params) == (2, trial.params)
    agent.end(again)
    assert server.client.sweep(sweep_id).state == "finished"
