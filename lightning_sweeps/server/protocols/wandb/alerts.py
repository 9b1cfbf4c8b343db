"""Takes the alerts that programs send by `wandb.alert`: they become lines of the run's console."""

from __future__ import annotations

from typing import Any

from lightning_sweeps.journal import records
from lightning_sweeps.server.protocols.wandb import run_journals, runs
from lightning_sweeps.server.protocols.wandb.caller import Caller


def notify(_: object, caller: Caller, *, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002  its name in requests
    """Add an alert to the console of its run.

    Raises:
        NotFound: there is no such run.
    """
    caller.check_writes()
    of_project = caller.project(input["entity_name"], input["project_name"])
    known = runs.require_run(caller, of_project, input["run_name"])
    line = f"alert ({input.get('severity') or 'INFO'}): {input['title']}: {input['text']}"
    note = records.Text(0, caller.store.now(), "stderr", line)
    run_journals.store_notes(caller, runs.attempt_of(known), [note])
    return {"success": True}
