"""Lists the conditions of rules with their options, and checks rules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lightning_sweeps.core.similar import did_you_mean
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import ALERT_OPTIONS, AlertCondition, AlertRuleCreate

OVERHEATED_C = 85.0
IDLE_MINUTES = 10.0
LOST_MINUTES = 2.0


@dataclass(frozen=True, slots=True)
class ConditionInfo:
    """What people need to know about a condition.

    Attributes:
        meaning: when it raises an alert.
        options: the options that it has.
        required: sets of options; one option of each set must be given.
    """

    meaning: str
    options: tuple[str, ...] = ()
    required: tuple[tuple[str, ...], ...] = ()


CONDITIONS: dict[AlertCondition, ConditionInfo] = {
    "sweep_finished": ConditionInfo("a sweep has finished"),
    "sweep_paused": ConditionInfo("failures have paused a sweep"),
    "run_finished": ConditionInfo("a run outside of sweeps has finished; once for all ranks of a job"),
    "failed": ConditionInfo(
        "trials of a sweep have failed, each time that there are `times` more (default: 1),"
        " or a run outside of sweeps has failed",
        ("times",),
    ),
    "diverged": ConditionInfo(
        "the last value of a metric is not finite (default: the sweep's metric, and metrics with `loss` in their name)",
        ("metric",),
    ),
    "metric": ConditionInfo(
        "the last value of a metric is beyond a bound", ("metric", "above", "below"), (("metric",), ("above", "below"))
    ),
    "rank_hangs": ConditionInfo("a rank has logged nothing for LIGHTNING_SWEEPS_STALL_S seconds"),
    "gpu_idle": ConditionInfo(
        f"a GPU of a run has been idle for `minutes` (default: {IDLE_MINUTES:.0f})", ("minutes",)
    ),
    "gpu_overheated": ConditionInfo(
        f"a GPU is warmer than `above` °C (default: {OVERHEATED_C:.0f}); at most once an hour for each GPU", ("above",)
    ),
    "machine_lost": ConditionInfo(
        f"a machine with running runs has sent nothing for `minutes` (default: {LOST_MINUTES:.0f})", ("minutes",)
    ),
    "run_alert": ConditionInfo("a program has called `run.alert()`"),
}


def check_rule(rule: AlertRuleCreate, channels: Sequence[str]) -> None:
    """Check a rule.

    Args:
        rule: the rule.
        channels: names of the server's channels.

    Raises:
        UsageError: an option does not belong to the condition, is missing, or has a value that is not allowed.
    """
    known = CONDITIONS[rule.condition]
    given = [name for name in ALERT_OPTIONS if getattr(rule, name) is not None]
    for name in given:
        if name not in known.options:
            allowed = ", ".join(f"`{option}`" for option in known.options) or "none"
            raise UsageError(f"the condition `{rule.condition}` has no option `{name}`, allowed: {allowed}")
    for one_of in known.required:
        if not set(one_of) & set(given):
            raise UsageError(f"the condition `{rule.condition}` needs {' or '.join(f'`{name}`' for name in one_of)}")
    _check_numbers(rule)
    for channel in rule.channels:
        check_channel(channel, channels)


def check_channel(channel: str, channels: Sequence[str]) -> None:
    """Check that the server has a channel of this name.

    Raises:
        UsageError: it has not.
    """
    if channel not in channels:
        there = ", ".join(f"`{name}`" for name in channels) or "none"
        raise UsageError(
            f"the server has no alert channel `{channel}`; its channels: {there}",
            hint=did_you_mean(channel, channels) or "channels are options of the server: `--alert NAME=DESTINATION`",
        )


def _check_numbers(rule: AlertRuleCreate) -> None:
    for name in ("above", "below"):
        value = getattr(rule, name)
        if value is not None and not math.isfinite(value):
            raise UsageError(f"`{name}` is {value}, allowed: finite numbers")
    if rule.times is not None and rule.times < 1:
        raise UsageError(f"`times` is {rule.times}, allowed: whole numbers from 1")
    if rule.minutes is not None and not 0 < rule.minutes <= 60 * 24 * 30:
        raise UsageError(f"`minutes` is {rule.minutes:g}, allowed: more than 0 and at most 30 days")
