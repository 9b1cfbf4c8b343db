"""`lightning-sweeps agents`: lists agents that were submitted as jobs, shows their output, or cancels them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import typer

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.errors import LightningSweepsError, NotFound, UsageError

if not is_help_only():
    from lightning_sweeps.agents.launchers.base import Job, Launcher
    from lightning_sweeps.agents.launchers.overview import JobRow, ask, look_at, revoke_keys
    from lightning_sweeps.agents.launchers.registry import make_launcher
    from lightning_sweeps.agents.launchers.submissions import Submission, forget_submission, read_submissions
    from lightning_sweeps.cli.tables import Column, console, duration, note, print_json, state, table
    from lightning_sweeps.client import Client
    from lightning_sweeps.client.connection import connect
    from lightning_sweeps.core.paths import Home
    from lightning_sweeps.core.settings import Settings, read_settings

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

COLUMNS: list[Column] = ["job", "launcher", "sweep", "state", "host", ("agents", "right"), "submitted", "why"]
ALL = "all"
CANCEL = typer.Option(
    [], "--cancel", metavar="JOB", help="Cancel this job, or `all`; may be repeated. Trials return to the sweep."
)


@app.command()
def agents(
    sweep: str | None = typer.Argument(
        None,
        metavar="[SWEEP_ID]",
        parser=last_part,
        autocompletion=suggestions.sweeps,
        help="Id of a sweep (default: all sweeps).",
    ),
    logs: str | None = typer.Option(None, "--logs", metavar="JOB", help="Print what this job has printed."),
    cancel: list[str] = CANCEL,
    as_json: bool = AS_JSON,
) -> None:
    """List the jobs that `agent --on` submitted from this home folder: queued, starting, running or ended, and why.

    The API keys of jobs that have ended are revoked. Ended jobs are listed for as long as `LIGHTNING_SWEEPS_KEEP` says.
    """
    settings = read_settings()
    home = Home(settings.home)
    submissions = list(read_submissions(home, url=settings.url, sweep=sweep))
    if logs is not None:
        submission = _of_job(submissions, logs)
        typer.echo(_launcher(submission, settings).logs(logs), nl=False)
        return
    for submission, jobs in _chosen(submissions, cancel):
        _launcher(submission, settings).cancel(jobs)
    with connect(settings=settings) as client:
        rows = [row for submission in submissions for row in _rows(submission, client, settings)]
    if as_json:
        print_json([asdict(row) for row in rows])
    elif rows:
        console().print(table(COLUMNS, [_cells(row) for row in rows]))
    else:
        typer.echo("No jobs. `lightning-sweeps agent SWEEP_ID --on NAME` submits agents as jobs.")


def _rows(submission: Submission, client: Client, settings: Settings) -> list[JobRow]:
    """Return the rows of a submission, and clean up after one whose jobs have all ended."""
    try:
        jobs = ask(submission, settings)
    except LightningSweepsError as error:
        note(f"the jobs {', '.join(submission.jobs)} are not known: {error.message}")
        jobs = [Job(job, "unknown", reason="the scheduler does not answer") for job in submission.jobs]
    else:
        if not any(job.is_active for job in jobs):
            _clean_up(submission, client, settings)
    try:
        known = client.agents(submission.sweep)
    except NotFound:  # the sweep was deleted
        known = []
    return look_at(submission, jobs, known)


def _clean_up(submission: Submission, client: Client, settings: Settings) -> None:
    home = Home(settings.home)
    revoke_keys(client, home, [submission])
    if settings.keep is not None and submission.submitted + settings.keep < time.time():
        forget_submission(home, submission)


def _chosen(submissions: list[Submission], jobs: list[str]) -> Iterator[tuple[Submission, list[str]]]:
    """Yield the submissions with the jobs to cancel.

    Raises:
        UsageError: there is no such job.
    """
    if ALL in jobs:
        yield from ((submission, submission.jobs) for submission in submissions)
        return
    for job in jobs:
        yield _of_job(submissions, job), [job]


def _of_job(submissions: list[Submission], job: str) -> Submission:
    for submission in reversed(submissions):
        if job in submission.jobs:
            return submission
    raise UsageError(f"no job `{job}` was submitted from here", hint="`lightning-sweeps agents` lists the jobs")


def _launcher(submission: Submission, settings: Settings) -> Launcher[Any]:
    return make_launcher(submission.launcher, submission.options, settings)


def _cells(row: JobRow) -> list[object]:
    ago = f"{duration(row.submitted, None)} ago"
    return [row.id, row.launcher, row.sweep, state(row.state), row.host or "-", row.agents or "-", ago, row.reason]
