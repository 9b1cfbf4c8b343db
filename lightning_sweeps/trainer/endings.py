"""How a run has ended: Lightning's word, what the ranks have agreed, and the exception that is being handled."""

from __future__ import annotations

from lightning_sweeps.journal.records import RunState
from lightning_sweeps.sdk.run import describe_error

Ending = tuple[RunState, str]
"""A run's state and the reason for it."""


def ending_of(status: str, agreed: Ending | None, error: BaseException | None) -> Ending:
    """Return how the run has ended.

    Args:
        status: Lightning's word.
        agreed: what all ranks have agreed on when they left together.
        error: what is being handled in this process.
    """
    if status in ("success", "finished"):
        return agreed or ("finished", "")
    if isinstance(error, SystemExit):  # Lightning's SIGTERMException is one
        return agreed or ("killed", describe_error(error))
    if error is None:
        return "failed", f"the training ended as `{status}`"
    if isinstance(error, KeyboardInterrupt):
        return "killed", "interrupted from the keyboard"
    return "failed", describe_error(error)
