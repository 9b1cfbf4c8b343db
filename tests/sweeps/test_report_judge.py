"""Decisions about the rows of a trial, without a database."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lightning_sweeps.errors import RuleFailed
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.report_judge import LogRow, NewReport, ReportJudge
from lightning_sweeps.sweeps.stopping_rules import (
    STOPPING_RULES,
    Judgement,
    Peers,
    RuleConfig,
    StoppingRule,
    TrialReport,
)
from lightning_sweeps.sweeps.trial_progress import TrialProgress
from lightning_sweeps.testing.stopping_rules import HistoryPeers

SWEEP: dict[str, Any] = {"method": "random", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2]}}}


def judge_of(progress: TrialProgress, *, is_judged: bool = True, **changes: Any) -> ReportJudge:
    return ReportJudge(
        define_sweep(SWEEP | changes),
        progress,
        number=7,
        started=100.0,
        is_judged=is_judged,
        stored_values=list,
        peers=HistoryPeers([[1.0] * 9, [2.0] * 9]),
    )


def rows(*values: float, first_step: int = 1) -> list[LogRow]:
    return [(step, 100.0 + step, {"loss": value}) for step, value in enumerate(values, first_step)]


def test_values_of_the_metric_become_reports() -> None:
    progress = TrialProgress(attempt=1)
    judge = judge_of(progress)
    for row in [*rows(3.0, 1.0), (3, 103.0, {"other": 0.0}), *rows(2.0, first_step=4)]:
        judge.take(row)
    assert judge.reports == [NewReport(1, 1, 101.0, 3.0), NewReport(2, 2, 102.0, 1.0), NewReport(3, 4, 104.0, 2.0)]
    assert (progress.count, progress.best, progress.last) == (3, 1.0, 2.0)


@pytest.mark.parametrize("resource", ["report", "step", "seconds"])
def test_a_trial_is_judged_once_at_a_band(resource: str) -> None:
    progress = TrialProgress(attempt=1)
    rule = {"type": "asha", "min": 2, "eta": 2, "min_trials": 0, "resource": resource}
    judge = judge_of(progress, early_terminate=rule)
    for row in rows(9.0, 9.0, 9.0):
        judge.take(row)
    unit = {"seconds": "second"}.get(resource, resource)
    assert judge.stop_reason == f"stopped at {unit} 2: 9 ranks 3rd of 3, the best 2 continue"
    assert (progress.bands, progress.band_values) == ([2], {2: 9.0})


def test_a_trial_that_is_not_running_is_not_stopped() -> None:
    judge = judge_of(TrialProgress(attempt=1), is_judged=False, early_terminate={"type": "threshold", "upper": 1})
    for row in rows(9.0, math.nan):
        judge.take(row)
    assert judge.stop_reason == ""


@pytest.mark.parametrize(
    ("rule", "values", "reason"),
    [
        ({"type": "hyperband", "min_iter": 3}, (math.nan,), "diverged: `loss` was nan at report 1"),
        ({"type": "hyperband", "min_iter": 3}, (1.0, math.inf), ""),
        ({"type": "hyperband", "min_iter": 3}, (1.0, math.inf, -math.inf), "diverged: `loss` was -inf at report 3"),
        ({"type": "threshold", "upper": 9}, (1.0, math.inf), "diverged: `loss` was inf at report 2"),
    ],
)
def test_a_nonfinite_value_stops_a_trial_as_its_rule_says(
    rule: dict[str, Any], values: tuple[float, ...], reason: str
) -> None:
    judge = judge_of(TrialProgress(attempt=1), early_terminate=rule)
    for row in rows(*values):
        judge.take(row)
    assert judge.stop_reason == reason


def test_the_first_value_at_the_target_is_the_reason() -> None:
    judge = judge_of(TrialProgress(attempt=1), metric={"name": "loss", "target": 2})
    for row in rows(3.0, 2.0, 1.0):
        judge.take(row)
    assert judge.target_reason == "trial 7 met the target: `loss` is 2, wanted 2"


def test_progress_survives_its_storage() -> None:
    progress = TrialProgress(2, 3, 1.0, 2.0, 1, 4.0, [2], {2: 9.0}, {"size": 5.0})
    loaded = TrialProgress.load(progress.dump(has_rule=True), attempt=1, count=3, best=1.0, last=2.0)
    assert loaded == progress


def test_a_new_attempt_keeps_the_reports_before_its_checkpoint() -> None:
    progress = TrialProgress(1, 3, 1.0, 5.0, 1, 3.0, [2], {2: 1.0})
    progress.restart(2, [3.0, 2.0], goal="minimize")
    assert (progress.attempt, progress.count, progress.best, progress.last) == (2, 2, 2.0, 2.0)
    assert progress.bands == [2]
    progress.restart(3, [], goal="minimize")
    assert progress == TrialProgress(3)


class BrokenRule(StoppingRule):
    """A rule of another package with a bug."""

    config_model = RuleConfig

    def judge(self, report: TrialReport, peers: Peers) -> Judgement | None:
        raise KeyError("a bug")


def test_a_rule_that_raises_loses_no_value_and_no_target() -> None:
    if "broken" not in STOPPING_RULES:
        STOPPING_RULES.register("broken", BrokenRule)
    progress = TrialProgress(attempt=1)
    metric = {"name": "loss", "target": 2.0}
    judge = judge_of(progress, early_terminate={"type": "broken"}, metric=metric)
    for row in rows(3.0, 1.0):
        with pytest.raises(RuleFailed, match="the stopping rule `broken` failed: KeyError: 'a bug'"):
            judge.take(row)
    assert [report.value for report in judge.reports] == [3.0, 1.0]
    assert (progress.count, progress.best, judge.stop_reason) == (2, 1.0, "")
    assert judge.target_reason == "trial 7 met the target: `loss` is 1, wanted 2"
