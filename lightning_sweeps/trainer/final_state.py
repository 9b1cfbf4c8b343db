"""Determines the final state of a run when Lightning ends its loggers."""

from __future__ import annotations

from lightning_sweeps.journal.records import RunState
from lightning_sweeps.sdk.error_text import describe_error

FinalState = tuple[RunState, str]
"""The state of a run and its reason."""


def find_final_state(status: str, agreed: FinalState | None, error: BaseException | None) -> FinalState:
    """Return the final state of a run.

    Args:
        status: the status that Lightning passes to `finalize`.
        agreed: the state that all ranks agreed on when they left training together.
        error: the exception that this process is handling.
    """
    if status in ("success", "finished"):
        return agreed or ("finished", "")
    if isinstance(error, SystemExit):  # Lightning's SIGTERMException derives from it
        return agreed or ("killed", describe_error(error))
    if error is None:
        return "failed", f"the training ended as `{status}`"
    if isinstance(error, KeyboardInterrupt):
        return "killed", "interrupted from the keyboard"
    return "failed", describe_error(error)
