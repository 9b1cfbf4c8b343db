"""Studies: a program asks for trials and tells their values, against a real server and a real service."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy
import pytest

import lightning_sweeps as ls
from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.core.settings import PREFIX, environment
from lightning_sweeps.errors import NotFound, NoTrial, SettingError, TrialLost, UsageError
from tests.end_to_end.test_search_sequence import config_of, loss_of
from tests.servers import running_server, wait_until
from tests.service.services import running_service

LEASE_S = 2.0
GRID: dict[str, Any] = {
    "method": "grid",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"x": {"values": [0, 1, 2]}},
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client]]:
    """A home folder with a server, whose leases are short, and a service."""
    home = tmp_path_factory.mktemp("studies") / "home"
    with ExitStack() as stack:
        client, _ = stack.enter_context(running_server(home, None, "--lease-s", str(LEASE_S)))
        stack.enter_context(running_service(home))
        yield home, client


@pytest.fixture
def client(shared: tuple[Path, Client], monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv(f"{PREFIX}HOME", str(shared[0]))
    return shared[1]


def grid(**changes: Any) -> dict[str, Any]:
    return GRID | changes


def states(client: Client, sweep_id: str) -> list[str]:
    return [trial.state for trial in client.trials(sweep_id)]


def test_a_study_runs_a_sweep_to_its_end(client: Client) -> None:
    with ls.study(GRID, project="studies", name="squares") as study:
        for trial in study:
            study.tell(trial, (trial.params["x"] - 1) ** 2)
        best = study.best
        with pytest.raises(NoTrial, match=r"is finished: every point") as raised:
            study.ask()
        trials = study.trials
    assert raised.value.is_over and best is not None
    assert (best.number, best.objective, best.params) == (2, 0.0, {"x": 1})
    assert [(trial.state, trial.objective, trial.reports) for trial in trials] == [
        ("finished", 1.0, 1), ("finished", 0.0, 1), ("finished", 1.0, 1),
    ]  # fmt: skip
    sweep = client.sweep(study.id)
    assert (sweep.project, sweep.name, sweep.state) == ("studies", "squares", "finished")
    (run,) = client.runs(trial=trials[0].id).runs
    assert (run.state, run.name, run.config, run.summary) == ("finished", "squares-1", {"x": 0}, {"loss": 1})
    assert {agent.state for agent in client.agents(study.id)} == {"gone"}


def test_several_trials_are_in_flight_and_the_search_knows_what_was_told(
    home: Path,
) -> None:
    def run(told: list[float]) -> list[tuple[dict[str, Any], int | None, int | None]]:
        with ls.study(config_of("bayes", 7, trials=9)) as study:
            for value in told:
                batch = [study.ask() for _ in range(3)]
                assert study.in_flight == batch
                for trial in reversed(batch):
                    study.tell(trial, loss_of(**trial.params) + value)
            return [(trial.params, trial.known_ends, trial.unseen_ends) for trial in study.trials]

    with running_server(home), running_service(home):
        first, again, other = run([0.0, 0.0, 0.0]), run([0.0, 0.0, 0.0]), run([5.0, 0.0, 0.0])
    assert first == again
    assert [known for _, known, _ in first] == [0, 0, 0, 3, 3, 3, 6, 6, 6] and not any(row[2] for row in first)
    assert first[:3] == other[:3] and first[8] != other[8]


def test_there_is_no_trial_before_one_in_flight_is_told(client: Client) -> None:
    with ls.study(GRID) as study:
        batch = [study.ask() for _ in range(3)]
        with pytest.raises(NoTrial, match=r"before one of this study is told; it has 3 in flight") as raised:
            study.ask()
        assert not raised.value.is_over
        study.tell(batch[0], state="preempted")
        again = study.ask(timeout_s=10)
        assert (again.number, again.attempt) == (1, 2)
        for trial in (again, *batch[1:]):
            study.tell(trial, 1.0)
        with pytest.raises(NoTrial) as raised:
            study.ask()
        assert raised.value.is_over


def test_agents_and_studies_share_a_sweep(client: Client) -> None:
    sweep_id = ls.sweep(grid(parameters={"x": {"values": list(range(6))}}))
    with ls.study(sweep_id) as study, ls.study(f"entity/studies/{sweep_id}") as other:
        mine, others = study.ask(), other.ask()
        assert ls.agent(sweep_id, lambda trial: ls.init().log({"loss": trial.params["x"]}), count=2) == 2
        with pytest.raises(UsageError, match=rf"trial {others.number} was not asked for in this study"):
            study.tell(others, 1.0)
        study.tell(mine, 0)
        other.tell(others.number, 1)
        for trial in study:
            study.tell(trial.id, trial.params["x"])
    assert [trial.objective for trial in client.trials(sweep_id)] == [0, 1, 2, 3, 4, 5]


def test_a_stopping_rule_judges_reports_at_once(client: Client) -> None:
    config = grid(
        parameters={"x": {"values": [0.0, 1.0, 2.0]}},
        early_terminate={"type": "median", "min_trials": 1, "warmup": 2},
        run_cap=3,
    )
    with ls.study(config) as study:
        reached = []
        for trial in study:
            for step in range(1, 6):
                trial.report(trial.params["x"] + 1 / step, step=step)
                if trial.should_stop():
                    break
            reached.append(step)
            study.tell(trial)
        trials = study.trials
    assert [trial.state for trial in trials] == ["finished", "stopped", "stopped"]
    assert reached == [5, 3, 3] and trials[1].reason.startswith("stopped at report 3")
    assert [trial.reports for trial in trials] == [5, 3, 3]
    (run,) = client.runs(trial=trials[1].id).runs
    assert run.state == "stopped"


def test_values_may_be_arrays_and_maps(client: Client) -> None:
    with ls.study(GRID) as study:
        study.tell(study.ask(), numpy.array([0.5]))
        study.tell(study.ask(), {"loss": numpy.float32(0.25), "accuracy": 0.9, "note": "good"})
        third = study.ask()
        third.run.log({"samples": 10})
        study.tell(third, float("nan"))
        trials = study.trials
        assert study.best == trials[1]
    assert [trial.objective for trial in trials] == [0.5, 0.25, None]
    (run,) = client.runs(trial=trials[1].id).runs
    assert (run.summary["accuracy"], run.summary["note"]) == (0.9, "good")


def test_failed_trials_have_a_reason_and_pause_the_sweep(client: Client) -> None:
    with ls.study(grid(max_failures=2)) as study:
        study.tell(study.ask(), state="failed", reason="no licence")
        study.tell(study.ask(), state="failed")
        assert [trial.state for trial in study.trials[:2]] == ["failed", "failed"]  # a failure counts once it is closed
        with pytest.raises(NoTrial, match=r"is paused: 2 trials in a row failed") as raised:
            study.ask()
        assert not raised.value.is_over and "sweep --resume" in str(raised.value)
        trials = study.trials
    assert [trial.error for trial in trials] == ["no licence", "the program told that it failed"]
    (run,) = client.runs(trial=trials[0].id).runs
    assert (run.state, run.reason) == ("failed", "no licence")


def test_mistakes_are_named_and_change_nothing(client: Client) -> None:
    with ls.study(GRID) as study:
        trial = study.ask()
        for value, text in (
            ("low", "the value of `loss` is a `str`, allowed: a number"),
            ([1.0, 2.0], "the value of `loss` is a `list`"),
            (
                {"accuracy": 1.0},
                "only `accuracy` was told for trial 1, which needs a value of the sweep's metric `loss`",
            ),
            (None, "no value was told for trial 1"),
        ):
            with pytest.raises(UsageError, match=text):
                study.tell(trial, value)
        with pytest.raises(UsageError, match=r"`state` is `pruned`, allowed: finished, .*\nhint: use `stopped`"):
            study.tell(trial, 1.0, state="pruned")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=r"trial `7` was not asked for in this study\nhint: .* study: 1"):
            study.tell(7, 1.0)
        with pytest.raises(UsageError, match="`trial` is a `dict`"):
            study.tell(trial.params, 1.0)  # type: ignore[arg-type]
        study.tell(trial, 1.0)
        for again in (trial, trial.number, trial.id):
            with pytest.raises(UsageError, match=r"was told already, as `finished`"):
                study.tell(again, 2.0)
        with pytest.raises(UsageError, match="takes no more reports"):
            trial.report(1.0)
        assert study.trials[0].objective == 1.0
    with pytest.raises(UsageError, match="the study is closed"):
        study.ask()
    with pytest.raises(UsageError, match="`name` was given for sweep"):
        ls.study(study.id, name="other")
    with pytest.raises(NotFound):
        ls.study("no-such-sweep")
    with ls.study({"method": "grid", "parameters": {"x": {"values": [1]}}}) as nameless:
        with pytest.raises(UsageError, match="a value needs a name"):
            nameless.tell(nameless.ask(), 1.0)
        nameless.tell(1)


@pytest.mark.parametrize(("name", "value"), [("MODE", "offline"), ("SERVICE", "off")])
def test_a_study_needs_a_way_to_the_server(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}{name}", value)
    with pytest.raises(SettingError, match=f"LIGHTNING_SWEEPS_{name} is `{value}`"):
        ls.study(GRID)


def test_a_closed_study_gives_its_trials_back(client: Client) -> None:
    with ls.study(GRID) as study:
        study.ask().report(0.5)
    (trial,) = study.trials
    assert (trial.state, trial.attempt) == ("pending", 2) and "before it told the trial" in trial.reason
    with ls.study(study.id) as again:
        asked = again.ask()
        assert (asked.number, asked.attempt) == (1, 2)
        again.tell(asked, 0.75)
        assert again.trials[0].objective == 0.75
    assert len(client.runs(trial=trial.id).runs) == 1


def test_a_lease_lives_as_long_as_the_process(client: Client) -> None:
    with ls.study(GRID) as study:
        trials = [study.ask(), study.ask()]
        first = [agent.seen for agent in client.agents(study.id)]
        wait_until(
            lambda: all(agent.seen > max(first) + 2 * LEASE_S for agent in client.agents(study.id)),
            what="heartbeats of both trials beyond their leases",
        )
        for trial in trials:
            study.tell(trial, 1.0)
    assert states(client, study.id) == ["finished", "finished"]
    assert {trial.attempt for trial in client.trials(study.id)} == {1}


ASK = "import sys, time; import lightning_sweeps as ls; study = ls.study(sys.argv[1]); trial = study.ask()"


def ask_elsewhere(client: Client, sweep_id: str, code: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", f"{ASK}\n{code}", sweep_id], env=environment())
    wait_until(lambda: "running" in states(client, sweep_id), what="a running trial")
    return process


@pytest.mark.fault
def test_a_process_that_dies_gives_its_trial_back(client: Client) -> None:
    sweep_id = ls.sweep(GRID)
    process = ask_elsewhere(client, sweep_id, "trial.report(5.0); time.sleep(600)")
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: states(client, sweep_id) == ["pending"], what="the trial's return")
    with ls.study(sweep_id) as study:
        trial = study.ask()
        assert (trial.number, trial.attempt) == (1, 2)
        study.tell(trial, 1.0)
        assert study.trials[0].objective == 1.0


def test_a_process_that_ends_gives_its_trial_back_at_once(client: Client) -> None:
    sweep_id = ls.sweep(GRID)
    done = subprocess.run([sys.executable, "-c", ASK, sweep_id], env=environment(), check=True, capture_output=True)
    assert done.stderr == b""
    (trial,) = client.trials(sweep_id)
    assert (trial.state, trial.attempt) == ("pending", 2)
    assert client.runs(trial=trial.id).runs[0].state == "preempted"


@pytest.mark.fault
def test_a_value_of_a_lost_trial_does_not_count(client: Client) -> None:
    with ls.study(GRID) as study:
        trial = study.ask()
        study._heartbeats.remove(trial._held.lease)
        wait_until(lambda: states(client, study.id)[0] == "pending", what="the end of the lease")
        with ls.study(study.id) as other:
            taken = other.ask()
            assert taken.number == 1
            with pytest.raises(TrialLost, match="trial 1 no longer belongs to this study"):
                study.tell(trial, 0.0)
            other.tell(taken, 3.0)
        assert study.trials[0].objective == 3.0


def test_a_cancelled_sweep_stops_its_trials(client: Client) -> None:
    with ls.study(GRID) as study:
        trial = study.ask()
        ls.SweepControl(study.id).cancel()
        assert trial.should_stop() and "cancelled" in trial.stop_reason
        study.tell(trial)
        assert [each.state for each in study.trials] == ["stopped"]
        with pytest.raises(NoTrial, match="is cancelled"):
            study.ask()


def test_ask_waits_while_the_sweep_is_paused(client: Client) -> None:
    sweep_id = ls.sweep(GRID)
    control = ls.SweepControl(sweep_id)
    control.pause()
    with ls.study(sweep_id) as study:
        with pytest.raises(NoTrial, match="came in time"):
            study.ask(timeout_s=0.2)
        resumes = threading.Timer(0.2, control.resume)
        resumes.start()
        study.tell(study.ask(timeout_s=30), 1.0)
        resumes.join()


def test_threads_share_a_study(client: Client) -> None:
    def work() -> None:
        for trial in study:
            study.tell(trial, trial.params["x"])

    with ls.study(grid(parameters={"x": {"values": list(range(12))}})) as study:
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(trial.objective or 0 for trial in study.trials) == list(range(12))


def test_a_fork_may_not_use_the_study(client: Client) -> None:
    with ls.study(GRID) as study:
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                study.ask()
            except UsageError as error:
                os.write(writing, error.message.encode())
            study.close()
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as told:
            assert "this is its fork" in told.read()
        os.wait()
        study.tell(study.ask(), 1.0)


def test_a_sweep_file_and_a_trials_seed(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps(grid(repeats={"count": 2, "seed": "seed"})))
    with ls.study(str(path)) as study:
        first, second = study.ask(), study.ask()
        assert [(trial.params, trial.seed) for trial in (first, second)] == [
            ({"x": 0, "seed": 1}, 1), ({"x": 0, "seed": 2}, 2),
        ]  # fmt: skip
        study.tell(first, 1.0)
        study.tell(second, 2.0)


def test_the_trial_shows_what_it_is(client: Client) -> None:
    with ls.study(GRID) as study:
        trial = study.ask()
        assert repr(trial) == f"StudyTrial(number=1, id={trial.id!r}, params={{'x': 0}})"
        assert isinstance(study.trials[0], m.Trial) and isinstance(trial, ls.StudyTrial) and isinstance(study, ls.Study)
