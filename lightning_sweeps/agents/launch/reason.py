"""Finds in what a program printed why it failed: one line, as a person would quote it."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from lightning_sweeps.core.signals import signal_name

TRACEBACK = "Traceback (most recent call last):"
LONGEST_LINE = 500
LINES_AFTER_ERROR = 10
"""If the program printed more lines than this after its last traceback, it went on, and ended for another reason."""

TEXT_STATUSES = frozenset({1, 2, 126, 127})
"""Exit codes whose cause is what was printed last: `sys.exit("text")` and exceptions, argparse, and shells."""

MEMORY_SHORT = "out of memory: the kernel has just killed a process because memory was short"
"""Added to every reason: the killed process may be a child, such as a worker of a data loader."""

_SHELL_SIGNAL_BASE = 128
_NO_TERMINAL = "a trial has no terminal"
_EXPLAINED = {
    "bdb.BdbQuit": f"`breakpoint()` or a debugger was called, but {_NO_TERMINAL}",
    "EOFError: EOF when reading a line": f"`input()` was called, but {_NO_TERMINAL}",
    "KeyboardInterrupt": "KeyboardInterrupt: the program was interrupted",
}
_RANK_PREFIX = re.compile(r"^\[(?:rank|default)\d+\]:\s?", re.MULTILINE)
_COLOURS = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")
_USAGE_ERROR = re.compile(r"^(?:\S+: )?error: ", re.IGNORECASE)
_GROUP = re.compile(r"^  \| (\S.*\(\d+ sub-exceptions?\))$", re.MULTILINE)
_BOX = "─━│┃╭╮╰╯┌┐└┘├┤ "
_NOISE = re.compile(
    r"""
    ^hint: | ^wandb: | ^For\ more\ information | ^Try\ '.*--help | ^\^+$ | ^\[W\d* | ^W\d{4}\ | \bFutureWarning\b
    | \bUserWarning\b | \bDeprecationWarning\b | \bResourceWarning\b | \bRuntimeWarning\b | ^warnings\.warn
    | ^Exception\ ignored\ in | resource_tracker | ^Aborted(\ \(core\ dumped\))?$ | ^Killed$ | ^Terminated$
    | \d+%\|.*\| | ^Extension\ modules: | ^Current\ thread\ 0x | ^Thread\ 0x | ^File\ ".*",\ line\ \d+\ in\ | ^usage:
    | destroy_process_group\(\)\ was\ not\ called | ^C\+\+\ CapturedTraceback | ^frame\ \#\d+:
    | ^Exception\ raised\ from
    """,
    re.VERBOSE,
)


def explain(returncode: int, printed: str, *, out: str = "", is_memory_short: bool = False) -> str:
    """Return why a process failed in one line.

    Args:
        returncode: its exit code; negative for a signal.
        printed: the end of its standard error.
        out: the end of its standard output, which counts if it printed nothing else.
        is_memory_short: whether the kernel has just killed processes because memory was short.
    """
    reason = _explain(returncode, printed, out)
    return f"{reason}; {MEMORY_SHORT}" if is_memory_short else reason


def _explain(returncode: int, printed: str, out: str) -> str:
    number = _signal_of(returncode)
    if number is not None:
        return _explain_signal(number, printed, is_from_shell=returncode > 0)
    line = error_line(printed, returncode)
    if line:
        return line if returncode in TEXT_STATUSES else f"exit code {returncode}: {line}"
    line = last_line(out)
    return f"exit code {returncode} after `{line}`" if line else f"exit code {returncode}; the program printed nothing"


def error_line(printed: str, returncode: int = 1) -> str:
    """Return the line that says why a program ended: of the last traceback, or its last meaningful line."""
    text = _plain(printed)
    exception, following = _last_exception(text)
    is_uncaught = returncode == 1 and len(following) <= LINES_AFTER_ERROR
    if exception and (is_uncaught or not following):
        return _EXPLAINED.get(exception, exception)
    usage = next((line for line in reversed(_lines(text)[-40:]) if _USAGE_ERROR.match(line)), "")
    return usage if usage and returncode == 2 else last_line(text) or exception


def last_line(printed: str) -> str:
    """Return the last line apart from warnings, progress bars and the frames of boxes; empty if no line is left."""
    lines = _lines(_plain(printed))
    return next((line for line in reversed(lines) if not _NOISE.search(line)), "")


def _signal_of(returncode: int) -> int | None:
    """Return the signal that ended a process, or one whose number a shell reports as its exit code."""
    if returncode < 0:
        return -returncode
    number = returncode - _SHELL_SIGNAL_BASE
    return number if number in set(signal.Signals) else None


def _explain_signal(number: int, printed: str, *, is_from_shell: bool) -> str:
    reason = f"killed by {signal_name(number)}"
    if is_from_shell:
        reason += f", as a shell reports with exit code {_SHELL_SIGNAL_BASE + number}"
    if number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL):
        line = _native_error(printed)
        return f"{reason}: {line}" if line else reason
    return reason


def _native_error(printed: str) -> str:
    """Return what C++ or Python's fault handler printed before the signal, or the last exception."""
    text = _plain(printed)
    lines = _lines(text)
    for start in ("what():", "Fatal Python error:", "Assertion", "terminate called", "double free", "malloc"):
        found = next((line for line in reversed(lines) if line.startswith(start)), "")
        if found and "Segmentation fault" not in found and not found.endswith("Aborted"):
            return found.removeprefix("what():").strip()
    exception, following = _last_exception(text)
    return exception if exception and len(following) <= LINES_AFTER_ERROR else ""


def _last_exception(text: str) -> tuple[str, Sequence[str]]:
    """Return the exception's line of the last traceback, and the meaningful lines after it."""
    if groups := _GROUP.findall(text):
        return groups[-1][:LONGEST_LINE], ()
    _, found, after = text.rpartition(TRACEBACK)
    if not found:
        return "", ()
    lines = [line for line in after.splitlines() if line.strip() and not line.startswith(" ")]
    if not lines:
        return "", ()
    following = [line for line in lines[1:] if not _NOISE.search(line)]
    return lines[0].strip()[:LONGEST_LINE], following


def _plain(printed: str) -> str:
    return _RANK_PREFIX.sub("", _COLOURS.sub("", printed))


def _lines(text: str) -> list[str]:
    """Return the lines as a terminal shows them: what follows the last carriage return, without frames of boxes."""
    shown = (line.rstrip("\r").rpartition("\r")[2].strip(_BOX).strip() for line in text.split("\n"))
    return [line[:LONGEST_LINE] for line in shown if line]
