"""Decides which changes of a sweep need an alert, as pure functions."""

from __future__ import annotations

from lightning_sweeps.alerts.alert import Alert, AlertKind
from lightning_sweeps.messages import Sweep, SweepState


def alert_of(before: SweepState | None, sweep: Sweep, *, url: str, now: float) -> Alert | None:
    """Return the alert for a change of a sweep's state, or None if the change needs no alert.

    An alert is needed when a sweep has finished, and when failures have paused it. Changes by people need no alert.

    Args:
        before: The last known state of the sweep; None for a new sweep.
        sweep: The sweep now.
        url: Page of the dashboard that shows the sweep.
        now: The time, in seconds since the epoch.
    """
    if sweep.state == before:
        return None
    name = sweep.name or sweep.id
    if sweep.state == "finished":
        return _alert("sweep_finished", f"Sweep `{name}` has finished", sweep, url=url, now=now)
    if sweep.state == "paused" and sweep.reason:  # a person's pause has no reason
        return _alert("sweep_paused", f"Sweep `{name}` is paused after failures", sweep, url=url, now=now)
    return None


def _alert(kind: AlertKind, title: str, sweep: Sweep, *, url: str, now: float) -> Alert:
    lines = [sweep.reason, _trials(sweep), _best(sweep)]
    text = "\n".join(line for line in lines if line)
    return Alert(kind, title, text, sweep.project, sweep.id, None, url, now)


def _trials(sweep: Sweep) -> str:
    counts = ", ".join(f"{count} {state}" for state, count in sweep.counts.items() if count)
    return f"Trials: {counts}." if counts else ""


def _best(sweep: Sweep) -> str:
    if sweep.best_point is not None:
        return f"Best `{sweep.metric}`: {sweep.best_point.value:.6g} (point {sweep.best_point.number})."
    if sweep.best is None or sweep.best.objective is None:
        return ""
    return f"Best `{sweep.metric}`: {sweep.best.objective:.6g} (trial {sweep.best.number})."
