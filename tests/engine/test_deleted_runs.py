"""The point of a trial whose runs were deleted is free again."""

from __future__ import annotations

from lightning_sweeps import messages as m
from tests.engine.driver import Server, TrialRun


def test_a_deleted_run_frees_the_point_of_its_trial(server: Server) -> None:
    sweep_id = server.create(parameters={"x": {"values": [1, 2]}})
    agent = server.agent(sweep_id)
    for value in (0.5, 0.7):
        trial = agent.take()
        run = TrialRun(server.client, trial)
        run.log({"loss": value})
        run.end()
        agent.end(trial)
    assert agent.lease().sweep_state == "finished"
    best = server.client.sweep(sweep_id).best
    assert best is not None and best.objective == 0.5
    (deleted,) = server.client.runs(trial=best.id).runs
    server.client.change_runs(m.RunsChange(m.RunChoice(ids=[deleted.id]), "delete"))
    assert server.client.trial(best.id).discarded
    now_best = server.client.sweep(sweep_id).best
    assert now_best is not None and now_best.objective == 0.7
    server.client.set_sweep_state(sweep_id, "running")
    again = agent.take()
    assert again.params == best.params
    agent.end(again)
    server.client.change_runs(m.RunsChange(m.RunChoice(ids=[deleted.id]), "restore"))
    assert not server.client.trial(best.id).discarded
