"""Decides which alerts a rule raises, as pure functions of what the server knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from lightning_sweeps.alerts.conditions import IDLE_MINUTES, LOST_MINUTES, OVERHEATED_C
from lightning_sweeps.alerts.observations import (
    Facts,
    GpuFacts,
    LineFacts,
    MachineFacts,
    MachineRun,
    RunFacts,
    SweepFacts,
)
from lightning_sweeps.core.durations import HOUR_S
from lightning_sweeps.core.states import FAILED_RUN_STATES
from lightning_sweeps.messages import FAILED_TRIAL_STATES, AlertCondition, AlertRule, Sweep

NOT_FINITE = ("nan", "inf", "-inf")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a rule raises an alert about.

    Attributes:
        key: the same for the same event, whichever server notices it, and when. Each event raises one alert.
        title, text, project, sweep, run: as in `Alert`.
        page: path of the dashboard's page that shows more.
        repeats_s: after this many seconds, the same event raises another alert; None: never.
    """

    key: str
    title: str
    text: str
    project: str
    sweep: str | None = None
    run: str | None = None
    page: str = "/"
    repeats_s: float | None = None


def events_of(rule: AlertRule, facts: Facts) -> list[Event]:
    """Return the events that a rule raises alerts about. The same event may be returned many times."""
    return list(_RULES[rule.wanted.condition](rule, facts))


def _sweeps(rule: AlertRule, facts: Facts) -> Iterator[SweepFacts]:
    for one in facts.sweeps:
        if _is_about(rule, one.sweep.project, one.sweep.id):
            yield one


def _runs(rule: AlertRule, facts: Facts) -> Iterator[RunFacts]:
    for run in facts.runs:
        if _is_about(rule, run.project, run.sweep) and (run.ended is None or run.ended >= rule.created):
            yield run


def _is_about(rule: AlertRule, project: str, sweep: str | None) -> bool:
    wanted = rule.wanted
    return wanted.project in (None, project) and wanted.sweep in (None, sweep)


def _concerned(rule: AlertRule, runs: tuple[MachineRun, ...]) -> list[MachineRun]:
    return [run for run in runs if _is_about(rule, run.project, run.sweep)]


def _sweep_finished(rule: AlertRule, facts: Facts) -> Iterator[Event]:
    for sweep in (one.sweep for one in _sweeps(rule, facts)):
        if sweep.state == "finished" and sweep.ended is not None and sweep.ended >= rule.created:
            yield _of_sweep(sweep, f"{sweep.ended}", "has finished")


def _sweep_paused(rule: AlertRule, facts: Facts) -> Iterator[Event]:
    for one in _sweeps(rule, facts):
        if one.sweep.state == "paused" and one.sweep.reason:  # a person's pause has no reason
            yield _of_sweep(one.sweep, f"{one.edits}", "is paused after failures")


def _failed(rule: AlertRule, facts: Facts) -> Iterator[Event]:
    times = rule.wanted.times or 1
    for sweep in (one.sweep for one in _sweeps(rule, facts)):
        failures = sum(sweep.counts.get(state, 0) for state in FAILED_TRIAL_STATES)
        if failures >= times:
            what = "trial has" if failures == 1 else "trials have"
            yield _of_sweep(sweep, f"{failures // times}", f": {failures} {what} failed", kind="failed")
    for run in _runs(rule, facts):
        if run.sweep is None and run.state in FAILED_RUN_STATES:
            yield _of_run(run, "failed", f"is {run.state}" if run.state != "failed" else "has failed", run.reason)


def _run_finished(rule: AlertRule, facts: Facts) -> Iterator[Event]:
    for run in _runs(rule, facts):
        if run.sweep is None and run.state == "finished":
            yield _of_run(run, "finished", "has finished", "")


def _diverged(rule: AlertRule, facts: Facts) -> Iterator[Event]:
    for run in _runs(rule, facts):
        for name in _loss_names(rule, run):
            if run.values.get(name) in NOT_FINITE:
                yield _of_run(run, f"diverged {name}", f"has diverged: `{name}` is {run.values[name]}", "")


def _loss_names(rule: AlertRule, run: RunFacts) -> list[str]:
    if rule.wanted.metric is not None:
        return [rule.wanted.metric]
    losses = [name for name in run.values if "loss" in name.lower()]
    return list(dict.fromkeys([*([run.objective] if run.objective else []), *losses]))


def _metric(rule: AlertRule, facts: Facts) -> Iterator[Event]:
    name, above, below = rule.wanted.metric or "", rule.wanted.above, rule.wanted.below
    for run in _runs(rule, facts):
        value = run.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if above is not None and value > above:
            yield _of_run(run, f"above {name}", f": `{name}` is {value:.6g}, above {above:g}", "")
        if below is not None and value < below:
            yield _of_run(run, f"below {name}", f": `{name}` is {value:.6g}, below {below:g}", "")


def _rank_hangs(rule: AlertRule, facts: Facts) -> Iterator[Event]:
    for line in _lines(rule, facts, "rank_hangs"):
        run = line.run
        event = _of_run(run, "hangs", "hangs", f"{line.line}\nThe stacks of its ranks are in its console.")
        yield replace(event, repeats_s=HOUR_S)


def _run_alert(rule: AlertRule, facts: Facts) -> Iterator[Event]:
    for line in _lines(rule, facts, "run_alert"):
        run = line.run
        title = f"Run `{run.name}`: {line.line.partition(': ')[2] or line.line}"
        yield Event(f"line {line.number}", title, line.line, run.project, run.sweep, run.id, f"/runs/{run.id}")


def _lines(rule: AlertRule, facts: Facts, kind: str) -> Iterator[LineFacts]:
    for line in facts.lines:
        if line.kind == kind and _is_about(rule, line.run.project, line.run.sweep):
            yield line


def _gpu_idle(rule: AlertRule, facts: Facts) -> Iterator[Event]:
    least_s = 60 * (rule.wanted.minutes or IDLE_MINUTES)
    for gpu in facts.gpus:
        for run in _concerned(rule, gpu.runs)[:1] if gpu.idle_s >= least_s else ():
            title = f"GPU {gpu.place} of `{gpu.host}` is idle, and run `{run.name}` has it"
            text = f"{gpu.name} has had nothing to do for {gpu.idle_s / 60:.0f} min."
            key = f"idle {gpu.key} {run.id}"
            yield Event(key, title, text, run.project, run.sweep, run.id, f"/runs/{run.id}")


def _gpu_overheated(rule: AlertRule, facts: Facts) -> Iterator[Event]:
    above = OVERHEATED_C if rule.wanted.above is None else rule.wanted.above
    for gpu in facts.gpus:
        runs = _concerned(rule, gpu.runs)
        is_concerned = bool(runs) or (rule.wanted.project is None and rule.wanted.sweep is None)
        if is_concerned and gpu.temperature_c is not None and gpu.temperature_c > above:
            yield _of_gpu(gpu, runs, above)


def _of_gpu(gpu: GpuFacts, runs: list[MachineRun], above: float) -> Event:
    title = f"GPU {gpu.place} of `{gpu.host}` has {gpu.temperature_c:.0f} °C"
    text = f"{gpu.name} is warmer than {above:g} °C. {_names(runs)}"
    project = runs[0].project if runs else ""
    return Event(f"overheated {gpu.key}", title, text, project, page="/nodes", repeats_s=HOUR_S)


def _machine_lost(rule: AlertRule, facts: Facts) -> Iterator[Event]:
    least_s = 60 * (rule.wanted.minutes or LOST_MINUTES)
    for machine in facts.machines:
        runs = _concerned(rule, machine.runs)
        if runs and machine.silent_s >= least_s:
            yield _of_machine(machine, runs)


def _of_machine(machine: MachineFacts, runs: list[MachineRun]) -> Event:
    title = f"Machine `{machine.host}` has sent nothing for {machine.silent_s / 60:.0f} min"
    return Event(f"lost {machine.id} {machine.seen}", title, _names(runs), runs[0].project, page="/nodes")


def _names(runs: list[MachineRun]) -> str:
    names = ", ".join(f"`{run.name}`" for run in runs[:10])
    return f"Runs there: {names}." if names else "No run uses it."


_RULES: dict[AlertCondition, Callable[[AlertRule, Facts], Iterator[Event]]] = {
    "sweep_finished": _sweep_finished,
    "sweep_paused": _sweep_paused,
    "run_finished": _run_finished,
    "failed": _failed,
    "diverged": _diverged,
    "metric": _metric,
    "rank_hangs": _rank_hangs,
    "gpu_idle": _gpu_idle,
    "gpu_overheated": _gpu_overheated,
    "machine_lost": _machine_lost,
    "run_alert": _run_alert,
}


def _of_sweep(sweep: Sweep, occurrence: str, what: str, *, kind: str = "") -> Event:
    lines = [sweep.reason, _trials(sweep), _best(sweep)]
    text = "\n".join(line for line in lines if line)
    title = f"Sweep `{sweep.name or sweep.id}`{'' if what.startswith(':') else ' '}{what}"
    key = f"{kind or sweep.state} {sweep.id} {occurrence}"
    return Event(key, title, text, sweep.project, sweep.id, page=f"/sweeps/{sweep.id}")


def _of_run(run: RunFacts, kind: str, what: str, text: str) -> Event:
    """Return an event of a run. All ranks of a job have the same, so that it raises one alert."""
    title = f"Run `{run.name}`{'' if what.startswith(':') else ' '}{what}"
    key = f"{kind} {run.project} {run.group} {run.attempt}"
    return Event(key, title, text, run.project, run.sweep, run.id, f"/runs/{run.id}")


def _trials(sweep: Sweep) -> str:
    counts = ", ".join(f"{count} {state}" for state, count in sweep.counts.items() if count)
    return f"Trials: {counts}." if counts else ""


def _best(sweep: Sweep) -> str:
    if sweep.best_point is not None:
        return f"Best `{sweep.metric}`: {sweep.best_point.value:.6g} (point {sweep.best_point.number})."
    if sweep.best is None or sweep.best.objective is None:
        return ""
    return f"Best `{sweep.metric}`: {sweep.best.objective:.6g} (trial {sweep.best.number})."
