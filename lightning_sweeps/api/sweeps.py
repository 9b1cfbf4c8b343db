"""Creates sweeps and returns their best trials, for scripts and notebooks."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning_sweeps.api.wait import DEFAULT_TIMEOUT_S, wait_for_ends, warn
from lightning_sweeps.client.connection import connect
from lightning_sweeps.client.up_to_date import connect_up_to_date
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.messages import SweepCreate, Trial
from lightning_sweeps.sweeps.config import ParsedSweep, load_sweep_file, validate


def sweep(
    config: Mapping[str, Any] | str | Path,
    *,
    project: str | None = None,
    name: str | None = None,
    prior_sweeps: Sequence[str] = (),
    prior_runs: Sequence[str] = (),
) -> str:
    """Create a sweep.

    Warnings about the configuration are printed to stderr.

    Args:
        config: The content of a sweep file as a dictionary, or the path of a sweep file. The dictionary may contain
            tuples, ranges, and numpy's scalars and arrays.
        project: Project name. Overrides the configuration; default: the project of the settings.
        name: Name of the sweep. Overrides the configuration.
        prior_sweeps: Ids of sweeps. The search starts with the results of their trials.
        prior_runs: Ids of runs. The search starts with their results.

    Returns:
        The id of the sweep, for `lightning_sweeps.agent(sweep_id, function)` and `lightning-sweeps agent SWEEP_ID`.

    Raises:
        SweepFileError: the configuration has faults. The message lists all of them, and nothing was created.
        ServerError: the server cannot be reached, or it rejected the sweep.

    Example:
        >>> import lightning_sweeps as ls
        >>> sweep_id = ls.sweep(
        ...     {
        ...         "method": "bayes",
        ...         "metric": {"name": "val/loss", "goal": "minimize"},
        ...         "parameters": {"lr": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1}},
        ...     },
        ...     project="digits",
        ... )  # doctest: +SKIP
    """
    parsed, source = read_sweep(config)
    wanted = SweepCreate(
        parsed.raw,
        source=source,
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


def read_sweep(config: Mapping[str, Any] | str | Path) -> tuple[ParsedSweep, str]:
    """Return a checked configuration, and the text of its file; an empty text if it is a dictionary.

    Raises:
        UsageError: the file cannot be read.
        SweepFileError: the configuration has errors; all of them are listed.
    """
    if isinstance(config, str | Path):
        return load_sweep_file(config), Path(config).read_text()
    return validate(config), ""


def best(sweep_id: str) -> Trial | None:
    """Return the best trial of a sweep so far.

    This waits for the values of trials that have ended, see `wait`.

    Args:
        sweep_id: Id of the sweep.

    Returns:
        The trial with the best value of the sweep's metric, or None if no trial has a value yet.

    Raises:
        NotFound: there is no such sweep.
        WaitFailed: the values of a trial that has ended are not there.
        ServerError: the server cannot be reached.

    Example:
        >>> import lightning_sweeps as ls
        >>> trial = ls.best("1a2b3c4d5e")  # doctest: +SKIP
        >>> trial.objective, trial.params  # doctest: +SKIP
        (0.031, {'lr': 0.0021})
    """
    with connect_up_to_date(warn) as client:
        return wait_for_ends(client, sweep_id, timeout_s=DEFAULT_TIMEOUT_S).best
