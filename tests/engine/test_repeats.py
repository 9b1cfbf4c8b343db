"""Sweeps in which each point runs several times."""

from __future__ import annotations

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.messages import SweepUpdate
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.methods import Observation
from lightning_sweeps.sweeps.replay import replay
from tests.engine.driver import Agent, Server, TrialRun

LINE = {"x": {"min": 0.0, "max": 1.0}}
TWO = {"x": {"values": [1, 2]}}


def run(server: Server, agent: Agent, loss: float | None = None, state: m.TrialState = "finished") -> m.Trial:
    """Run the next trial, which logs its x and its repeat as the loss, or this loss."""
    trial = agent.take(wait_s=60)
    if state == "finished":
        TrialRun(server.client, trial).log({"loss": trial.params["x"] + trial.repeat if loss is None else loss})
    return agent.end(trial, state)


def finish(server: Server, agent: Agent, sweep_id: str) -> m.Sweep:
    """Ask for a trial once more, which finds that there is none, and return the finished sweep."""
    assert agent.lease().trial is None
    sweep = server.client.sweep(sweep_id)
    assert sweep.state == "finished"
    return sweep


def places(trials: list[m.Trial]) -> list[tuple[int, int]]:
    return [(trial.point, trial.repeat) for trial in trials]


def test_each_point_of_a_grid_runs_three_times(server: Server) -> None:
    sweep_id = server.create(parameters=TWO, repeats={"count": 3, "seed": "seed"})
    agent = server.agent(sweep_id)
    for _ in range(6):
        run(server, agent)
    sweep, trials = finish(server, agent, sweep_id), server.client.trials(sweep_id)
    assert places(trials) == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert [trial.params for trial in trials] == [{"x": 1}] * 3 + [{"x": 2}] * 3
    assert sweep.reason == "every point of the space has been tried"
    first, second = server.client.sweep_points(sweep_id)
    assert (first.value, first.spread, first.values, first.trials) == (3.0, 1.0, 3, [1, 2, 3])
    assert (second.value, second.params, second.state) == (4.0, {"x": 2}, "finished")
    assert sweep.best_point == first
    assert sweep.best is not None
    assert (sweep.best.number, sweep.best.objective, sweep.repeats) == (1, 2.0, 3)
    changes = server.client.trial_changes(sweep_id)
    assert changes.points == [first, second]
    assert server.client.trial_changes(sweep_id, since=changes.cursor + 60).points == []


def test_two_agents_share_the_trials_of_a_point(server: Server) -> None:
    sweep_id = server.create(parameters=TWO, repeats=2)
    agents = [server.agent(sweep_id, slot=slot) for slot in range(2)]
    at_once = [agent.take(wait_s=60) for agent in agents]
    assert places(at_once) == [(1, 1), (1, 2)]
    third = server.agent(sweep_id, slot=2).take(wait_s=60)
    assert places([third]) == [(2, 1)]


@pytest.mark.parametrize("method", ["bayes", "tpe"])
def test_a_fitted_method_sees_the_means_of_points(new_server: Server, method: str) -> None:
    check_points(new_server, method)


def test_a_method_gives_the_same_points_as_without_repeats(server: Server) -> None:
    check_points(server, "random")


def check_points(server: Server, method: str) -> None:
    """Check that the points are those that the method gives for the means of what was logged, as a pure function."""
    noise = [0.3, -0.1, 0.4]
    sweep_id = server.create(method=method, parameters=LINE, repeats=3, seed=3, run_cap=21)
    agent = server.agent(sweep_id)
    for at in range(21):
        trial = agent.take(wait_s=60)
        TrialRun(server.client, trial).log({"loss": (trial.params["x"] - 0.3) ** 2 + noise[at % 3]})
        agent.end(trial)
    sweep, trials = server.client.sweep(sweep_id), server.client.trials(sweep_id)
    assert (sweep.state, sweep.reason) == ("finished", "`run_cap` of 21 trials is reached")
    definition = define_sweep(sweep.config)
    history: list[Observation] = []
    for number in range(1, 8):
        params = definition.method.suggest(definition.space, history, number=number, seed=3)
        own = [trial for trial in trials if trial.point == number]
        assert [trial.params for trial in own] == [params] * 3
        values = [trial.objective for trial in own if trial.objective is not None]
        mean = sum(values) / 3
        assert mean == pytest.approx((own[0].params["x"] - 0.3) ** 2 + 0.2)
        found = server.client.sweep_points(sweep_id)[number - 1]
        assert found.value == pytest.approx(mean)
        history.append(Observation(number, own[0].params, found.value, "finished", found.value))
    replayed = list(replay(definition, server.client.search_inputs(sweep_id), trials))
    assert [one.trial.repeat for one in replayed] == [1] * 7
    assert all(one.is_same for one in replayed)


def test_a_point_without_a_result_runs_no_more(server: Server) -> None:
    sweep_id = server.create(parameters=TWO, repeats=3)
    agent = server.agent(sweep_id)
    run(server, agent, state="failed")
    run(server, agent, 5.0)
    run(server, agent, state="failed")
    run(server, agent, 7.0)
    assert places(server.client.trials(sweep_id)) == [(1, 1), (2, 1), (2, 2), (2, 3)]
    failed, valued = server.client.sweep_points(sweep_id)
    assert (failed.state, failed.value, failed.failed) == ("failed", None, 1)
    assert (valued.state, valued.value, valued.values, valued.failed) == ("finished", 6.0, 2, 1)
    finish(server, agent, sweep_id)
    again = server.client.retry_trial(server.client.trials(sweep_id)[0].id)
    assert (again.point, again.repeat, again.state) == (1, 1, "pending")
    for loss in (1.0, 2.0, 3.0):
        run(server, agent, loss)
    retried = server.client.sweep_points(sweep_id)[0]
    assert (retried.value, retried.trials) == (2.0, [1, 5, 6]), "the retry was good, so the point gets its other trials"
    finish(server, agent, sweep_id)


def test_run_cap_counts_trials_and_more_of_them_complete_the_last_point(server: Server) -> None:
    sweep_id = server.create(method="random", parameters=LINE, repeats=3, run_cap=4)
    agent = server.agent(sweep_id)
    for _ in range(4):
        run(server, agent)
    sweep = server.client.sweep(sweep_id)
    assert (sweep.state, sweep.best_point and sweep.best_point.number) == ("finished", 1)
    assert [(point.values, point.wanted) for point in server.client.sweep_points(sweep_id)] == [(3, 3), (1, 3)]
    server.client.extend_sweep(sweep_id, 2)
    for _ in range(2):
        run(server, agent)
    assert places(server.client.trials(sweep_id))[3:] == [(2, 1), (2, 2), (2, 3)]
    assert server.client.sweep(sweep_id).state == "finished"


def test_a_discarded_trial_is_replaced(server: Server) -> None:
    sweep_id = server.create(parameters=TWO, repeats=2)
    agent = server.agent(sweep_id)
    for _ in range(3):
        run(server, agent)
    server.client.mark_trial(server.client.trials(sweep_id)[1].id, m.TrialMark(discarded=True))
    assert server.client.sweep_points(sweep_id)[0].values == 1
    trial = run(server, agent)
    assert (trial.point, trial.repeat, trial.params) == (1, 2, {"x": 1})
    run(server, agent)
    finish(server, agent, sweep_id)
    for trial in server.client.trials(sweep_id)[:1] + server.client.trials(sweep_id)[3:4]:
        server.client.mark_trial(trial.id, m.TrialMark(discarded=True))
    server.client.set_sweep_state(sweep_id, "running")
    trial = run(server, agent)
    assert (trial.point, trial.repeat, trial.params) == (3, 1, {"x": 1}), "the whole point was free again"


def test_an_added_point_runs_several_times_too(server: Server) -> None:
    sweep_id = server.create(method="random", parameters=LINE, repeats=2, run_cap=10)
    added = server.client.enqueue_trial(sweep_id, {"x": 0.5})
    agent = server.agent(sweep_id)
    run(server, agent)
    second = run(server, agent)
    assert (added.point, second.point, second.repeat, second.params) == (1, 1, 2, {"x": 0.5})
    assert run(server, agent).point == 2
    assert server.client.sweep(sweep_id).origins == {"user": 1, "repeat": 1, "method": 1}


def test_a_lucky_trial_does_not_meet_the_target(server: Server) -> None:
    sweep_id = server.create(
        method="random", parameters=LINE, repeats=2, metric={"name": "loss", "goal": "minimize", "target": 1.0}
    )
    agent = server.agent(sweep_id)
    for loss in (0.5, 3.0, 0.9):
        run(server, agent, loss)
    assert server.client.sweep(sweep_id).state == "running"
    run(server, agent, 0.7)
    sweep = server.client.sweep(sweep_id)
    assert (sweep.state, sweep.reason) == ("finished", "point 2 met the target: `loss` is 0.8, wanted 1")


def test_points_without_a_better_value_end_the_search(server: Server) -> None:
    sweep_id = server.create(method="random", parameters=LINE, repeats=2, stop_when={"no_improvement": "2 trials"})
    agent = server.agent(sweep_id)
    for loss in (1.0, 3.0, 2.5, 2.5, 0.1, 9.0):
        run(server, agent, loss)
    sweep = server.client.sweep(sweep_id)
    assert sweep.reason == "no better value in the last 2 points: the best is 2, of point 1"


def test_a_stopped_point_runs_no_more(server: Server) -> None:
    rule = {"type": "threshold", "upper": 5.0}
    sweep_id = server.create(parameters=TWO, repeats=2, early_terminate=rule)
    agent = server.agent(sweep_id)
    run(server, agent, 9.0)
    run(server, agent, 1.0)
    assert places(server.client.trials(sweep_id)) == [(1, 1), (2, 1)]
    assert server.client.sweep_points(sweep_id)[0].state == "stopped"


def test_points_that_may_be_the_best_run_again(server: Server) -> None:
    sweep_id = server.create(
        parameters={"x": {"values": [1, 2, 3]}}, repeats={"count": 2, "max": 3}, metric={"name": "loss"}
    )
    agent = server.agent(sweep_id)
    for loss in (1.0, 3.0, 1.5, 3.5, 2.0, 2.2, 8.0, 8.1):
        run(server, agent, loss)
    assert places(server.client.trials(sweep_id))[4:6] == [(1, 3), (2, 3)]
    best = finish(server, agent, sweep_id).best_point
    assert best is not None
    assert (best.number, best.values) == (1, 3)


def test_more_repeats_complete_earlier_points(server: Server) -> None:
    sweep_id = server.create(parameters=TWO)
    agent = server.agent(sweep_id)
    for _ in range(2):
        run(server, agent)
    config = server.client.sweep(sweep_id).config
    assert server.client.update_sweep(sweep_id, SweepUpdate(config | {"repeats": 2})).state == "running"
    for _ in range(2):
        run(server, agent)
    assert places(server.client.trials(sweep_id)) == [(1, 1), (2, 1), (1, 2), (2, 2)]
    finish(server, agent, sweep_id)


def test_a_sweep_starts_with_the_points_of_another_one(server: Server) -> None:
    sweep_id = server.create(parameters=TWO, repeats=2)
    agent = server.agent(sweep_id)
    for _ in range(4):
        run(server, agent)
    created = server.client.create_sweep(
        m.SweepCreate(server.client.sweep(sweep_id).config | {"method": "random"}, prior_sweeps=[sweep_id])
    )
    assert server.client.search_inputs(created.id).prior == [({"x": 1}, 2.5), ({"x": 2}, 3.5)]
