"""Turns the arguments of `init` and `SweepLogger` into the options of a run, those of W&B included."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping
from typing import Any, get_args

from lightning_sweeps.core.names import checked_name
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.records import LoggerMode
from lightning_sweeps.sdk.arguments import choice_argument, config_argument, tags_argument, text_argument
from lightning_sweeps.sdk.run_info import RunOptions

logger = logging.getLogger("lightning_sweeps")

MODES: tuple[LoggerMode, ...] = get_args(LoggerMode)
WANDB_MODES = ("online", "offline", "disabled")
"""W&B's modes, which are accepted in place of `MODES`: they say what becomes of the rows."""

IGNORED = {
    "entity": "a server has no entities; its API keys say who may do what",
    "dir": "set LIGHTNING_SWEEPS_HOME to the folder",
    "save_dir": "set LIGHTNING_SWEEPS_HOME to the folder",
    "settings": "settings are the environment variables LIGHTNING_SWEEPS_*",
    "anonymous": "there are no accounts",
    "allow_val_change": "a value may always be changed",
    "force": "there are no accounts",
    "tensorboard": "import its files with `lightning-sweeps import`",
    "sync_tensorboard": "import its files with `lightning-sweeps import`",
    "monitor_gym": "log videos with `log_video`",
    "magic": "log what you need",
    "config_exclude_keys": "leave the keys out of `config`",
    "config_include_keys": "put only these keys into `config`",
    "fork_from": "log the values of the other run again, or use `resume`",
    "resume_from": "use `resume`",
    "experiment": "a logger opens its own run",
    "checkpoint_name": "the artifact is named `model-<run id>`",
    "add_file_policy": "files are stored when they are logged",
    "tracking_uri": "set LIGHTNING_SWEEPS_URL to the address of the server",
    "artifact_location": "files are stored by the server",
    "default_hp_metric": "a run needs no metric",
    "log_graph": "graphs are not stored",
    "sub_dir": "a run has its own folder",
}
"""Arguments of other loggers that have no counterpart, with what to do instead."""

RENAMED = {"experiment_name": "project", "run_name": "name", "run_id": "id", "version": "id", "type": "job_type"}
"""Arguments of other loggers that have another name here."""


def make_options(
    *,
    project: Any = None,
    name: Any = None,
    group: Any = None,
    config: Any = None,
    tags: Any = None,
    notes: Any = None,
    job_type: Any = None,
    mode: Any,
    run_id: Any = None,
) -> RunOptions:
    """Return the options of a run.

    Raises:
        UsageError: an argument has a type or a value that is not allowed.
    """
    is_wandb_mode = isinstance(mode, str) and mode in WANDB_MODES
    return RunOptions(
        project=_name(project, "project"),
        name=text_argument("name", name) or None,
        group=text_argument("group", group) or None,
        mode="grouped" if is_wandb_mode else choice_argument("mode", mode, MODES, hints=_MODE_HINTS),
        config=config_argument(config),
        tags=None if tags is None else tags_argument(tags),
        notes=None if notes is None else text_argument("notes", notes),
        job_type=text_argument("job_type", job_type),
        run_id=_name(run_id, "id"),
        is_offline=mode == "offline" if is_wandb_mode else None,
        is_disabled=mode == "disabled" if is_wandb_mode else None,
    )


def accept_others(others: Mapping[str, Any], *, allowed: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the arguments of other loggers that have another name here, under that name.

    Arguments without a counterpart are ignored, and one line says what to do instead.

    Args:
        others: the arguments that the function does not have.
        allowed: the arguments that it has.

    Raises:
        UsageError: no logger has such an argument.
    """
    renamed: dict[str, Any] = {}
    for name, value in others.items():
        if name in RENAMED and RENAMED[name] in allowed:
            renamed[RENAMED[name]] = value
        elif name not in IGNORED:
            similar = difflib.get_close_matches(name, [*allowed, *RENAMED], 3)
            hint = f"similar arguments: {', '.join(similar)}" if similar else None
            raise UsageError(f"`{name}` is no argument, allowed: {', '.join(allowed)}", hint=hint)
        elif value is not None and value is not False:
            logger.warning("`%s` is ignored: %s", name, IGNORED[name])
    return renamed


def _name(value: Any, what: str) -> str | None:
    found = text_argument(what, value)
    return checked_name(found, what=what) if found else None


_MODE_HINTS = {"dryrun": "use `offline`", "shared_mode": "use `shared`"}
