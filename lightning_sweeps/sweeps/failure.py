"""Why trials failed, in one line, and which trials a user may mean by "failed". Pure."""

from __future__ import annotations

import re

from lightning_sweeps.messages import TrialState

FAILED_STATES: tuple[TrialState, ...] = ("failed", "lost", "preempted")
"""Final states of trials that did not do what they were started for."""

_ONLY_A_CODE = re.compile(r"(node \d+: )?(rank \d+: )?exit code -?\d+")
_HINT = "hint:"


def error_line(*, reason: str, exit_code: int | None, stderr_tail: str) -> str:
    """Return why a trial failed, in one line.

    A reason that is only an exit code is completed by the last line that the program wrote to stderr.

    Args:
        reason: the reason that its agent reported.
        exit_code: exit code of its first process.
        stderr_tail: the last lines of its error output.
    """
    said = _last_line(stderr_tail)
    if reason and not _ONLY_A_CODE.fullmatch(reason):
        return reason
    if said:
        return f"{said} ({reason})" if reason else said
    return reason or ("" if exit_code is None else f"exit code {exit_code}")


def is_retried(state: TrialState, *, has_value: bool, needs_value: bool) -> bool:
    """Return whether "run again what failed" includes a trial: it failed, or it finished without a needed value."""
    return state in FAILED_STATES or (state == "finished" and needs_value and not has_value)


def matches(text: str, *, error: str, reason: str, stderr_tail: str) -> bool:
    """Return whether an error contains a text, in any case. An empty text matches every error."""
    return text.lower() in "\n".join((error, reason, stderr_tail)).lower()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(_HINT)]
    return lines[-1] if lines else ""
