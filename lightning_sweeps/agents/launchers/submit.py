"""Submits jobs: checks the server first, makes an API key for the jobs, and notes what was submitted."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lightning_sweeps.agents.launchers.base import Launcher, LaunchSpec
from lightning_sweeps.agents.launchers.submissions import Submission, save_submission
from lightning_sweeps.client import Client
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment, replace_environment, set_variable
from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.messages import KeyCreate, Sweep

KEY_LIFE_S = 30 * 86_400.0
"""How long the API key of jobs lives if nobody revokes it. Jobs that are queued again at their time limit need it."""

NOT_ALLOWED = 403


@dataclass(frozen=True, slots=True)
class JobKey:
    """An API key for jobs. Without a name it is the user's own."""

    name: str = ""
    key: str = ""


def submit(
    name: str,
    launcher: Launcher[Any],
    given: Mapping[str, Sequence[str]],
    spec: LaunchSpec,
    *,
    client: Client,
    sweep: Sweep,
) -> Submission:
    """Submit jobs and return what was submitted. If the scheduler rejects them, their API key is revoked.

    Args:
        name: the launcher's name.
        launcher: the launcher.
        given: the options that it was made with.
        spec: what to launch.
        client: a client of the server. That it has answered is the check of the server.
        sweep: the sweep, which limits the key to its project.

    Raises:
        UsageError, LaunchError: the jobs cannot run, or the scheduler rejects them.
    """
    launcher.check(spec)
    submission_id = new_id()
    key = make_job_key(client, sweep, submission_id) if launcher.settings.url else JobKey()
    try:
        with _in_environment(key, launcher.settings.url):
            jobs = launcher.submit(spec)
    except BaseException:
        if key.name:
            client.revoke_key(key.name)
        raise
    options = {option: list(texts) for option, texts in given.items()}
    submission = Submission(submission_id, name, options, sweep.id, launcher.settings.url, jobs, key.name, time.time())
    save_submission(Home(launcher.settings.home), submission)
    return submission


def make_job_key(client: Client, sweep: Sweep, submission_id: str) -> JobKey:
    """Return a new API key for jobs: it can write, in the sweep's project only, and expires.

    Only a key with the role `admin` can make keys. Without it, the jobs use the user's own key.
    """
    name = f"jobs {submission_id} of sweep {sweep.id}"
    try:
        made = client.create_key(KeyCreate(name, "write", KEY_LIFE_S, [sweep.project]))
    except ServerRefused as error:
        if error.status != NOT_ALLOWED:
            raise
        return JobKey()
    return JobKey(name, made.key)


@contextmanager
def _in_environment(key: JobKey, url: str) -> Iterator[None]:
    """Put the key into this process's environment, which launchers give to their jobs."""
    before = environment()
    if key.name:
        set_variable("API_KEY", key.key)
        set_variable("URL", url)
    try:
        yield
    finally:
        replace_environment(before)
