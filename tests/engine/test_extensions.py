"""A search method and a stopping rule of another package: in a real sweep, in messages, and in their contract tests."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import ServerRefused, SweepFileError
from lightning_sweeps.messages import TrialEnd
from tests.engine.driver import Server, TrialRun
from tests.extensions import install_extension
from tests.servers import running_server, wait_until

CODE = """
    import time

    from lightning_sweeps.sweeps.fields import Count
    from lightning_sweeps.sweeps.methods import Method
    from lightning_sweeps.sweeps.methods.new_points import ask_new, from_unit_interval
    from lightning_sweeps.sweeps.stopping_rules import Judgement, RuleConfig, StoppingRule

    class EvenlySpaced(Method):
        '''The multiples of the golden ratio, modulo 1.'''

        needs_metric = False

        def suggest(self, space, history, *, number, seed):
            def choose(dimensions):
                units = {dim: number * 0.6180339887498949 * rank % 1 for rank, dim in enumerate(dimensions, 1)}
                return {dim.name: from_unit_interval(dim, unit) for dim, unit in units.items()}

            return ask_new(choose, space, history, number=number, seed=seed)

    class WorseThanMeanConfig(RuleConfig):
        every: Count = 1

    class WorseThanMean(StoppingRule):
        config_model = WorseThanMeanConfig

        def reached(self, previous, position):
            every = self.config.every
            return [band for band in range(every, int(position) + 1, every) if band > previous]

        def judge(self, report, peers):
            reached = self.reached(report.previous, report.position)
            others = peers.at_band(reached[-1]) if reached else []
            if not others:
                return None
            value, mean = report.values()[-1], sum(sorted(others)) / len(others)
            reason = f"{report.show(value)} against a mean of {report.show(mean)} at {report.unit} {reached[-1]}"
            return Judgement(reached[-1], value > mean, reason)

    class Raises(Method):
        is_fitted = False

        def suggest(self, space, history, *, number, seed):
            raise ZeroDivisionError("a bug")

    class Nonsense(Raises):
        def suggest(self, space, history, *, number, seed):
            return {"y": 1}

    class NoParameters(Raises):
        def suggest(self, space, history, *, number, seed):
            return 42

    class NonsenseOfAModel(NoParameters):
        is_fitted = True

    class Hangs(EvenlySpaced):
        def suggest(self, space, history, *, number, seed):
            time.sleep(3600)

    class RaisesInJudge(StoppingRule):
        config_model = RuleConfig

        def judge(self, report, peers):
            raise KeyError("a bug")
"""
MEMBERS = {
    "lightning_sweeps.methods": {
        "evenly_spaced": "EvenlySpaced",
        "raises": "Raises",
        "nonsense": "Nonsense",
        "no_parameters": "NoParameters",
        "nonsense_of_a_model": "NonsenseOfAModel",
        "hangs": "Hangs",
    },
    "lightning_sweeps.stopping_rules": {
        "worse_than_mean": "WorseThanMean",
        "raises_in_judge": "RaisesInJudge",
        "missing": "Missing",
    },
}
CONTRACT = """
import pytest
from an_extension import EvenlySpaced, WorseThanMean, WorseThanMeanConfig
from lightning_sweeps.testing.methods import SearchMethodContract
from lightning_sweeps.testing.stopping_rules import StoppingRuleContract

class TestEvenlySpaced(SearchMethodContract):
    @pytest.fixture
    def method(self):
        return EvenlySpaced()

class TestWorseThanMean(StoppingRuleContract):
    @pytest.fixture
    def rule(self):
        return WorseThanMean(WorseThanMeanConfig(type="worse_than_mean", every=4))
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the extension, on the path of every process that the test starts."""
    folder = install_extension(tmp_path / "site", CODE, MEMBERS)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.fixture
def extended_server(site: Path, tmp_path: Path) -> Iterator[Server]:
    """A server process in whose environment the extension is installed."""
    with running_server(tmp_path / "server") as running, ExitStack() as stack:
        yield Server(*running, stack)


def test_a_method_and_a_rule_of_another_package_run_a_sweep(extended_server: Server) -> None:
    server = extended_server
    rule = {"type": "worse_than_mean", "every": 2, "resource": "step"}
    sweep_id = server.create(
        method="evenly_spaced", parameters={"x": {"min": 0.0, "max": 1.0}}, early_terminate=rule, run_cap=2
    )
    agent = server.agent(sweep_id)
    good = agent.take(wait_s=60)
    assert good.params["x"] == pytest.approx(0.6180339887498949)
    assert TrialRun(agent.client, good).log({"loss": 9.0}, {"loss": 1.0}, {"loss": 0.5}).commands == []
    assert agent.end(good).state == "finished"
    bad = agent.take(wait_s=60)
    assert bad.params["x"] == pytest.approx(0.2360679774997898)
    run = TrialRun(agent.client, bad)
    assert run.log({"loss": 9.0}).commands == []
    (command,) = run.log({"loss": 3.0}).commands
    assert (command.kind, command.reason) == ("stop", "3 against a mean of 1 at step 2")
    assert agent.end(bad, "stopped").state == "stopped"
    assert server.client.sweep(sweep_id).state == "finished"


def test_errors_in_the_section_of_the_rule_are_reported_like_any_other(extended_server: Server) -> None:
    with pytest.raises(SweepFileError) as caught:
        extended_server.create(early_terminate={"type": "worse_than_mean", "every": 0, "evry": 2})
    messages = {fault.key: fault.message for fault in caught.value.faults}
    assert messages["early_terminate.every"] == "is `0`, allowed: a whole number >= 1"
    assert messages["early_terminate.evry"].endswith("allowed: type, resource, every; did you mean `every`?")
    with pytest.raises(SweepFileError) as caught:
        extended_server.create(early_terminate={"type": "missing"})
    (fault,) = caught.value.faults
    assert fault.key == "early_terminate.type"
    assert "`missing` of the package `an-extension` cannot be loaded: AttributeError" in fault.message
    with pytest.raises(SweepFileError, match=r"no search method `evenly_space`.*did you mean `evenly_spaced`"):
        extended_server.create(method="evenly_space")


@pytest.mark.parametrize(
    ("method", "problem"),
    [
        ("raises", "ZeroDivisionError: a bug"),
        ("nonsense", "the method suggested a wrong parameter set: .*`y` is not a parameter .*`x` is missing"),
        ("no_parameters", "the method suggested a `int`, allowed: a dictionary of parameters, or None"),
        ("nonsense_of_a_model", "the method suggested a `int`, allowed: a dictionary of parameters, or None"),
    ],
)
def test_a_method_that_fails_adds_no_trial_and_the_agent_is_told(
    extended_server: Server, method: str, problem: str
) -> None:
    sweep_id = extended_server.create(method=method, parameters={"x": {"min": 0.0, "max": 1.0}})
    agent = extended_server.agent(sweep_id)

    def is_told() -> bool:
        lease = agent.client.lease(agent.id, wait_s=1)
        assert lease.trial is None
        return re.fullmatch(f"the search failed and will be tried again: {problem}", lease.reason) is not None

    wait_until(is_told, timeout_s=30)
    assert extended_server.client.trials(sweep_id) == []


def test_a_method_that_hangs_does_not_stop_the_sweeps_of_other_methods(extended_server: Server) -> None:
    parameters = {"x": {"min": 0.0, "max": 1.0}}
    stuck = extended_server.agent(extended_server.create(method="hangs", parameters=parameters))
    assert stuck.client.lease(stuck.id, wait_s=1).trial is None
    other = extended_server.agent(extended_server.create(method="evenly_spaced", parameters=parameters))
    assert other.take(wait_s=60).number == 1


def test_a_rule_that_raises_does_not_stop_uploads_and_the_trial_shows_it(extended_server: Server) -> None:
    sweep_id = extended_server.create(early_terminate={"type": "raises_in_judge"}, run_cap=1)
    agent = extended_server.agent(sweep_id)
    trial = agent.take(wait_s=60)
    assert TrialRun(agent.client, trial).log({"loss": 2.0}, {"loss": 1.0}).commands == []
    ended = agent.end(trial)
    assert (ended.state, ended.objective, ended.reports) == ("finished", 1.0, 2)
    assert ended.reason == "the stopping rule `raises_in_judge` failed: KeyError: 'a bug'"


def test_the_extension_passes_the_contract_tests(site: Path, tmp_path: Path) -> None:
    (tmp_path / "test_extension.py").write_text(CONTRACT)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [*command, str(tmp_path / "test_extension.py")], capture_output=True, text=True, check=False, env=environment()
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def test_a_sweep_ends_after_its_method_was_removed(site: Path, tmp_path: Path) -> None:
    home = tmp_path / "server"
    with running_server(home) as running, ExitStack() as stack:
        server = Server(*running, stack)
        sweep_id = server.create(method="evenly_spaced", parameters={"x": {"min": 0.0, "max": 1.0}}, retry=0)
        agent = server.agent(sweep_id)
        trial = agent.take(wait_s=60)
    shutil.rmtree(site)
    with running_server(home) as running, ExitStack() as stack:
        server = Server(*running, stack)
        assert server.client.sweeps()[0].method == "evenly_spaced"
        client = server.new_client()
        run = TrialRun(client, trial)
        assert run.log({"loss": 1.0}).commands == []
        assert client.end_trial(agent.id, trial.id, TrialEnd("finished", 0)).state == "finished"
        with pytest.raises(ServerRefused, match="there is no search method `evenly_spaced`"):
            client.lease(agent.id, wait_s=0)
