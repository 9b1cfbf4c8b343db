"""A trial has ended when its values are there: whatever order its end and its journals arrive in."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.journal.format import PREAMBLE, encode
from lightning_sweeps.journal.records import Finish, Header, Metrics, RunInfo
from lightning_sweeps.system.node import Process
from tests.engine.driver import Server
from tests.servers import PostgreSQL, running_server, wait_until

LOSS = {"metric": {"name": "loss", "goal": "minimize"}}
UP_TO_5 = {"parameters": {"x": {"min": 1, "max": 5}}}


class WrittenJournal:
    """A journal that a trial has written and that the server gets in parts."""

    def __init__(self, client: Client, trial: m.Trial, *losses: float, rank: int = 0) -> None:
        self._client = client
        self.id = new_id()
        self.run_id = new_id()
        run = RunInfo(self.run_id, "tests", "run", "group", rank, sweep=trial.sweep, trial=trial.id)
        records: list[Any] = [Header(self.id, time.time(), Process(1, 1.0, "node", "host"), run)]
        records += [Metrics(step, step, time.time(), {"loss": loss}) for step, loss in enumerate(losses, 1)]
        self.ends = []
        self.data = PREAMBLE
        for record in records:
            self.data += encode(record)
            self.ends.append(len(self.data))
        self._offset = 0

    def finish(self, *, exit_code: int | None, reason: str) -> None:
        """Add the end of the run."""
        finish = Finish(len(self.ends), time.time(), "failed", exit_code=exit_code, reason=reason, writer="service")
        self.data += encode(finish)
        self.ends.append(len(self.data))

    @property
    def length(self) -> dict[str, int]:
        """What the end of a trial says about this journal."""
        return {self.id: len(self.data)}

    def send(self, rows: int | None = None) -> None:
        """Send the journal up to a row, or all of it."""
        end = len(self.data) if rows is None else self.ends[rows]
        self._offset = self._client.send_journal(self.id, self._offset, self.data[self._offset : end]).offset


def test_a_trial_is_ending_until_its_last_value_is_there(server: Server) -> None:
    sweep_id = server.create(**UP_TO_5)
    agent = server.agent(sweep_id)
    trial = agent.take()
    written = WrittenJournal(server.client, trial, 3.0, 0.5)
    ended = agent.end(trial, journals=written.length)
    assert (ended.state, ended.objective, ended.reason) == ("ending", None, "its last values are on their way")
    assert ended.ended is not None
    assert agent.take().number == 2  # the slot is free
    written.send(rows=1)
    assert server.client.trial(trial.id).state == "ending"
    written.send()
    closed = server.client.trial(trial.id)
    assert (closed.state, closed.objective, closed.reason, closed.exit_code) == ("finished", 0.5, "", 0)
    assert closed.ended == ended.ended
    best = server.client.sweep(sweep_id).best
    assert best is not None
    assert best.id == trial.id


def test_an_end_after_its_values_closes_the_trial_at_once(server: Server) -> None:
    agent = server.agent(server.create(**UP_TO_5))
    trial = agent.take()
    written = WrittenJournal(server.client, trial, 0.5)
    written.send()
    ended = agent.end(trial, journals=written.length)
    assert (ended.state, ended.objective) == ("finished", 0.5)


def test_a_second_report_of_the_end_changes_nothing(server: Server) -> None:
    agent = server.agent(server.create(**UP_TO_5))
    trial = agent.take()
    written = WrittenJournal(server.client, trial, 0.5)
    agent.end(trial, journals=written.length)
    assert agent.end(trial, "failed").state == "ending"
    written.send()
    assert agent.end(trial, "failed").state == "finished"
    assert [kept.trials_done for kept in server.client.agents(trial.sweep)] == [1]


def test_the_journals_of_all_ranks_are_awaited(server: Server) -> None:
    agent = server.agent(server.create(**UP_TO_5))
    trial = agent.take()
    ranks = [WrittenJournal(server.client, trial, 0.5, rank=rank) for rank in range(2)]
    agent.end(trial, journals=ranks[0].length | ranks[1].length)
    ranks[0].send()
    assert server.client.trial(trial.id).state == "ending"
    ranks[1].send()
    assert server.client.trial(trial.id).state == "finished"


def test_the_sweep_is_finished_when_the_last_value_is_there(server: Server) -> None:
    sweep_id = server.create(run_cap=1, **UP_TO_5)
    agent = server.agent(sweep_id)
    trial = agent.take()
    written = WrittenJournal(server.client, trial, 0.5)
    agent.end(trial, journals=written.length)
    sweep = server.client.sweep(sweep_id)
    assert (sweep.state, sweep.counts) == ("running", {"ending": 1})
    assert agent.lease().trial is None
    written.send()
    assert agent.lease(wait_s=5).sweep_state == "finished"


def test_a_trial_whose_journals_do_not_arrive_ends_with_the_reason(server: Server) -> None:
    sweep_id = server.create(run_cap=1, **UP_TO_5)
    agent = server.agent(sweep_id)
    trial = agent.take()
    written = WrittenJournal(server.client, trial, 3.0, 0.5)
    written.send(rows=1)
    agent.end(trial, journals=written.length)
    wait_until(lambda: server.client.trial(trial.id).state == "finished", what="the deadline")
    closed = server.client.trial(trial.id)
    missing = len(written.data) - written.ends[1]
    assert closed.reason == f"the rest of its values did not arrive within 2 s: {missing} bytes of 1 journal"
    assert closed.objective == 3.0
    assert server.client.sweep(sweep_id).state == "finished"
    written.send()
    closed = server.client.trial(trial.id)
    assert (closed.objective, closed.reason) == (0.5, "")


def test_a_trial_waits_as_long_as_parts_arrive(server: Server) -> None:
    agent = server.agent(server.create(**UP_TO_5))
    trial = agent.take()
    written = WrittenJournal(server.client, trial, *range(20))
    agent.end(trial, journals=written.length)
    deadline = time.monotonic() + 1.8 * agent.lease_s
    for row in range(1, 20):
        written.send(rows=row)
        wait_until(lambda row=row: time.monotonic() > deadline - (20 - row) * 0.09 * agent.lease_s)  # type: ignore[misc]
    assert server.client.trial(trial.id).state == "ending"
    written.send()
    assert server.client.trial(trial.id).reports == 20


def test_a_rule_judges_rows_that_arrive_after_the_end(server: Server) -> None:
    sweep_id = server.create(early_terminate={"type": "threshold", "upper": 1.0}, **UP_TO_5)
    agent = server.agent(sweep_id)
    trial = agent.take()
    written = WrittenJournal(server.client, trial, 0.5, 7.0, 0.1)
    agent.end(trial, journals=written.length)
    written.send()
    closed = server.client.trial(trial.id)
    assert (closed.state, closed.reports, closed.objective) == ("stopped", 3, 0.1)
    assert "7" in closed.reason


def test_a_stop_order_comes_too_late_for_a_trial_that_has_ended(server: Server) -> None:
    agent = server.agent(server.create(**UP_TO_5))
    trial = agent.take()
    written = WrittenJournal(server.client, trial, 0.5)
    agent.end(trial, journals=written.length)
    assert server.client.stop_trial(trial.id).state == "ending"
    written.send()
    assert server.client.trial(trial.id).state == "finished"


def test_a_preempted_trial_runs_again_when_its_values_are_there(server: Server) -> None:
    agent = server.agent(server.create(**UP_TO_5))
    trial = agent.take()
    written = WrittenJournal(server.client, trial, 0.5)
    assert agent.end(trial, "preempted", journals=written.length).state == "ending"
    written.send()
    again = server.client.trial(trial.id)
    assert (again.state, again.attempt, again.ended) == ("pending", 2, None)


def test_failures_count_when_the_trial_is_closed(server: Server) -> None:
    sweep_id = server.create(max_failures=1, **UP_TO_5)
    agent = server.agent(sweep_id)
    trial = agent.take()
    written = WrittenJournal(server.client, trial, 0.5)
    agent.end(trial, "failed", reason="broken", journals=written.length)
    assert server.client.sweep(sweep_id).state == "running"
    written.send()
    assert server.client.sweep(sweep_id).state == "paused"


def test_a_run_of_a_failed_trial_says_what_the_program_said(server: Server) -> None:
    agent = server.agent(server.create(**UP_TO_5))
    trial = agent.take()
    early, late, killed = (WrittenJournal(server.client, trial, 0.5, rank=rank) for rank in range(3))
    early.finish(exit_code=2, reason="exit status 2")
    killed.finish(exit_code=None, reason="killed by SIGKILL")
    killed.send()
    agent.end(trial, "failed", exit_code=2, reason="train.py: error: no such file", journals=early.length)
    early.send()
    late.finish(exit_code=2, reason="exit status 2")
    late.send()
    reasons = [server.client.run(written.run_id).reason for written in (early, late, killed)]
    assert reasons == ["train.py: error: no such file"] * 2 + ["killed by SIGKILL"]


def test_an_agent_may_leave_while_its_trial_is_ending(server: Server) -> None:
    agent = server.agent(server.create(**UP_TO_5))
    trial = agent.take()
    written = WrittenJournal(server.client, trial, 0.5)
    agent.end(trial, journals=written.length)
    server.client.leave(agent.id)
    written.send()
    closed = server.client.trial(trial.id)
    assert (closed.state, closed.attempt, closed.objective) == ("finished", 1, 0.5)


def test_the_end_and_the_values_may_reach_two_servers(postgres: PostgreSQL, tmp_path: Path) -> None:
    database = postgres.new_database()
    with ExitStack() as stack:
        one, two = (
            Server(*stack.enter_context(running_server(tmp_path / name, database)), stack) for name in ("one", "two")
        )
        sweep_id = one.create(method="bayes", seed=3, run_cap=2, parameters={"x": {"min": 0.0, "max": 1.0}})
        agent = one.agent(sweep_id)
        trial = agent.take(wait_s=30)
        written = WrittenJournal(two.client, trial, 0.5)
        assert agent.end(trial, journals=written.length).state == "ending"
        with ThreadPoolExecutor(1) as pool:
            lease = pool.submit(agent.lease, wait_s=30)
            written.send()
            following = lease.result().trial
        assert following is not None
        assert (following.number, following.known_ends, following.unseen_ends) == (2, 1, 0)
        assert one.client.trial(trial.id).objective == 0.5
    postgres.drop(database)


def test_parts_of_many_ranks_and_the_end_arrive_at_once(server: Server) -> None:
    agent = server.agent(server.create(parameters={"x": {"min": 1, "max": 9}}))
    for _ in range(5):
        trial = agent.take()
        ranks = [WrittenJournal(server.new_client(), trial, 0.5, rank=rank) for rank in range(4)]
        lengths = {journal: length for rank in ranks for journal, length in rank.length.items()}
        with ThreadPoolExecutor(5) as pool:
            sent = [pool.submit(rank.send) for rank in ranks]
            ended = pool.submit(agent.end, trial, journals=lengths)
            ended.result()
            for future in sent:
                future.result()
        closed = server.client.trial(trial.id)
        assert (closed.state, closed.objective, closed.reports) == ("finished", 0.5, 1)
