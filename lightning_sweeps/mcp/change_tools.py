"""The tools that change sweeps. A server offers them only with `--allow-changes`."""

from __future__ import annotations

from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.api.sweep_control import SweepControl
from lightning_sweeps.api.sweeps import sweep
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.mcp.answers import plain, sweep_line

Answer = dict[str, Any]


def create_sweep(config: dict[str, Any], project: str | None = None, name: str | None = None) -> Answer:
    """Create a sweep. Its trials run when somebody starts agents: `lightning-sweeps agent SWEEP_ID` on each machine.

    Args:
        config: content of a sweep file: `program` or `command`, `method`, `metric` (name and goal), `parameters`,
            `run_cap`.
        project: the project.
        name: a name.
    """
    return {"sweep_id": sweep(config, project=project, name=name)}


def pause_sweep(sweep_id: str) -> Answer:
    """Start no more trials of a sweep until it is resumed. Running trials continue."""
    return _line(SweepControl(last_part(sweep_id)).pause())


def resume_sweep(sweep_id: str) -> Answer:
    """Start trials of a sweep again, after a pause or after its end if something is left to do."""
    return _line(SweepControl(last_part(sweep_id)).resume())


def stop_sweep(sweep_id: str, kill_trials: bool = False) -> Answer:
    """End a sweep. Running trials continue, or end too with `kill_trials`."""
    control = SweepControl(last_part(sweep_id))
    return _line(control.cancel() if kill_trials else control.stop())


CHANGE_TOOLS = (create_sweep, pause_sweep, resume_sweep, stop_sweep)


def _line(changed: m.Sweep) -> Answer:
    return plain(sweep_line(changed))
