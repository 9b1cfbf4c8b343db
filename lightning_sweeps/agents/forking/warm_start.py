"""Manages an agent's fork server: starts it, forks trials from it, and replaces it when it is out of date."""

from __future__ import annotations

import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from lightning_sweeps.agents.forking.process_title import PLACEHOLDER
from lightning_sweeps.agents.forking.protocol import Launch, Launched, Ready, receive, send
from lightning_sweeps.agents.launch.command import nodes_of
from lightning_sweeps.agents.launch.parent import tied_to_this_process
from lightning_sweeps.core.signals import signal_name
from lightning_sweeps.errors import LaunchError
from lightning_sweeps.system.process_tree import TRIAL_VARIABLE

LONGEST_IMPORT_S = 300.0
ANSWER_S = 10.0
TRIALS_PER_SERVER = 1000
"""A new fork server starts after this many trials, as a guard against leaks in a long-lived process."""

FORK_SERVER = Path(__file__).with_name("fork_server.py")
CLOCK_STEP_NS = 10_000_000
"""File systems take times from a clock that moves in steps of up to 10 ms."""

LOCK_FILES = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "requirements.txt")
TITLE_PADDING = " " * 1024

Times = dict[str, int]


@dataclass(slots=True)
class WarmStart:
    """One agent's fork server.

    Attributes:
        environment: environment of trials, without `LIGHTNING_SWEEPS_TRIAL`.
        working_folder: where trials run.
        program: path of the trials' Python file.
        modules: the sweep file's `preload`.
        say: prints one line for the user.
        problem: why trials start cold; empty if they start warm.
    """

    environment: Mapping[str, str]
    working_folder: Path
    program: str
    modules: Sequence[str]
    say: Callable[[str], None]
    problem: str = ""
    _process: subprocess.Popen[bytes] | None = None
    _channel: socket.socket | None = None
    _is_ready: bool = False
    _deadline: float = 0.0
    _trials: int = 0
    _times: Times = field(default_factory=dict)

    def prepare(self) -> None:
        """Start the fork server if there is none or if it is out of date. Does not wait for its imports."""
        if self.problem or (self._process is not None and not self._is_out_of_date()):
            return
        self.close()
        ours, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    str(FORK_SERVER),  # not as a module: Python would search the working folder for its first imports
                    str(its.fileno()),
                    str((self.working_folder / self.program).resolve()),
                    " ".join(self.modules),
                    TITLE_PADDING,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self.working_folder,
                env={**self.environment, TRIAL_VARIABLE: PLACEHOLDER},
                pass_fds=[its.fileno()],
                start_new_session=True,
                preexec_fn=tied_to_this_process(signal.SIGKILL),  # noqa: PLW1509 - the agent has one thread
            )
        self._channel = ours
        self._deadline = time.monotonic() + LONGEST_IMPORT_S

    def is_settled(self, limit_s: float) -> bool:
        """Wait at most `limit_s` seconds for the imports; return whether they have ended or failed."""
        if self.problem or self._is_ready or self._channel is None:
            return True
        if not select.select([self._channel], [], [], limit_s)[0]:
            if time.monotonic() > self._deadline:
                self._give_up(f"the imports took more than {LONGEST_IMPORT_S:g} s")
            return bool(self.problem)
        ready = receive(self._channel, Ready)
        if ready is None or ready.problem:
            self._give_up(self._describe_end() if ready is None else ready.problem)
        else:
            self._is_ready = True
            files = [*ready.files, *(str(self.working_folder / name) for name in LOCK_FILES)]
            self._times = import_times(files, began_ns=ready.began_ns, now_ns=time.time_ns())
        return True

    def start(self, launch: Launch) -> int:
        """Start a trial; return the pid of its first process, which becomes a child of this process.

        Raises:
            LaunchError: the fork server cannot start it, and trials start cold from now on.
        """
        channel = self._channel
        if not self._is_ready or channel is None:
            raise LaunchError(f"warm start is off: {self.problem}")
        try:
            channel.settimeout(ANSWER_S)
            send(channel, launch)
            launched = receive(channel, Launched)
        except (OSError, UnicodeEncodeError, msgspec.DecodeError) as error:
            launched = Launched(0, f"the fork server does not answer: {error}")
        if launched is None or not launched.pid:
            self._give_up(self._describe_end() if launched is None else launched.problem)
            raise LaunchError(f"warm start is off: {self.problem}")
        self._trials += 1
        return launched.pid

    def close(self) -> None:
        """End the fork server. Running trials continue."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process, self._channel = None, None
        self._is_ready, self._trials = False, 0

    def _is_out_of_date(self) -> bool:
        if not self._is_ready:
            return False
        reason = ""
        if self._trials >= TRIALS_PER_SERVER:
            reason = f"{self._trials} trials have started from it"
        elif changed := changed_files(self._times):
            reason = f"`{changed[0]}` has changed"
        if reason:
            self.say(f"restarting the fork server: {reason}")
        return bool(reason)

    def _describe_end(self) -> str:
        """Return how the fork server ended after it closed its socket."""
        if self._process is None:
            return "the fork server has ended"
        try:
            status = self._process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            return "the fork server does not answer"
        how = f"killed by {signal_name(-status)}" if status < 0 else f"exit status {status}"
        return f"the fork server has ended: {how}"

    def _give_up(self, problem: str) -> None:
        self.close()
        self.problem = problem
        self.say(f"trials start cold, each with its own imports: {problem}")


def cold_start_reason(config: Mapping[str, object], program: str, *, is_subreaper: bool) -> str:
    """Return why trials cannot be forked, or an empty string.

    Args:
        config: the sweep file; trials must run on one node.
        program: the program if the sweep only runs one program with arguments, otherwise empty.
        is_subreaper: whether this process adopts orphans, which forks require.
    """
    if not program:
        return "the sweep's `command` does more than run `${program}` with arguments"
    if not program.endswith(".py"):
        return f"the program `{program}` is not a `.py` file"
    if nodes_of(config) > 1:
        return "a trial runs on several machines"
    return "" if is_subreaper and sys.platform == "linux" else "this system cannot pass a forked process to the agent"


def modification_times(paths: Sequence[str]) -> Times:
    """Return each file's modification time in nanoseconds; 0 for a file that does not exist."""
    return {path: _modified(path) for path in paths}


def import_times(paths: Sequence[str], *, began_ns: int, now_ns: int) -> Times:
    """Return each file's modification time; 0 for a file that was written while it was imported, which is out of date.

    Args:
        paths: the files.
        began_ns: when the imports began, in nanoseconds since the epoch.
        now_ns: the time now. A later modification time is from another clock.
    """
    times = modification_times(paths)
    began_ns -= CLOCK_STEP_NS
    return {path: 0 if began_ns <= time_ns <= now_ns else time_ns for path, time_ns in times.items()}


def changed_files(times: Times) -> list[str]:
    """Return the files that have changed since `times` were read."""
    return [path for path, time_ns in times.items() if _modified(path) != time_ns]


def _modified(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0
