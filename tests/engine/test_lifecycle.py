"""The lifecycle of a sweep over real HTTP: leases, ends, pauses, stops, failures, lost agents."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.errors import NotFound, ServerRefused, SweepFileError
from lightning_sweeps.store.changes import OVERLAP_S
from tests.engine.driver import Agent, Server, TrialRun


def work_to_the_end(agent: Agent) -> list[m.Trial]:
    """Run trials as an agent until the sweep is over; return them."""
    done: list[m.Trial] = []
    while True:
        lease = agent.lease(wait_s=5)
        if lease.trial is None:
            if lease.sweep_state == "finished":
                return done
            continue
        agent.client.start_trial(agent.id, lease.trial.id)
        TrialRun(agent.client, lease.trial).log({"loss": lease.trial.params["x"]})
        agent.end(lease.trial)
        done.append(lease.trial)


def in_background(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_four_agents_get_every_point_of_a_grid_exactly_once(server: Server) -> None:
    sweep_id = server.create()
    agents = [server.agent(sweep_id, slot=slot) for slot in range(4)]
    with ThreadPoolExecutor(4) as pool:
        given = [trial for trials in pool.map(work_to_the_end, agents) for trial in trials]
    points = sorted((trial.params["x"], trial.params["y"]) for trial in given)
    assert points == [(x, y) for x in (1, 2, 3, 4) for y in (1, 2, 3)]
    assert all(trial.params["opt"] == {"lr": 1} for trial in given)
    sweep = server.client.sweep(sweep_id)
    assert (sweep.state, sweep.counts) == ("finished", {"finished": 12})
    assert sweep.reason == "every point of the space has been tried"
    assert sweep.ended is not None
    assert sweep.best is not None
    assert sweep.best.objective == 1
    assert [trial.number for trial in server.client.trials(sweep_id)] == list(range(1, 13))
    assert sum(agent.trials_done for agent in server.client.agents(sweep_id)) == 12


def test_run_cap_ends_the_sweep(server: Server) -> None:
    sweep_id = server.create(run_cap=2)
    agent = server.agent(sweep_id)
    agent.end(agent.take())
    assert server.client.sweep(sweep_id).state == "running"
    agent.end(agent.take())
    sweep = server.client.sweep(sweep_id)
    assert (sweep.state, sweep.reason) == ("finished", "`run_cap` of 2 trials is reached")
    assert agent.lease(wait_s=5).sweep_state == "finished"


def test_a_paused_sweep_leases_nothing_and_wakes_waiting_agents_when_it_resumes(server: Server) -> None:
    sweep_id = server.create()
    agent = server.agent(sweep_id)
    assert server.client.set_sweep_state(sweep_id, "paused").state == "paused"
    assert agent.lease() == m.Lease(None, "paused")
    leases: list[m.Lease] = []
    thread = in_background(lambda: leases.append(agent.lease(wait_s=20)))
    server.client.set_sweep_state(sweep_id, "running")
    thread.join(20)
    assert leases[0].trial is not None


def test_stopping_a_sweep_lets_running_trials_end(server: Server) -> None:
    sweep_id = server.create()
    agent = server.agent(sweep_id)
    trial = agent.take()
    server.client.set_sweep_state(sweep_id, "stopped")
    assert agent.beat(trial) == m.AgentOrders("stopped")
    assert agent.end(trial).state == "finished"
    assert agent.lease(wait_s=20).sweep_state == "stopped"
    assert server.client.sweep(sweep_id).state == "stopped"


def test_cancelling_a_sweep_kills_what_runs(server: Server) -> None:
    sweep_id = server.create()
    agent = server.agent(sweep_id)
    trial = agent.take()
    run = TrialRun(agent.client, trial)
    server.client.set_sweep_state(sweep_id, "cancelled")
    reason = "the sweep was cancelled"
    assert agent.beat(trial) == m.AgentOrders("cancelled", [m.Command("kill", trial.id, reason)])
    assert run.log({"loss": 1}).commands == [m.Command("stop", run.run, reason)]
    ended = agent.end(trial, "stopped")
    assert (ended.state, ended.reason) == ("stopped", reason)
    assert run.log({"loss": 1}).commands == []


def test_an_impossible_change_of_state_is_refused_with_the_possible_ones(server: Server) -> None:
    sweep_id = server.create()
    server.client.set_sweep_state(sweep_id, "cancelled")
    with pytest.raises(
        ServerRefused, match="a sweep that is `cancelled` cannot become `paused`, allowed: `running`"
    ) as caught:
        server.client.set_sweep_state(sweep_id, "paused")
    assert caught.value.status == 409


def test_a_stop_order_reaches_heartbeat_and_ingest(server: Server) -> None:
    sweep_id = server.create()
    agent = server.agent(sweep_id)
    trial = agent.take()
    run = TrialRun(agent.client, trial)
    assert server.client.stop_trial(trial.id).state == "stopping"
    assert agent.beat(trial).commands == [m.Command("stop", trial.id, "stopped by hand")]
    assert run.log({"loss": 1}).commands == [m.Command("stop", run.run, "stopped by hand")]
    assert agent.end(trial).state == "stopped"
    with pytest.raises(ServerRefused, match="cannot `order_stop`"):
        server.client.stop_trial(trial.id)


def test_an_agent_whose_response_was_lost_gets_the_same_trial_again(server: Server) -> None:
    agent = server.agent(server.create())
    first = agent.lease().trial
    again = agent.lease().trial
    assert first is not None
    assert again is not None
    assert (again.id, again.attempt) == (first.id, 1)


def test_failures_in_a_row_pause_the_sweep_with_the_last_error(server: Server) -> None:
    sweep_id = server.create(max_failures=2)
    agent = server.agent(sweep_id)
    agent.end(agent.take(), "failed")
    trial = agent.take()
    TrialRun(agent.client, trial).log({"loss": 1.0})
    agent.end(trial)
    agent.end(agent.take(), "failed")
    assert server.client.sweep(sweep_id).state == "running"
    agent.end(agent.take(), "failed", reason="ImportError: no module named torc", stderr_tail="Traceback\n")
    sweep = server.client.sweep(sweep_id)
    assert sweep.state == "paused"
    assert sweep.reason == (
        "2 trials in a row failed (`max_failures` is 2); the last one: ImportError: no module named torc"
    )
    assert agent.lease().reason == sweep.reason
    server.client.set_sweep_state(sweep_id, "running")
    assert agent.lease().trial is not None


def test_hyperband_stops_a_trial_that_ranks_low_with_a_reason(server: Server) -> None:
    sweep_id = server.create(early_terminate={"type": "hyperband", "min_iter": 2, "eta": 2})
    agent = server.agent(sweep_id)
    for value in (1.0, 2.0):
        trial = agent.take()
        assert not TrialRun(agent.client, trial).log({"loss": 9.0}, {"loss": value}).commands
        agent.end(trial)
    trial = agent.take()
    run = TrialRun(agent.client, trial)
    assert not run.log({"loss": 9.0}, {"other": 1}).commands
    reason = "stopped at report 2: 7 ranks 3rd of 3, the best 2 continue"
    assert run.log({"loss": 7.0}).commands == [m.Command("stop", run.run, reason)]
    assert agent.beat(trial).commands == [m.Command("stop", trial.id, reason)]
    ended = agent.end(trial)
    assert (ended.state, ended.reason, ended.objective, ended.last_objective, ended.reports) == (
        "stopped",
        reason,
        7,
        7,
        2,
    )


def test_a_diverged_trial_is_stopped(server: Server) -> None:
    agent = server.agent(server.create(early_terminate={"type": "hyperband", "min_iter": 3}))
    trial = agent.take()
    run = TrialRun(agent.client, trial)
    assert run.log({"loss": float("nan")}).commands[0].reason == "diverged: `loss` was nan at report 1"


def test_only_rank_0_reports(server: Server) -> None:
    agent = server.agent(server.create())
    trial = agent.take()
    for rank in (0, 1):
        TrialRun(agent.client, trial, rank=rank).log({"loss": 3.0 - rank})
    assert (server.client.trial(trial.id).reports, server.client.trial(trial.id).objective) == (1, 3.0)


def test_reaching_the_target_finishes_the_sweep_and_lets_other_trials_run(server: Server) -> None:
    sweep_id = server.create(metric={"name": "acc", "goal": "maximize", "target": 0.9})
    agent, other = server.agent(sweep_id), server.agent(sweep_id)
    trial, running = agent.take(), other.take()
    TrialRun(agent.client, trial).log({"acc": 0.5}, {"acc": 0.95}, {"acc": 0.2})
    sweep = server.client.sweep(sweep_id)
    assert (sweep.state, sweep.reason) == ("finished", "trial 1 met the target: `acc` is 0.95, wanted 0.9")
    assert other.beat(running) == m.AgentOrders("finished")
    ended = agent.end(trial)
    assert (ended.objective, ended.last_objective) == (0.95, 0.2)


def test_a_trial_without_a_value_has_a_reason_until_a_late_value_arrives(server: Server) -> None:
    agent = server.agent(server.create())
    trial = agent.take()
    run = TrialRun(agent.client, trial)
    run.log({"lossy": 1})
    assert agent.end(trial).reason == "no value of `loss` was logged; logged: `lossy`; did you mean `lossy`?"
    run.log({"loss": 1})
    late = server.client.trial(trial.id)
    assert (late.state, late.reason, late.objective) == ("finished", "", 1)


def test_a_sweep_file_with_errors_is_refused_with_all_of_them(server: Server) -> None:
    before = len(server.client.sweeps())
    with pytest.raises(SweepFileError) as caught:
        server.create(method="gird", run_cap=0)
    assert {fault.key for fault in caught.value.faults} == {"method", "run_cap"}
    assert len(server.client.sweeps()) == before


def test_changes_since_a_cursor_contain_only_changed_trials(server: Server) -> None:
    sweep_id = server.create()
    agent = server.agent(sweep_id)
    for _ in range(3):
        agent.end(agent.take())
    first = server.client.trial_changes(sweep_id)
    assert [trial.number for trial in first.trials] == [1, 2, 3]
    before = time.time()
    server.client.mark_trial(first.trials[1].id, m.TrialMark(note="a good one"))
    changed = server.client.trial_changes(
        sweep_id, since=before + OVERLAP_S
    )  # a read includes changes of this long before
    assert [(trial.number, trial.note) for trial in changed.trials] == [(2, "a good one")]
    assert server.client.trial_changes(sweep_id, since=time.time() + OVERLAP_S).trials == []
    again = server.client.trial_changes(sweep_id, since=changed.cursor)
    assert 2 in [trial.number for trial in again.trials], "a transaction may commit late"


@pytest.mark.parametrize(
    "path",
    ["/api/sweeps/nope", "/api/trials/nope", "/api/sweeps/nope/trials", "/api/sweeps/nope/trials/changes"],
)
def test_unknown_ids_are_named(server: Server, path: str) -> None:
    with pytest.raises(NotFound, match=r"no (sweep|trial) `nope`") as caught:
        server.client._get(path, object)
    assert "lightning-sweeps status" in (caught.value.hint or "")


def test_unknown_agents_are_named(server: Server) -> None:
    with pytest.raises(NotFound, match="no agent `nope`"):
        server.client.lease("nope", wait_s=0)


def test_a_trial_cannot_end_as_pending(server: Server) -> None:
    agent = server.agent(server.create())
    with pytest.raises(ServerRefused, match="allowed: finished, stopped, failed, preempted"):
        agent.end(agent.take(), "pending")


def test_late_rows_of_an_earlier_attempt_are_ignored(server: Server) -> None:
    sweep_id = server.create(parameters={"x": {"value": 1}})
    first, second = server.agent(sweep_id), server.agent(sweep_id)
    old = TrialRun(first.client, first.take(), attempt=1)
    old.log({"loss": 1.0})
    first.client.leave(first.id)
    again = second.take(wait_s=30)
    old.log({"loss": 0.1})
    new = TrialRun(second.client, again, attempt=2)
    new.log({"loss": 5.0})
    old.log({"loss": 0.2})
    ended = second.end(again)
    assert (ended.attempt, ended.objective, ended.reports) == (2, 5.0, 1)


def test_reports_before_the_checkpoint_are_kept(server: Server) -> None:
    sweep_id = server.create(parameters={"x": {"value": 1}})
    agent = server.agent(sweep_id)
    trial = agent.take()
    TrialRun(agent.client, trial, attempt=1).log({"loss": 3.0}, {"loss": 1.0}, {"loss": 0.1})
    agent.end(trial, "preempted")
    again = agent.take(wait_s=30)
    TrialRun(agent.client, again, attempt=2, resumed_step=3).log({"loss": 2.0})
    ended = agent.end(again)
    assert (ended.reports, ended.objective, ended.last_objective) == (3, 1.0, 2.0)


def test_seconds_are_counted_by_the_clock_of_the_trials_machine(server: Server) -> None:
    """The machine's clock is two hours ahead of the server's: the trial has still used only ten seconds."""
    rule = {"type": "threshold", "upper": 1.0, "resource": "seconds", "warmup": 30}
    sweep_id = server.create(early_terminate=rule)
    agent = server.agent(sweep_id)
    trial = agent.take()
    began = time.time() + 7200
    run = TrialRun(agent.client, trial, began=began)
    run.log({"loss": 5.0}, time_s=began + 10)
    assert server.client.trial(trial.id).state == "running"
    run.log({"loss": 5.0}, time_s=began + 40)
    assert server.client.trial(trial.id).state == "stopping"
