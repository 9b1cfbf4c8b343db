"""Which facts raise which alerts, and which rules are allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from lightning_sweeps.alerts.conditions import CONDITIONS, check_rule
from lightning_sweeps.alerts.idle_gpus import IdleGpus
from lightning_sweeps.alerts.observations import (
    Facts,
    GpuFacts,
    LineFacts,
    MachineFacts,
    MachineRun,
    RunFacts,
    SweepFacts,
)
from lightning_sweeps.alerts.rules import Event, events_of
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import ALERT_OPTIONS, AlertCondition, AlertRule, AlertRuleCreate, Sweep

NOW = 1000.0


def rule(condition: AlertCondition, *, created: float = 0.0, **options: Any) -> AlertRule:
    return AlertRule("rule-1", AlertRuleCreate(condition, **options), created, "ada")


def sweep(state: str, reason: str = "", **changes: Any) -> SweepFacts:
    given: dict[str, Any] = {
        "id": "s1", "project": "digits", "name": "lr", "description": "", "state": state, "reason": reason,
        "method": "grid", "metric": "loss", "goal": "minimize", "config": {}, "run_cap": None, "created": 1.0,
        "ended": 500.0 if state == "finished" else None, "counts": {"finished": 3, "failed": 0}, "best": None,
    }  # fmt: skip
    return SweepFacts(Sweep(**(given | changes)), 0)


def run(**changes: Any) -> RunFacts:
    known = RunFacts("r1", "digits", "bold-run", "job", 0, "running", "", "s1", None, {"loss": 0.5}, "loss")
    return replace(known, **changes)


def facts(*found: Any) -> Facts:
    names = {SweepFacts: "sweeps", RunFacts: "runs", LineFacts: "lines", MachineFacts: "machines", GpuFacts: "gpus"}
    more: dict[str, Any] = {}
    for one in found:
        more[names[type(one)]] = (*more.get(names[type(one)], ()), one)
    return Facts(NOW, **more)


def raised(of: AlertRule, *found: Any) -> list[Event]:
    return events_of(of, facts(*found))


def test_a_finished_sweep() -> None:
    (event,) = raised(rule("sweep_finished"), sweep("finished", "every point of the space has been tried"))
    assert event.title == "Sweep `lr` has finished"
    assert event.text == "every point of the space has been tried\nTrials: 3 finished."
    assert (event.project, event.sweep, event.run, event.page) == ("digits", "s1", None, "/sweeps/s1")
    assert raised(rule("sweep_finished"), sweep("running"), sweep("stopped"), sweep("cancelled")) == []


def test_a_sweep_that_is_continued_and_finishes_again_is_another_event() -> None:
    first, second = (raised(rule("sweep_finished"), sweep("finished", ended=ended))[0].key for ended in (500.0, 900.0))
    assert first != second


def test_a_sweep_that_failures_paused_and_not_one_that_a_person_paused() -> None:
    (event,) = raised(rule("sweep_paused"), sweep("paused", "3 trials in a row failed"), sweep("paused"))
    assert event.title == "Sweep `lr` is paused after failures" and "3 trials in a row failed" in event.text
    again = replace(sweep("paused", "3 trials in a row failed"), edits=1)
    assert raised(rule("sweep_paused"), again)[0].key != event.key


def test_failed_trials_are_one_alert_for_each_number_of_them() -> None:
    three = rule("failed", times=3)

    def keys(failed: int, lost: int = 0) -> list[str]:
        return [event.key for event in raised(three, sweep("running", counts={"failed": failed, "lost": lost}))]

    assert keys(2) == []
    assert keys(2, 1) == keys(3) == keys(5) != keys(6)
    assert raised(three, sweep("running", counts={"failed": 4}))[0].title == "Sweep `lr`: 4 trials have failed"


def test_a_failed_run_outside_of_sweeps_is_one_alert_for_all_its_ranks() -> None:
    ranks = [run(id=f"r{rank}", sweep=None, state="failed", reason="out of memory", ended=900.0) for rank in range(2)]
    events = raised(rule("failed"), *ranks)
    assert len({event.key for event in events}) == 1
    assert (events[0].title, events[0].text, events[0].page) == (
        "Run `bold-run` has failed",
        "out of memory",
        "/runs/r0",
    )
    assert (
        raised(rule("failed"), run(state="failed", ended=900.0)) == []
    )  # the trial of a sweep, which is counted there
    assert raised(rule("failed"), run(sweep=None, state="lost", ended=900.0))[0].title == "Run `bold-run` is lost"
    assert raised(rule("run_finished"), run(sweep=None, state="finished", ended=900.0))[0].title.endswith(
        "has finished"
    )


def test_events_before_the_rule_raise_nothing() -> None:
    late = {"created": 950.0}
    assert raised(rule("failed", **late), run(sweep=None, state="failed", ended=900.0)) == []
    assert raised(rule("sweep_finished", **late), sweep("finished")) == []


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_value_that_is_not_finite(value: str) -> None:
    (event,) = raised(rule("diverged"), run(values={"loss": value, "accuracy": "nan"}))
    assert event.title == f"Run `bold-run` has diverged: `loss` is {value}"
    assert raised(rule("diverged"), run(values={"train/Loss": value}, objective=None)) != []
    assert raised(rule("diverged", metric="accuracy"), run(values={"loss": value})) == []
    assert raised(rule("diverged"), run(values={"loss": 1e300})) == []


def test_a_metric_beyond_a_bound() -> None:
    above = rule("metric", metric="acc", above=0.9)
    assert [len(raised(above, run(values={"acc": value}))) for value in (0.9, 0.95, "nan", True, "text")] == [
        0,
        1,
        0,
        0,
        0,
    ]
    (event,) = raised(rule("metric", metric="acc", below=0.5), run(values={"acc": 0.25}))
    assert event.title == "Run `bold-run`: `acc` is 0.25, below 0.5"


def test_lines_about_ranks_that_hang_and_calls_of_alert() -> None:
    hangs = LineFacts("rank_hangs", 1, "rank 1 has logged nothing for 900 s; it is in `recv`", run())
    called = LineFacts("run_alert", 2, "alert (WARN): low accuracy: 0.1", run())
    (first,) = raised(rule("rank_hangs"), hangs, called)
    assert first.title == "Run `bold-run` hangs" and "it is in `recv`" in first.text and first.repeats_s
    (second,) = raised(rule("run_alert"), hangs, called)
    assert second.title == "Run `bold-run`: low accuracy: 0.1"


ON_GPU = (MachineRun("r1", "digits", "bold-run", "s1"),)


def gpu(**changes: Any) -> GpuFacts:
    return replace(GpuFacts("n1", "host-1", "0", "H100", 0.0, 60.0, ON_GPU), **changes)


def test_gpus_that_are_idle_or_too_warm() -> None:
    (idle,) = raised(rule("gpu_idle"), gpu(idle_s=600.0), gpu(place="1", idle_s=500.0), gpu(idle_s=900.0, runs=()))
    assert idle.title == "GPU 0 of `host-1` is idle, and run `bold-run` has it"
    assert raised(rule("gpu_idle", minutes=0.5), gpu(idle_s=31.0)) != []
    (warm,) = raised(rule("gpu_overheated"), gpu(temperature_c=90.0), gpu(temperature_c=85.0), gpu(temperature_c=None))
    assert warm.title == "GPU 0 of `host-1` has 90 °C" and warm.page == "/nodes"
    assert raised(rule("gpu_overheated", above=50), gpu(runs=())) != []
    assert raised(rule("gpu_overheated", above=50, project="digits"), gpu(runs=())) == []


def test_a_machine_that_is_silent_while_runs_run_there() -> None:
    machine = MachineFacts("n1", "host-1", 880.0, 120.0, ON_GPU)
    (event,) = raised(rule("machine_lost"), machine, replace(machine, runs=()), replace(machine, silent_s=119.0))
    assert event.title == "Machine `host-1` has sent nothing for 2 min" and "`bold-run`" in event.text


EVERYTHING = (
    sweep("finished", counts={"failed": 3}),
    sweep("paused", "failures"),
    run(values={"loss": "nan", "acc": 2.0}),
    run(sweep=None, state="failed", ended=900.0),
    run(sweep=None, state="finished", ended=900.0),
    LineFacts("rank_hangs", 1, "rank 1 has logged nothing", run()),
    LineFacts("run_alert", 2, "alert (INFO): hello", run()),
    gpu(idle_s=5000.0, temperature_c=99.0),
    MachineFacts("n1", "host-1", 0.0, 5000.0, ON_GPU),
)


@pytest.mark.parametrize("condition", get_args(AlertCondition))
def test_every_condition_is_limited_by_project_and_sweep(condition: AlertCondition) -> None:
    options: dict[str, Any] = {"metric": "acc", "above": 1.0} if condition == "metric" else {}
    events = raised(rule(condition, project="digits", **options), *EVERYTHING)
    assert events and {event.project for event in events} == {"digits"}
    assert raised(rule(condition, project="others", **options), *EVERYTHING) == []
    assert raised(rule(condition, sweep="s2", **options), *EVERYTHING) == []


def test_idle_time_starts_with_the_first_idle_sample_and_ends_with_work() -> None:
    idle = IdleGpus()
    assert idle.update({"a": 0.0, "b": 80.0}, now=10.0) == {"a": 0.0}
    assert idle.update({"a": 4.0, "b": 1.0}, now=15.0) == {"a": 5.0, "b": 0.0}
    assert idle.update({"a": 50.0}, now=20.0) == {}
    assert idle.update({"a": 0.0, "b": 0.0}, now=25.0) == {"a": 0.0, "b": 0.0}


def test_every_condition_is_explained() -> None:
    assert list(CONDITIONS) == list(get_args(AlertCondition))
    assert {name for known in CONDITIONS.values() for name in known.options} == set(ALERT_OPTIONS)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (AlertRuleCreate("failed", metric="loss"), "`failed` has no option `metric`, allowed: `times`"),
        (AlertRuleCreate("sweep_paused", above=1.0), "has no option `above`, allowed: none"),
        (AlertRuleCreate("metric", above=1.0), "needs `metric`"),
        (AlertRuleCreate("metric", metric="loss"), "needs `above` or `below`"),
        (AlertRuleCreate("metric", metric="loss", above=float("nan")), "`above` is nan, allowed: finite numbers"),
        (AlertRuleCreate("failed", times=0), "`times` is 0, allowed: whole numbers from 1"),
        (AlertRuleCreate("gpu_idle", minutes=0), "`minutes` is 0, allowed: more than 0"),
        (AlertRuleCreate("failed", channels=["taem"]), "no alert channel `taem`; its channels: `team`"),
    ],
)
def test_a_rule_that_makes_no_sense_is_rejected(wanted: AlertRuleCreate, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        check_rule(wanted, ["team"])
    assert message in str(raised.value)
