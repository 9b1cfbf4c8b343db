"""`lightning_sweeps.sweep(config)` and `lightning_sweeps.best(sweep_id)`: sweeps from scripts and notebooks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.messages import SweepCreate, Trial
from lightning_sweeps.sweeps.config import load_sweep_file, validate


def sweep(
    config: dict[str, Any] | str | Path,
    *,
    project: str | None = None,
    name: str | None = None,
    prior_sweeps: Sequence[str] = (),
    prior_runs: Sequence[str] = (),
) -> str:
    """Create a sweep and return its id, which `agent(sweep_id, function=train)` takes.

    Args:
        config: the sweep file as a map, or the path of one.
        project: stands above the configuration's; default: that of the settings.
        name: stands above the configuration's.
        prior_sweeps: ids of sweeps whose results the search begins with.
        prior_runs: ids of runs likewise.

    Raises:
        SweepFileError: the configuration has faults, all of them named; nothing was created.
        ServerError: the server cannot be reached, or refuses.
    """
    parsed = validate(config) if isinstance(config, dict) else load_sweep_file(str(config))
    wanted = SweepCreate(
        parsed.raw,
        source="" if isinstance(config, dict) else Path(config).read_text(),
        project=project or parsed.config.project or read_settings().project,
        name=name,
        prior_sweeps=list(prior_sweeps),
        prior_runs=list(prior_runs),
    )
    with connect() as client:
        created = client.create_sweep(wanted)
    for warning in created.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return created.id


def best(sweep_id: str) -> Trial | None:
    """Return a sweep's best trial so far, None where no trial has a value.

    Raises:
        NotFound: there is no such sweep.
        ServerError: the server cannot be reached.
    """
    with connect() as client:
        return client.sweep(sweep_id).best
