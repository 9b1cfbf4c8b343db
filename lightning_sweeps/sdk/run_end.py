"""Ends a run: with `finish`, at the end of a `with` block, or when the interpreter exits."""

from __future__ import annotations

import logging
import math
from typing import Any, Literal, cast

from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.core.states import FINAL_RUN_STATES
from lightning_sweeps.journal.closing import short_reason
from lightning_sweeps.journal.conform import text, whole_number
from lightning_sweeps.journal.records import Finish, RunState
from lightning_sweeps.sdk.error_text import end_of
from lightning_sweeps.sdk.resumed_run import forget_unfinished
from lightning_sweeps.sdk.run_console import RunConsole
from lightning_sweeps.system.uploads import wait_until_uploaded

logger = logging.getLogger("lightning_sweeps")


class RunEnd(RunConsole):
    """The part of `Run` that ends it."""

    _expected_end: tuple[RunState, str] | None
    _is_remembered = False
    """Whether `init(resume="auto")` opened the run: the next one continues it unless it has finished."""

    def remember(self) -> None:
        """Let the next `init(resume="auto")` continue this run unless it has finished."""
        self._is_remembered = True

    def finish(
        self,
        state: RunState | int = "finished",
        *,
        reason: str = "",
        exit_code: int | None = None,
        timeout_s: float | None = None,
        quiet: bool | None = None,
    ) -> None:
        """End the run. The service uploads what is left. Logging again reopens the run. Never raises.

        Args:
            state: the final state: `finished`, `failed`, `killed`, `stopped` or `preempted`. A number is the exit
                status: 0 is `finished`, any other `failed`.
            reason: why the run ended, for people.
            exit_code: the exit status of the program. Without `state`, other values than 0 are `failed`.
            timeout_s: seconds to wait until the server has everything. Default: return at once.
            quiet: True: do not print the values of the run.
        """
        if self._writer is None or self._finished:
            self._finished = True
            return
        code, is_quiet = self._exit_code(exit_code), self._flag("quiet", quiet)
        self._close(self._final_state(state, code), self._reason(reason), code, "run", is_quiet=is_quiet)
        if timeout_s is not None:
            missing = wait_until_uploaded(
                self._home, read_settings(), timeout_s=self._seconds(timeout_s), journals=[self._writer.path]
            )
            if missing.sizes:
                logger.warning("run %s: %s; they stay in the journal until they are uploaded", self._info.id, missing)

    def expect_end(self, state: RunState | None, reason: str) -> None:
        """Set the final state to use if the process exits without calling `finish`. None resets it."""
        if state is None or (isinstance(state, str) and state in FINAL_RUN_STATES):
            self._expected_end = None if state is None else (state, self._reason(reason))
        else:
            self._report(f"`state` is `{_short(state)}`, allowed: {_ALLOWED}; it is ignored", about="state")

    def finish_at_exit(self, state: RunState, reason: str) -> None:
        """End the run when the interpreter exits and the program has not called `finish`.

        The service replaces this state if the process exits with another status. It does not replace the state that
        `expect_end` has set.
        """
        if self._writer is not None and self._writer.has_begun and not self._finished and self._writer.is_own:
            if self._expected_end is not None:
                self._close(*self._expected_end, None, "run")
            else:
                self._close(self._final_state(state, None), self._reason(reason), None, "exit")
        if self._messages is not None:
            self._messages.tell_end()

    def _end_block(self, error: BaseException | None) -> None:
        """End the run at the end of a `with` block."""
        end = end_of(error)
        self.finish(end.state, reason=end.reason, exit_code=end.exit_code)

    def _close(
        self,
        state: RunState,
        reason: str,
        exit_code: int | None,
        writer: Literal["run", "exit"],
        *,
        is_quiet: bool = False,
    ) -> None:
        assert self._writer is not None  # noqa: S101
        self._flush_values()
        if self._is_remembered and state == "finished":
            forget_unfinished(self._home, self._info.project, self._info.rank, self._info.id)
        self.release_console()
        self._record_buffered_lines()
        self._writer.write_device_rows()  # the end comes after all rows
        self._finished = True
        if self._writer.lost:
            reason = "; ".join(filter(None, (reason, f"{self._writer.lost} rows could not be written")))
        reason = short_reason(reason)
        self._writer.append(
            lambda sequence, time: Finish(sequence, time, state, exit_code=exit_code, reason=reason, writer=writer)
        )
        journal = self._writer.path
        self._writer.close()
        if self._messages is not None:
            self._messages.note_end(": ".join(filter(None, (state, reason))), journal, is_quiet=is_quiet)

    def _flag(self, name: str, value: Any) -> bool:
        """Return whether an argument is set. Not every object has a truth value."""
        try:
            return bool(value)
        except Exception:  # the user's object may raise anything
            self._report(f"`{name}` is `{_short(value)}`, allowed: True or False; it is ignored", about=name)
            return False

    def _flush_values(self) -> None:
        """Log the values of calls with `commit=False`, and the summary of defined metrics."""
        if self._steps.pending:
            self.log({})
        if self._definitions is not None:
            self._definitions.flush()

    def _final_state(self, state: Any, exit_code: int | None) -> RunState:
        if isinstance(state, str) and state == "finished" and exit_code:
            return "failed"
        if isinstance(state, str) and state in FINAL_RUN_STATES:
            return cast("RunState", state)
        if isinstance(state, int):
            return "failed" if state else "finished"
        is_good = state is None or (isinstance(state, str) and state in ("", "success", "completed"))
        found: RunState = "finished" if is_good else "failed"
        if state is not None:
            self._report(f"`state` is `{_short(state)}`, allowed: {_ALLOWED}; the run ends as `{found}`", about="state")
        return found

    def _exit_code(self, value: Any) -> int | None:
        try:
            return None if value is None else whole_number(value)
        except Exception:  # the user's object may raise anything
            self._report(f"`exit_code` is `{_short(value)}`, allowed: integers; it is left out", about="exit_code")
            return None

    def _reason(self, value: Any) -> str:
        try:
            return "" if value is None else text(value)
        except Exception:  # the user's object may raise anything
            return _short(value)

    def _seconds(self, value: Any) -> float:
        try:
            seconds = float(value)
        except Exception:  # the user's object may raise anything
            seconds = math.nan
        if seconds >= 0:
            return seconds
        self._report(f"`timeout_s` is `{_short(value)}`, allowed: seconds; finish() does not wait", about="timeout_s")
        return 0.0


_ALLOWED = ", ".join(sorted(FINAL_RUN_STATES))


def _short(value: Any) -> str:
    return value[:80] if isinstance(value, str) else f"a {type(value).__name__}"
