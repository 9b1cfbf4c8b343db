"""Messages about alerts: the rules that raise them, and what was sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

AlertCondition = Literal[
    "sweep_finished",
    "sweep_paused",
    "run_finished",
    "failed",
    "diverged",
    "metric",
    "rank_hangs",
    "gpu_idle",
    "gpu_overheated",
    "machine_lost",
    "run_alert",
]
"""What raises an alert. docs/how-to/alerts.md explains each."""

AlertKind = Literal[AlertCondition, "test"]

ALERT_OPTIONS = ("metric", "above", "below", "times", "minutes")
"""The options of a rule that conditions use, as `AlertRuleCreate` names them."""


@dataclass(frozen=True, slots=True)
class AlertRuleCreate:
    """A request for a rule. A condition uses some of the options, and rejects the others.

    Attributes:
        condition: what raises an alert.
        project: only for this project; None: for all.
        sweep: only for this sweep; None: for all, and for runs outside of sweeps.
        metric: name of the metric of `metric` and `diverged`.
        above: `metric`: an alert if the value is larger. `gpu_overheated`: if the temperature in degrees Celsius is.
        below: `metric`: an alert if the value is smaller.
        times: `failed`: one alert for this many failed trials of a sweep.
        minutes: `gpu_idle`, `machine_lost`: how long it lasts before an alert.
        channels: names of the channels that get the alerts; empty: all of the server.
    """

    condition: AlertCondition
    project: str | None = None
    sweep: str | None = None
    metric: str | None = None
    above: float | None = None
    below: float | None = None
    times: int | None = None
    minutes: float | None = None
    channels: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A rule.

    Attributes:
        id: id of the rule.
        wanted: what it was created with.
        created: when it was created. It raises no alert about earlier events.
        created_by: name of the API key that created it; empty: it comes with the server.
    """

    id: str
    wanted: AlertRuleCreate
    created: float
    created_by: str


@dataclass(frozen=True, slots=True)
class AlertSent:
    """An alert on its way through one channel.

    Attributes:
        id: id of the alert.
        rule: id of its rule; None: a test.
        channel: name of the channel.
        kind: its event.
        title: one line about the event.
        project: name of the project; empty: of none, for example a test.
        url: page of the dashboard that shows more.
        created: when it was raised.
        sent: when the receiver accepted it; None: not yet.
        tries: number of attempts to send it.
        next_try: when it is sent again; None: never.
        problem: why the last attempt failed; empty: it did not.
    """

    id: int
    rule: str | None
    channel: str
    kind: AlertKind
    title: str
    project: str
    url: str
    created: float
    sent: float | None
    tries: int
    next_try: float | None
    problem: str


@dataclass(frozen=True, slots=True)
class AlertOverview:
    """What a server does about alerts.

    Attributes:
        channels: names of the server's channels.
        rules: the rules, oldest first.
        recent: the last alerts, newest first.
    """

    channels: list[str]
    rules: list[AlertRule]
    recent: list[AlertSent]


@dataclass(frozen=True, slots=True)
class AlertTest:
    """A request to send a test alert. `channel`: name of a channel; None: all."""

    channel: str | None = None
