"""Reads the trial of the sweep from the file that the agent names in the environment."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from lightning_sweeps.core.handover import TrialFile
from lightning_sweeps.core.paths import TrialFolder
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import SettingError

Trial = TrialFile
"""A trial. `params` is the parameter set, nested as in the sweep file, and the same on every rank of every node."""


def current_trial() -> Trial | None:
    """Return the trial that this process belongs to, or None outside a sweep.

    Reads one small file and uses no network.

    Raises:
        SettingError: `LIGHTNING_SWEEPS_TRIAL` names a file that cannot be read.

    Example:
        >>> trial = lightning_sweeps.current_trial()
        >>> lr = trial.params["lr"] if trial else 1e-3
    """
    return read_trial(read_settings().trial)


def note_that_program_asks_for_stop() -> None:
    """Tell the agent that this program stops by itself. Without this, the agent ends a stopped trial with SIGTERM."""
    path = read_settings().trial
    if path is not None:
        with contextlib.suppress(OSError):  # then the agent ends the trial with SIGTERM
            TrialFolder(path.parent).asks_for_stop.touch()


def read_trial(path: Path | None) -> Trial | None:
    """Return the trial in the file `path`, or None without a path.

    Raises:
        SettingError: the file cannot be read as a trial.
    """
    if path is None:
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=TrialFile)
    except (OSError, msgspec.DecodeError) as error:
        raise SettingError(
            f"`LIGHTNING_SWEEPS_TRIAL` names `{path}`, which cannot be read as a trial: {error}",
            hint="only the agent sets this variable; unset it to run outside a sweep",
        ) from error
