"""Draws the state of a running sweep in the terminal."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from lightning_sweeps.cli.tables import STATE_STYLES, best_of, number, parameters
from lightning_sweeps.messages import FINAL_TRIAL_STATES, Agent, Sweep, Trial

BAR_WIDTH = 40
RECENT = 20
"""Number of ended trials from which the duration of the others is estimated."""


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """The current state of a sweep.

    Attributes:
        sweep: The sweep.
        trials: Its trials.
        agents: Its agents.
        total: Number of trials that the sweep will have; None if it has no limit.
        messages: What each slot shows, by slot number: the progress bar of its trial, or its agent's last message.
        now: The time, in seconds since the epoch.
    """

    sweep: Sweep
    trials: Sequence[Trial]
    agents: Sequence[Agent]
    total: int | None
    messages: Mapping[int, str]
    now: float


def render(progress: SweepProgress) -> RenderableType:
    """Return the display for the terminal."""
    sweep = progress.sweep
    head = Text.assemble(
        (f"Sweep {sweep.id}", "bold"), f" ({sweep.name}), {sweep.method}: ", (sweep.state, STATE_STYLES[sweep.state])
    )
    ended = count_ended(sweep)
    line = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=progress.total or 1, completed=ended, width=BAR_WIDTH, pulse=progress.total is None)
    total = f"/{progress.total}" if progress.total else ""
    line.add_row(bar, f"{ended}{total} trials", time_left(progress))
    return Group(head, line, states(sweep), best(sweep), _slots(progress))


def count_ended(sweep: Sweep) -> int:
    """Return the number of ended trials."""
    return sum(count for state, count in sweep.counts.items() if state in FINAL_TRIAL_STATES)


def states(sweep: Sweep) -> Text:
    """Return the number of trials in each state, without empty states."""
    shown = [(f"{count} {name}", STATE_STYLES.get(name, "")) for name, count in sweep.counts.items() if count]
    return Text(", ").join(Text(words, style=style) for words, style in shown)


def best(sweep: Sweep) -> Text:
    """Return a line with the best trial or point so far."""
    if not (found := best_of(sweep)):
        return Text("no result yet" if sweep.metric else "")
    return Text(f"best: {found}", style="bold")


def time_left(progress: SweepProgress) -> str:
    """Return an estimate of the remaining time, or an empty string if there is none."""
    spent = [
        trial.ended - trial.started
        for trial in progress.trials
        if trial.ended is not None and trial.started is not None
    ]
    recent = spent[-RECENT:]
    if progress.total is None or not recent or progress.sweep.state != "running":
        return ""
    each_s = statistics.mean(recent)
    started = [trial.started for trial in progress.trials if trial.started is not None and trial.ended is None]
    waiting = max(0, progress.total - count_ended(progress.sweep) - len(started))
    work_s = waiting * each_s + sum(max(0.0, each_s - (progress.now - since)) for since in started)
    agents = sum(agent.state in ("idle", "working") for agent in progress.agents)
    return f"about {_minutes(work_s / max(1, agents))} left"


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _slots(progress: SweepProgress) -> Table:
    numbers = {trial.id: trial for trial in progress.trials}
    table = Table.grid(padding=(0, 2))
    for agent in sorted(progress.agents, key=lambda agent: (agent.host, agent.slot)):
        trial = numbers.get(agent.trial or "")
        does = Text(agent.state, style=STATE_STYLES.get(agent.state, "")) if trial is None else _doing(trial, progress)
        gpus = f"GPU {','.join(agent.gpus)}" if agent.gpus else "CPU"
        said = Text.from_ansi(progress.messages.get(agent.slot, ""), style="dim", no_wrap=True, overflow="ellipsis")
        table.add_row(f"{agent.host} slot {agent.slot}", gpus, does, said)
    return table


def _doing(trial: Trial, progress: SweepProgress) -> Text:
    since = f" for {_minutes(progress.now - trial.started)}" if trial.started else ""
    value = f", {progress.sweep.metric} {number(trial.last_objective)}" if trial.last_objective is not None else ""
    return Text(f"trial {trial.number} {trial.state}{since}{value}: {parameters(trial.params)}")


def wall_clock() -> float:
    """Return the current time, in seconds since the epoch."""
    return time.time()
