"""Prepares trials of sweeps with fitted methods for the agents that wait, in a worker process."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections import defaultdict

import msgspec
from fastapi.concurrency import run_in_threadpool

from lightning_sweeps.core.settings import ONE_THREAD, environment
from lightning_sweeps.engine import suggest
from lightning_sweeps.errors import NotFound, SuggestionFailed
from lightning_sweeps.server.process.wakeup import WakeUp
from lightning_sweeps.store import clock
from lightning_sweeps.store.database import Store
from lightning_sweeps.sweeps.fit import FitAnswer, FitRequest

MAX_ANSWER_BYTES = 64 * 1024 * 1024
END_S = 2.0
"""How long the worker may take to end."""
RETRY_S = 5.0
"""Pause before a failed fit is tried again."""
ANSWER_S = 600.0
"""How long a method may take for one suggestion. The worker is killed then, so a method that hangs is noticed."""

_log = logging.getLogger(__name__)


class SuggestionWorker:
    """The process that runs one fitted method. It starts with the first request, and again if it dies.

    Args:
        answer_s: how long the method may take for one suggestion, in seconds.
    """

    def __init__(self, answer_s: float = ANSWER_S) -> None:
        self._answer_s = answer_s
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def ask(self, request: FitRequest) -> FitAnswer:
        """Return the answer to one request. Requests queue."""
        async with self._turn:
            process = await self.start(request.method)
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("the suggestion worker has no pipes")
            try:
                process.stdin.write(msgspec.json.encode(request) + b"\n")
                await process.stdin.drain()
                line = await asyncio.wait_for(process.stdout.readline(), self._answer_s)
            except asyncio.TimeoutError:
                await self.close()
                return FitAnswer(None, f"the method `{request.method}` gave no suggestion in {self._answer_s:g} s")
            except (ConnectionError, ValueError) as error:
                line, problem = b"", str(error)
            else:
                problem = "its output ended"
            if not line:
                await self.close()
                return FitAnswer(None, f"the suggestion worker died: {problem}")
            return msgspec.json.decode(line, type=FitAnswer)

    async def start(self, method: str) -> asyncio.subprocess.Process:
        """Return the process, started if necessary. A new process imports the libraries of a search method at once."""
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "lightning_sweeps.server.process.suggest_worker",
                method,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=MAX_ANSWER_BYTES,
                env=environment() | ONE_THREAD,
            )
        return self._process

    async def close(self) -> None:
        """Close the process's input, which ends it; kill it after `END_S`."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), END_S)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()


class Suggester:
    """Keeps a trial pending for each waiting agent of a sweep with a fitted method.

    Each sweep has one task at a time, and each method one worker: a method that hangs does not stop the others.
    """

    def __init__(self, store: Store, wake_up: WakeUp) -> None:
        self._store = store
        self._wake_up = wake_up
        self._workers: defaultdict[str, SuggestionWorker] = defaultdict(SuggestionWorker)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._problems: dict[str, str] = {}
        self._fit_s: dict[str, float] = {}
        self._not_waiting: dict[str, float] = {}

    def prepare(self, sweep_id: str, *, asked: float | None = None) -> None:
        """Start to prepare trials of a sweep; return at once.

        Args:
            sweep_id: the sweep.
            asked: when an agent asked that does not wait for the answer but will ask again, in seconds since the epoch.
        """
        if asked is not None:
            self._not_waiting[sweep_id] = asked
        if sweep_id in self._tasks:
            self._again.add(sweep_id)
            return
        task = asyncio.get_running_loop().create_task(self._prepare(sweep_id))
        self._tasks[sweep_id] = task
        task.add_done_callback(lambda _: self._done(sweep_id))

    def problem(self, sweep_id: str) -> str:
        """Return why the sweep has no next trial, or an empty string."""
        return self._problems.get(sweep_id, "")

    def fail(self, sweep_id: str, problem: str) -> None:
        """Remember why the sweep has no next trial. The log says it once."""
        described = f"the search failed and will be tried again: {problem}"
        if self._problems.get(sweep_id) != described:
            _log.error("sweep `%s` has no next trial: %s", sweep_id, problem)
        self._problems[sweep_id] = described

    def succeed(self, sweep_id: str) -> None:
        """Forget the problem of a sweep that has a next trial again."""
        self._problems.pop(sweep_id, None)

    def _done(self, sweep_id: str) -> None:
        task = self._tasks.pop(sweep_id)
        if sweep_id in self._again and not task.cancelled():
            self.prepare(sweep_id)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("preparing trials of sweep `%s` failed", sweep_id, exc_info=error)

    async def _prepare(self, sweep_id: str) -> None:
        while True:
            self._again.discard(sweep_id)
            try:
                result = await run_in_threadpool(self._next, sweep_id, self._asked(sweep_id))
            except SuggestionFailed as failed:
                await self._pause(sweep_id, failed.message)
                continue
            if isinstance(result, suggest.PlannedFit):
                result = await self._fit(sweep_id, result)
            if result:
                self._wake_up.notify(sweep_id)
            elif sweep_id not in self._again:
                return

    async def _fit(self, sweep_id: str, planned: suggest.PlannedFit) -> bool:
        began = time.monotonic()
        fitted = await self._workers[planned.request.method].ask(planned.request)
        self._fit_s[sweep_id] = time.monotonic() - began
        if fitted.error:
            await self._pause(sweep_id, fitted.error)
            return False
        self.succeed(sweep_id)
        added = await run_in_threadpool(self._add, sweep_id, planned.place, fitted)
        self._again.add(sweep_id)
        return added

    async def _pause(self, sweep_id: str, problem: str) -> None:
        """Wait before the failed search is tried again."""
        self.fail(sweep_id, problem)
        await asyncio.sleep(RETRY_S)
        self._again.add(sweep_id)

    def _asked(self, sweep_id: str) -> tuple[float, ...]:
        once = self._not_waiting.pop(sweep_id, None)
        return self._wake_up.asked(sweep_id) + (() if once is None else (once,))

    def fit_s(self, sweep_id: str) -> float:
        """Return how long the sweep's last fit took in this process, in seconds; 0 if there was none."""
        return self._fit_s.get(sweep_id, 0.0)

    def _next(self, sweep_id: str, asked: tuple[float, ...]) -> suggest.PlannedFit | bool:
        try:
            with self._store.write() as connection:
                return suggest.prepare_next(
                    connection, sweep_id, asked=asked, fit_s=self.fit_s(sweep_id), now=clock.now(connection)
                )
        except NotFound:
            return False

    def _add(self, sweep_id: str, place: suggest.Place, fitted: FitAnswer) -> bool:
        with self._store.write() as connection:
            return suggest.add_suggested(connection, sweep_id, place, fitted, now=clock.now(connection))

    async def warm(self, method: str) -> None:
        """Start the worker, so that it has imported the libraries of a search method before the first request."""
        await self._workers[method].start(method)

    async def close(self) -> None:
        """Cancel all tasks and end the workers."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(worker.close() for worker in self._workers.values()))
