"""Waits until the server has what was logged, so that what a script reads next is complete."""

from __future__ import annotations

import time
import warnings
from typing import Protocol

from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.client.up_to_date import catch_up
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.errors import NotFound, WaitFailed
from lightning_sweeps.messages import RunDetails, Sweep

DEFAULT_TIMEOUT_S = 120.0
"""Longer than the server waits for the values of a trial that has ended."""
LOOK_INTERVAL_S = 0.02


class HasId(Protocol):
    """A run, a sweep, or anything else with the id of one."""

    @property
    def id(self) -> str: ...


def wait(sweep_or_run: str | HasId, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> Sweep | RunDetails:
    """Wait until the server has what was logged to a sweep or a run until now.

    This waits for what programs on this machine have logged, and, for a sweep, for the values of all trials that have
    ended. It does not wait for running trials.

    Args:
        sweep_or_run: Id of a sweep or a run, or an object with such an `id`, for example the run of `init`.
        timeout_s: How long to wait at most, in seconds.

    Returns:
        The sweep or the run, as the server has it then.

    Raises:
        WaitFailed: something is still missing. The message says what and why.
        NotFound: the server has no sweep and no run with this id.
        ServerError: the server cannot be reached.

    Example:
        >>> import lightning_sweeps as ls
        >>> ls.wait("1a2b3c4d5e", timeout_s=30)  # doctest: +SKIP
    """
    given = sweep_or_run if isinstance(sweep_or_run, str) else sweep_or_run.id
    deadline = time.monotonic() + timeout_s
    with connect() as client:
        missing = catch_up(timeout_s=timeout_s)
        if missing.sizes:
            raise WaitFailed(str(missing), hint="`service.log` in the home folder has the details")
        try:
            return wait_for_ends(client, given, timeout_s=deadline - time.monotonic())
        except NotFound:
            return client.run(given)


def wait_for_ends(client: Client, sweep_id: str, *, timeout_s: float) -> Sweep:
    """Wait until no trial of a sweep is `ending`, and return the sweep.

    Raises:
        WaitFailed: the values of a trial that has ended are still on their way.
        NotFound: there is no such sweep.
    """
    sweep_id = last_part(sweep_id)
    deadline = time.monotonic() + timeout_s
    while (sweep := client.sweep(sweep_id)).counts.get("ending"):
        if time.monotonic() >= deadline:
            numbers = [f"{trial.number}" for trial in client.trials(sweep_id) if trial.state == "ending"]
            raise WaitFailed(
                f"the last values of trial {', '.join(numbers)} of sweep `{sweep_id}` have not arrived",
                hint="look at `service.log` on the machine that ran it",
            )
        time.sleep(LOOK_INTERVAL_S)
    return sweep


def warn(text: str) -> None:
    """Warn that what the caller gets is not complete."""
    warnings.warn(text, stacklevel=4)
