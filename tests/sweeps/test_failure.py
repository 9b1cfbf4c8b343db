"""The error of a trial in one line, and which trials failed."""

from __future__ import annotations

import pytest

from lightning_sweeps.sweeps.failure import error_line, is_retried, matches

ARGPARSE = "usage: train.py [--lr LR]\ntrain.py: error: unrecognized arguments: --x=1\n\nhint: see the manual\n"
SAID = "train.py: error: unrecognized arguments: --x=1"


@pytest.mark.parametrize(
    ("reason", "exit_code", "tail", "line"),
    [
        pytest.param("exit code 2", 2, ARGPARSE, f"{SAID} (exit code 2)", id="code"),
        pytest.param("rank 1: exit code 2", 2, ARGPARSE, f"{SAID} (rank 1: exit code 2)", id="rank"),
        pytest.param("", 2, ARGPARSE, SAID, id="no reason"),
        pytest.param("exit code 2", 2, " \n", "exit code 2", id="silent"),
        pytest.param("", 3, "", "exit code 3", id="only the code"),
        pytest.param("killed by signal 9 (SIGKILL)", None, "a warning", "killed by signal 9 (SIGKILL)", id="signal"),
        pytest.param("ValueError: no", 1, "a note", "ValueError: no", id="exception"),
        pytest.param("its agent left", None, "", "its agent left", id="lost"),
    ],
)  # fmt: skip
def test_the_error_in_one_line(reason: str, exit_code: int | None, tail: str, line: str) -> None:
    assert error_line(reason=reason, exit_code=exit_code, stderr_tail=tail) == line


def test_which_trials_failed() -> None:
    assert [state for state in ("failed", "lost", "preempted", "finished", "stopped", "running")
            if is_retried(state, has_value=False, needs_value=False)] == ["failed", "lost", "preempted"]  # fmt: skip
    assert is_retried("finished", has_value=False, needs_value=True)
    assert not is_retried("finished", has_value=True, needs_value=True)
    assert not is_retried("stopped", has_value=False, needs_value=True)


def test_an_error_is_found_by_its_text_in_any_case() -> None:
    assert matches("", error="", reason="", stderr_tail="")
    assert matches("cuda OUT", error="", reason="x", stderr_tail="CUDA out of memory")
    assert not matches("cuda", error="KeyError", reason="KeyError", stderr_tail="")
