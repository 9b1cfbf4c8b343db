"""A sweep that starts with earlier results, trials that users mark, and the log of changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lightning_sweeps
from lightning_sweeps.cli.report_text import build, lines
from lightning_sweeps.cli.trial import find
from lightning_sweeps.core.settings import set_variable, unset_variable
from lightning_sweeps.errors import NotFound, ServerRefused, UsageError
from lightning_sweeps.messages import SweepCreate, SweepUpdate, TrialMark
from tests.engine.driver import Server, TrialRun

METRIC = {"name": "loss", "goal": "minimize"}
LINE = {"x": {"min": 0.0, "max": 1.0}}


def run_points(server: Server, points: dict[float, float], **changes: Any) -> str:
    """Return a sweep whose trials tried these points, with these values."""
    sweep_id = server.create(method="random", parameters=LINE, **changes)
    server.client.set_sweep_state(sweep_id, "paused")
    for x in points:
        server.client.enqueue_trial(sweep_id, {"x": x})
    server.client.set_sweep_state(sweep_id, "running")
    agent = server.agent(sweep_id)
    for x, value in points.items():
        trial = agent.take(wait_s=20)
        assert trial.params == {"x": x}
        TrialRun(agent.client, trial).log({"loss": value})
        agent.end(trial)
    return sweep_id


def create(server: Server, **changes: Any) -> Any:
    prior = {key: changes.pop(key) for key in ("prior_sweeps", "prior_runs") if key in changes}
    config = {"program": "train.py", "method": "random", "metric": METRIC, "parameters": LINE, **changes}
    return server.client.create_sweep(SweepCreate(config, project="tests", **prior))


def test_bayes_starts_from_the_results_of_another_sweep(new_server: Server) -> None:
    """A fitted model chooses its first trial near the minimum, not in the middle of the space."""
    points = {x / 10 + 0.01: (x / 10 - 0.3) ** 2 for x in range(10)}
    created = create(new_server, method="bayes", prior_sweeps=[run_points(new_server, points, run_cap=20)])
    assert created.prior == 10
    first = new_server.agent(created.id).take(wait_s=60)
    assert abs(first.params["x"] - 0.31) < 0.1
    assert first.number == 1


def test_only_points_in_the_new_space_are_used_and_a_warning_names_the_rest(server: Server) -> None:
    before = run_points(server, {0.1: 1.0, 0.6: 2.0, 0.9: 3.0}, run_cap=20)
    created = create(server, parameters={"x": {"min": 0.5, "max": 1.0}}, prior_sweeps=[before])
    assert created.prior == 2
    assert created.warnings == [f"sweep {before}: 2 of 3 points lie in this sweep's space and have a value"]


def test_runs_provide_their_configuration_and_last_value(server: Server) -> None:
    before = run_points(server, {0.25: 4.0}, run_cap=20)
    [run] = server.client.runs(sweep=before).runs
    created = create(server, prior_runs=[run.id])
    assert (created.prior, created.warnings) == (
        0,
        [f"run {run.id}: 0 of 1 points lie in this sweep's space and have a value"],
    )


def test_unusable_results_are_refused(server: Server) -> None:
    before = run_points(server, {0.5: 1.0}, run_cap=20)
    with pytest.raises(NotFound, match="no sweep `nothing`"):
        create(server, prior_sweeps=["nothing"])
    with pytest.raises(NotFound, match="no run `nothing`"):
        create(server, prior_runs=["nothing"])
    with pytest.raises(ServerRefused, match="the metric `loss` to minimize, this one the metric `acc` to maximize"):
        create(server, metric={"name": "acc", "goal": "maximize"}, prior_sweeps=[before])
    several = {"metric": None, "metrics": [METRIC, {"name": "size"}]}
    with pytest.raises(ServerRefused, match="several `metrics` cannot start with results of sweeps"):
        create(server, **several, prior_sweeps=[before])
    [run] = server.client.runs(sweep=before).runs
    with pytest.raises(ServerRefused, match="no `metric` cannot start with results of runs"):
        create(server, metric=None, prior_runs=[run.id])


@pytest.mark.parametrize("metric", [METRIC, None], ids=["metric", "no metric"])
def test_a_grid_leaves_out_the_points_of_another_sweep(server: Server, metric: dict[str, str] | None) -> None:
    before = run_points(server, {0.5: 1.0, 0.3: 2.0}, run_cap=20)
    created = create(
        server, method="grid", metric=metric, parameters={"x": {"values": [0.1, 0.3, 0.5, 0.7]}}, prior_sweeps=[before]
    )
    assert created.prior == 2
    agent = server.agent(created.id)
    assert [agent.take().params["x"] for _ in range(2)] == [0.1, 0.7]
    assert agent.lease().trial is None


def test_an_ignored_trial_is_not_the_best_and_starts_no_other_sweep(server: Server) -> None:
    sweep_id = run_points(server, {0.2: 1.0, 0.4: 2.0}, run_cap=20)
    first, second = server.client.trials(sweep_id)[:2]
    marked = server.client.mark_trial(first.id, TrialMark(ignored=True, note="old data"))
    assert (marked.ignored, marked.note, marked.objective) == (True, "old data", 1.0)
    assert find(server.client, f"{sweep_id}/1") == find(server.client, first.id) == first.id
    with pytest.raises(UsageError, match="has no trial `99`, allowed: 1 to"):
        find(server.client, f"{sweep_id}/99")
    best = server.client.sweep(sweep_id).best
    assert best is not None
    assert best.id == second.id
    assert create(server, prior_sweeps=[sweep_id]).prior == 1
    assert server.client.mark_trial(first.id, TrialMark(ignored=False)).note == "old data"
    assert create(server, prior_sweeps=[sweep_id]).prior == 2
    with pytest.raises(ServerRefused, match="allowed: 4096"):
        server.client.mark_trial(first.id, TrialMark(note="x" * 5000))


def test_every_change_is_logged_with_its_user_and_content(server: Server) -> None:
    sweep_id = server.create(method="random", parameters=LINE, run_cap=5)
    client = server.client
    client.set_sweep_state(sweep_id, "paused")
    given = client.enqueue_trial(sweep_id, {"x": 0.5})
    config = client.sweep(sweep_id).config
    client.update_sweep(sweep_id, SweepUpdate(config | {"run_cap": 7}))
    client.mark_trial(given.id, TrialMark(note="mine"))
    client.stop_trial(given.id)
    changes = client.sweep_changes(sweep_id)
    assert [change.action for change in changes] == ["create", "state", "enqueue", "update", "mark trial", "stop trial"]
    assert len({change.key for change in changes}) == 1
    assert all(change.key for change in changes)
    assert changes[1].detail == {"before": "running", "now_is": "paused"}
    assert changes[2].detail == {"trial": given.id, "number": 1, "params": {"x": 0.5}}
    assert changes[3].detail == {"keys": {"run_cap": {"before": 5, "now": 7}}}
    assert [change.time for change in changes] == sorted(change.time for change in changes)
    with pytest.raises(ServerRefused):
        client.enqueue_trial(sweep_id, {"x": 5})
    assert len(client.sweep_changes(sweep_id)) == 6, "refused changes are not logged"
    text = "\n".join(lines(build(client.sweep(sweep_id), client.trials(sweep_id), [], changes)))
    assert "## Changes by people" in text
    assert "running -> paused" in text
    assert "added trial 1: x=0.5" in text
    assert "update: run_cap: 5 -> 7" in text
    assert "mark trial 1: note: mine" in text
    assert f"by {changes[0].key}" in text


def test_a_program_creates_a_sweep_and_reads_its_best_trial(server: Server, tmp_path: Path) -> None:
    before = run_points(server, {0.5: 1.0, 0.7: 0.5}, run_cap=20)
    set_variable("URL", server.described.url)
    set_variable("API_KEY", server.described.token)
    try:
        config = {"method": "random", "metric": METRIC, "parameters": LINE}
        sweep_id = lightning_sweeps.sweep(config, project="tests", prior_sweeps=[before])
        assert lightning_sweeps.best(sweep_id) is None
        found = lightning_sweeps.best(before)
        assert found is not None
        assert found.params == {"x": 0.7}
        file = tmp_path / "sweep.yaml"
        file.write_text("method: random\nname: from a file\nparameters: {x: {values: [1, 2]}}\n")
        assert server.client.sweep(lightning_sweeps.sweep(file, project="tests")).name == "from a file"
    finally:
        unset_variable("URL")
        unset_variable("API_KEY")
