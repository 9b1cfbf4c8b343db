"""What became of submitted jobs: their states at the scheduler, put together with the agents that the server knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from lightning_sweeps.agents.launchers.base import Job, JobState
from lightning_sweeps.agents.launchers.registry import make_launcher
from lightning_sweeps.agents.launchers.submissions import Submission, forget_key
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import NotFound, ServerRefused
from lightning_sweeps.messages import Agent

AgentJobState = Literal["queued", "starting", "running", "ended"]
"""`starting`: the scheduler runs the job, and no agent has registered yet."""

NOT_ALLOWED = 403

ENDED_AS: dict[JobState, str] = {"finished": "", "failed": "failed", "cancelled": "cancelled", "unknown": ""}
"""What a job's row says about its end if the scheduler gives no reason."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job with agents.

    Attributes:
        id: id of the job at the scheduler.
        launcher: name of the launcher.
        sweep: the sweep.
        state: `queued`, `starting`, `running` or `ended`.
        host: name of its machine; empty if it does not run.
        agents: number of its agents that the server knows.
        reason: why it waits or how it ended.
        submitted: seconds since the epoch.
    """

    id: str
    launcher: str
    sweep: str
    state: AgentJobState
    host: str
    agents: int
    reason: str
    submitted: float


def look_at(submission: Submission, jobs: Iterable[Job], agents: Sequence[Agent]) -> list[JobRow]:
    """Return the jobs of a submission with what the server knows of their agents.

    A job's agents are those of its sweep that registered on its machine after it was submitted.
    """
    return [_row(submission, job, agents) for job in jobs]


def ask(submission: Submission, settings: Settings) -> list[Job]:
    """Return the jobs of a submission from its scheduler.

    Raises:
        LaunchError: the scheduler does not answer.
    """
    return make_launcher(submission.launcher, submission.options, settings).jobs(submission.jobs)


def revoke_keys(client: Client, home: Home, ended: Iterable[Submission]) -> None:
    """Revoke the API keys of submissions whose jobs have ended, unless their last rows are still on their way.

    A key that this user may not revoke stays until it expires.
    """
    for submission in ended:
        if submission.key and not _has_rows_on_their_way(client, submission.sweep):
            try:
                client.revoke_key(submission.key)
            except NotFound:  # somebody revoked it, or it has expired
                pass
            except ServerRefused as error:
                if error.status != NOT_ALLOWED:
                    raise
            forget_key(home, submission)


def _has_rows_on_their_way(client: Client, sweep: str) -> bool:
    try:
        return bool(client.sweep(sweep).counts.get("ending"))
    except NotFound:  # the sweep was deleted
        return False


def _row(submission: Submission, job: Job, agents: Sequence[Agent]) -> JobRow:
    own = [agent for agent in agents if _is_of(agent, job, submission)]
    state: AgentJobState = "ended"
    if job.state == "pending":
        state = "queued"
    elif job.state == "running":
        state = "running" if own else "starting"
    reason = job.reason or ENDED_AS.get(job.state, "")
    return JobRow(
        job.id, submission.launcher, submission.sweep, state, job.host, len(own), reason, submission.submitted
    )


def _is_of(agent: Agent, job: Job, submission: Submission) -> bool:
    is_there = _short(agent.host) == _short(job.host) or not job.host
    return is_there and agent.registered >= submission.submitted and agent.state in ("idle", "working")


def _short(host: str) -> str:
    return host.partition(".")[0].lower()
