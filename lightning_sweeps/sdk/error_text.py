"""Describes exceptions in one line, and how a program ends that one of them leaves."""

from __future__ import annotations

from typing import NamedTuple

from lightning_sweeps.core.states import RunState


class ProgramEnd(NamedTuple):
    """How a program ends: the state of its run, the reason, and the exit status if it is known."""

    state: RunState
    reason: str
    exit_code: int | None


def describe_error(error: BaseException) -> str:
    """Return the type of an exception and the first line of its message, as at the end of a traceback."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def end_of(error: BaseException | None) -> ProgramEnd:
    """Return how a program ends that `error` leaves, for `with init():` and for the exit of the interpreter."""
    if error is None:
        return ProgramEnd("finished", "", None)
    if isinstance(error, KeyboardInterrupt):
        return ProgramEnd("killed", "interrupted from the keyboard", None)
    if not isinstance(error, SystemExit):
        return ProgramEnd("failed", describe_error(error), None)
    if error.code is None or error.code == 0:
        return ProgramEnd("finished", "", 0)
    if isinstance(error.code, int):
        return ProgramEnd("failed", f"exit status {error.code & 0xFF}", error.code & 0xFF)
    return ProgramEnd("failed", str(error.code), 1)  # the interpreter prints it
