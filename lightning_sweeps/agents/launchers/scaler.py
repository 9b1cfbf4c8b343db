"""Keeps as many jobs as a sweep has trials to run, until the sweep is over."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from lightning_sweeps.agents.launchers.base import Job, Launcher, LaunchSpec
from lightning_sweeps.agents.launchers.overview import revoke_keys
from lightning_sweeps.agents.launchers.scaling import OVER, Demand, Scale, decide
from lightning_sweeps.agents.launchers.submissions import Submission
from lightning_sweeps.agents.launchers.submit import submit
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import LaunchError
from lightning_sweeps.messages import OPEN_TRIAL_STATES, Sweep

POLL_S = 2.0
"""How often the scheduler and the server are asked."""

IDLE_S = 60.0
"""After this time without a trial, an agent of a scaled job ends, and the job with it."""

LOG_LINES = 5
MOST_FAILURES = 3
"""After this many jobs that ended without any agent, something is wrong with all of them."""


@dataclass(slots=True)
class Scaler:
    """Submits and cancels the jobs of a sweep.

    Attributes:
        name: the launcher's name.
        launcher: the launcher.
        given: the options that it was made with.
        spec: what each job runs.
        scale: the smallest and the largest number of jobs.
        client: a client of the server.
        total_of: returns how many trials a sweep will have; None if nobody knows.
        say: prints a line.
    """

    name: str
    launcher: Launcher[Any]
    given: Mapping[str, Sequence[str]]
    spec: LaunchSpec
    scale: Scale
    client: Client
    total_of: Callable[[Sweep], int | None]
    say: Callable[[str], None]
    submissions: list[Submission] = field(default_factory=list)
    _must_end: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Keep the jobs until the sweep is over and they have ended. A signal cancels them all.

        Raises:
            LaunchError: the scheduler rejects jobs, or they all fail.
        """
        if self.spec.options.idle_timeout is None:
            self.spec = replace(self.spec, options=replace(self.spec.options, idle_timeout=IDLE_S))
        with self._signals():
            try:
                while not self._must_end.wait(POLL_S if self.submissions else 0):
                    if self._step():
                        return
            finally:
                self._end()

    def _step(self) -> bool:
        """Bring the number of jobs to what the sweep needs; return whether the sweep and all jobs are over."""
        sweep, jobs = self.client.sweep(self.spec.sweep_id), self._jobs()
        agents = self.client.agents(sweep.id)
        idle = sum(agent.state == "idle" for agent in agents)
        change = decide(
            self.scale, Demand(sweep.state, self._open_trials(sweep), idle, self.spec.options.slots or 1), jobs
        )
        if sweep.state in OVER and not any(job.is_active for job in jobs):
            return True
        ended = [job for job in jobs if not job.is_active]
        if len(ended) >= MOST_FAILURES and not agents:
            raise LaunchError(f"{len(ended)} jobs ended before an agent started: {self._why(ended[-1])}")
        if change.submit:
            self._submit(change.submit, sweep)
        if change.cancel:
            self.launcher.cancel(change.cancel)
            self.say(f"Cancelled {', '.join(change.cancel)}: fewer trials are left")
        return False

    def _submit(self, count: int, sweep: Sweep) -> None:
        spec = replace(self.spec, jobs=count)
        made = submit(self.name, self.launcher, self.given, spec, client=self.client, sweep=sweep)
        self.submissions.append(made)
        self.say(f"Submitted {', '.join(made.jobs)}")

    def _open_trials(self, sweep: Sweep) -> int | None:
        """Return how many trials run or are still to run."""
        is_open = sum(count for state, count in sweep.counts.items() if state in OPEN_TRIAL_STATES)
        total = self.total_of(sweep)
        if total is None:
            return None
        ended = sum(sweep.counts.values()) - is_open - sweep.counts.get("lost", 0)
        return max(is_open, total - ended)

    def _jobs(self) -> list[Job]:
        ids = [job for submission in self.submissions for job in submission.jobs]
        return self.launcher.jobs(ids) if ids else []

    def _why(self, job: Job) -> str:
        lines = self.launcher.logs(job.id).strip().splitlines()
        return "\n".join(lines[-LOG_LINES:]) or job.reason or f"job {job.id} printed nothing"

    def _end(self) -> None:
        """Cancel what is left, wait for its end, and revoke the keys."""
        left = [job.id for job in self._jobs() if job.is_active]
        if left:
            self.launcher.cancel(left)
            self.say(f"Cancelled {', '.join(left)}")
        pause = threading.Event()
        while any(job.is_active for job in self._jobs()):
            pause.wait(POLL_S)
        revoke_keys(self.client, Home(self.launcher.settings.home), self.submissions)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, lambda *_: self._must_end.set()) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)
