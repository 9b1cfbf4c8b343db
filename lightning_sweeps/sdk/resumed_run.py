"""Finds out whether a run with an id that the program chose exists already, and which attempt this process is."""

from __future__ import annotations

import importlib
import logging
import os
from dataclasses import replace
from typing import Any

from lightning_sweeps.core.ids import new_id
from lightning_sweeps.core.paths import Home, make_private_folder, open_in_folder, write_whole
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import LightningSweepsError, UsageError
from lightning_sweeps.sdk.process_info import process_key

logger = logging.getLogger("lightning_sweeps")

RESUME_CHOICES = ("allow", "must", "never", "auto")


def unfinished_run_id(home: Home, project: str, rank: int) -> str:
    """Return the id for `resume="auto"`: that of the last run of this project, or a new one if that has finished."""
    path = home.unfinished(project, rank)
    try:
        known = path.read_text().strip()
    except OSError:
        known = ""
    run_id = known or new_id("r-")
    try:
        write_whole(path, run_id.encode())
    except OSError as error:
        logger.warning("cannot write `%s`, so a later `resume='auto'` does not find this run: %s", path, error)
    return run_id


def forget_unfinished(home: Home, project: str, rank: int, run_id: str) -> None:
    """Forget the run for `resume="auto"`, because it has finished."""
    path = home.unfinished(project, rank)
    try:
        if path.read_text().strip() == run_id:
            path.unlink()
    except OSError:
        return


def find_attempt(home: Home, settings: Settings, run_id: str, resume: str | None) -> int:
    """Return the number of this attempt of a run: how many processes have opened it before.

    This home folder knows its own attempts. With `resume` the server is asked for those of other machines.

    Raises:
        UsageError: `resume` is `must` and there is no such run, or it is `never` and there is one.
    """
    on_server = _attempt_on_server(home, settings, run_id) if resume is not None else None
    known, own = _list_attempts(home, run_id), process_key()
    if own in known:
        return known[own]
    before = max(0 if on_server is None else on_server + 1, *(attempt + 1 for attempt in known.values()), 0)
    if resume == "must" and not before:
        raise UsageError(f"there is no run `{run_id}` to resume", hint="`resume='allow'` starts a run with this id")
    if resume == "never" and before:
        raise UsageError(f"there is a run `{run_id}` already", hint="choose another `id`, or `resume='allow'`")
    _add_attempt(home, run_id, f"{before} {own}")
    return before


def _list_attempts(home: Home, run_id: str) -> dict[str, int]:
    """Return the processes that have opened the run, with the number of their attempt."""
    try:
        lines = home.attempts(run_id).read_text().splitlines()
    except OSError:
        return {}
    pairs = [line.partition(" ") for line in lines]
    return {process: int(attempt) for attempt, _, process in pairs if attempt.isdecimal()}


def _add_attempt(home: Home, run_id: str, line: str) -> None:
    path = home.attempts(run_id)
    try:
        make_private_folder(path.parent)
        _append_line(path, line)
    except OSError as error:
        logger.warning("cannot count the attempts of run `%s`: %s", run_id, error)


def _append_line(path: Any, line: str) -> None:
    descriptor = open_in_folder(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def _attempt_on_server(home: Home, settings: Settings, run_id: str) -> int | None:
    """Return the latest attempt that the server has, or None if it has no such run or does not answer."""
    if settings.mode != "online":
        return None
    try:
        client: Any = importlib.import_module("lightning_sweeps.client.find_run")
        found: int | None = client.find_attempt(replace(settings, home=home.root), run_id)
    except (LightningSweepsError, OSError) as error:
        logger.warning("cannot ask the server for run `%s`: %s", run_id, error)
        return None
    return found
