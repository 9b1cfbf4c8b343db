"""How a dead process's run ends, for every last record and exit status."""

from __future__ import annotations

import signal

import pytest

from lightning_sweeps.journal.closing import UNKNOWN_END, Closing, ExitStatus, closing_of
from lightning_sweeps.journal.records import Finish, RunState

KILLED = ExitStatus(signal=signal.SIGKILL)


def finish(state: RunState, writer: str, reason: str = "") -> Finish:
    return Finish(1, 0.0, state, reason=reason, writer=writer)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("last", "status", "expected"),
    [
        (None, None, Closing("killed", UNKNOWN_END, None, None)),
        (None, KILLED, Closing("killed", "killed by signal 9 (SIGKILL)", None, 9)),
        (None, ExitStatus(code=0), Closing("finished", "ended with exit status 0 without `finish()`", 0, None)),
        (None, ExitStatus(code=2), Closing("failed", "exit status 2", 2, None)),
        (finish("finished", "run"), KILLED, None),
        (finish("stopped", "run"), ExitStatus(code=1), None),
        (finish("killed", "service"), KILLED, None),
        (finish("finished", "exit"), None, Closing("finished", "", None, None)),
        (finish("finished", "exit"), ExitStatus(code=0), Closing("finished", "", 0, None)),
        (finish("finished", "exit"), ExitStatus(code=3), Closing("failed", "exit status 3", 3, None)),
        (finish("finished", "exit"), KILLED, Closing("killed", "killed by signal 9 (SIGKILL)", None, 9)),
        (finish("failed", "exit", "E: x"), ExitStatus(code=1), Closing("failed", "E: x", 1, None)),
        (finish("killed", "exit", "Ctrl-C"), ExitStatus(code=130), Closing("killed", "Ctrl-C", 130, None)),
    ],
)
def test_the_closing_of_a_journal(last: Finish | None, status: ExitStatus | None, expected: Closing | None) -> None:
    assert closing_of(last, status) == expected


def test_a_kill_by_the_kernel_for_lack_of_memory_is_named() -> None:
    closing = closing_of(None, KILLED, is_memory_short=True)
    assert closing is not None
    assert closing.reason == "killed by signal 9 (SIGKILL) by the kernel: out of memory"
    other = closing_of(None, ExitStatus(signal=signal.SIGTERM), is_memory_short=True)
    assert other is not None
    assert "memory" not in other.reason


def test_a_signal_without_a_name_is_described_by_its_number() -> None:
    assert ExitStatus(signal=63).describe() == "killed by signal 63"
