"""The reason of a failure is the line that a person would quote, for every way in which programs end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.agents.launch.reason import MEMORY_SHORT, error_line, explain, last_line
from lightning_sweeps.system.memory_kills import count_memory_kills, parse_counter

TRACEBACK = """warning: something
Traceback (most recent call last):
  File "train.py", line 4, in <module>
    raise ValueError("boom")
ValueError: boom
"""
CHAINED = (
    TRACEBACK
    + "\nDuring handling of the above exception, another exception occurred:\n\n"
    + TRACEBACK.replace("ValueError: boom", "my.module.Custom: worse")
)
CUDA = """Traceback (most recent call last):
  File "train.py", line 4, in <module>
RuntimeError: CUDA error: device-side assert triggered
CUDA kernel errors might be asynchronously reported at some other API call.
For debugging consider passing CUDA_LAUNCH_BLOCKING=1
Compile with `TORCH_USE_CUDA_DSA` to enable device-side assertions.

"""
CUDA_MEMORY = "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.10 GiB"
ARGPARSE = """usage: train.py [-h] [--x X]
train.py: error: unrecognized arguments: --lr=0.47
"""
CLICK = """Usage: train.py [OPTIONS]
Try 'train.py --help' for help.

Error: No such option: --lr
"""
TYPER = """Usage: train.py [OPTIONS]
Try 'train.py --help' for help.
╭─ Error ──────────────────────╮
│ No such option: --lr         │
╰──────────────────────────────╯
"""
JSONARGPARSE = """usage: train.py [-h] [--config CONFIG]
error: Parser key "model.lr":
  Expected a <class 'float'>. Got value: abc
"""
LOGGED = TRACEBACK + "".join(f"INFO:root:epoch {number}\n" for number in range(20))
CPP = """terminate called after throwing an instance of 'c10::Error'
  what():  CUDA driver error: invalid argument
Exception raised from throw_data_ptr_access_error at impl.cpp:1
frame #0: c10::Error::Error(c10::SourceLocation)
Aborted (core dumped)
"""
NOISY = (
    TRACEBACK
    + """
[rank0]:[W1127 20:00:00.1 ProcessGroupNCCL.cpp:1250] Warning: destroy_process_group() was not called
Exception ignored in: <function x at 0x1>
"""
)


@pytest.mark.parametrize(
    ("returncode", "printed", "reason"),
    [
        pytest.param(1, TRACEBACK, "ValueError: boom", id="exception"),
        pytest.param(1, CHAINED, "my.module.Custom: worse", id="chained"),
        pytest.param(
            1, "".join(f"[rank1]: {text}\n" for text in TRACEBACK.splitlines()), "ValueError: boom", id="rank-prefix"
        ),
        pytest.param(1, NOISY, "ValueError: boom", id="warnings-after-it"),
        pytest.param(1, CUDA, "RuntimeError: CUDA error: device-side assert triggered", id="several-lines"),
        pytest.param(
            1,
            TRACEBACK.replace("ValueError: boom", f"torch.OutOfMemoryError: {CUDA_MEMORY}"),
            f"torch.OutOfMemoryError: {CUDA_MEMORY}",
            id="cuda-memory",
        ),
        pytest.param(1, "epoch 1\nno data in `/data`\n", "no data in `/data`", id="sys-exit-text"),
        pytest.param(1, LOGGED + "no data\n", "no data", id="sys-exit-text-long-after-a-logged-exception"),
        pytest.param(2, ARGPARSE, "train.py: error: unrecognized arguments: --lr=0.47", id="argparse"),
        pytest.param(2, CLICK, "Error: No such option: --lr", id="click"),
        pytest.param(2, TYPER, "No such option: --lr", id="typer"),
        pytest.param(2, JSONARGPARSE, 'error: Parser key "model.lr":', id="jsonargparse"),
        pytest.param(
            127, "go.sh: line 1: tarin: command not found\n", "go.sh: line 1: tarin: command not found", id="shell"
        ),
        pytest.param(3, "ERROR: license expired\n", "exit code 3: ERROR: license expired", id="own-code"),
        pytest.param(1, "\r 10%|#  | 1/9\r 90%|## | 8/9\nout of disk\n", "out of disk", id="bar-before"),
        pytest.param(1, "out of disk\n 90%|## | 8/9 [00:01<00:02]", "out of disk", id="bar-after"),
        pytest.param(-9, TRACEBACK, "killed by signal 9 (SIGKILL)", id="killed"),
        pytest.param(
            137, "", "killed by signal 9 (SIGKILL), as a shell reports with exit code 137", id="killed-in-a-shell"
        ),
        pytest.param(-6, CPP, "killed by signal 6 (SIGABRT): CUDA driver error: invalid argument", id="c++"),
        pytest.param(
            -11,
            "Fatal Python error: Segmentation fault\n\nCurrent thread 0x1:\n",
            "killed by signal 11 (SIGSEGV)",
            id="segv",
        ),
        pytest.param(3, "", "exit code 3; the program printed nothing", id="nothing"),
        pytest.param(255, "", "exit code 255; the program printed nothing", id="no-signal"),
    ],
)
def test_reasons(returncode: int, printed: str, reason: str) -> None:
    assert explain(returncode, printed) == reason


def test_standard_output_counts_if_nothing_else_was_printed() -> None:
    assert explain(2, "", out="loading\nno such dataset: `mnits`\n") == "exit code 2 after `no such dataset: `mnits``"


def test_a_failure_while_memory_is_short_says_so() -> None:
    killed = explain(-9, "", is_memory_short=True)
    assert killed == f"killed by signal 9 (SIGKILL); {MEMORY_SHORT}"
    worker = "RuntimeError: DataLoader worker (pid 7) is killed by signal: Killed."
    assert (
        explain(1, TRACEBACK.replace("ValueError: boom", worker), is_memory_short=True) == f"{worker}; {MEMORY_SHORT}"
    )


def test_an_unfinished_traceback_has_no_exception() -> None:
    assert error_line("Traceback (most recent call last):\n  File") == "File"
    assert last_line("") == ""


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (
            "import argparse; argparse.ArgumentParser(prog='t.py').parse_args(['--lr=1'])",
            "t.py: error: unrecognized arguments: --lr=1",
        ),
        ("import sys; sys.exit('no data')", "no data"),
        ("import sys; sys.exit(4)", "exit code 4; the program printed nothing"),
        ("breakpoint()", "`breakpoint()` or a debugger was called, but a trial has no terminal"),
        ("input()", "`input()` was called, but a trial has no terminal"),
        ("raise ValueError('two\\nlines')", "ValueError: two"),
        ("e = ValueError('x'); e.add_note('a note'); raise e", "ValueError: x"),
        ("raise ExceptionGroup('both', [ValueError('a'), TypeError('b')])", "ExceptionGroup: both (2 sub-exceptions)"),
        ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded"),
        ("import os; os.abort()", "killed by signal 6 (SIGABRT)"),
        ("x = (", "SyntaxError: '(' was never closed"),
        ("import warnings; warnings.warn('old'); raise KeyError('lr')", "KeyError: 'lr'"),
        ("import logging; logging.error('no data'); raise SystemExit(1)", "ERROR:root:no data"),
    ],
    ids=[
        "argparse",
        "text",
        "status",
        "breakpoint",
        "input",
        "lines",
        "note",
        "group",
        "recursion",
        "abort",
        "syntax",
        "warning",
        "logged",
    ],
)
def test_reasons_of_real_programs(tmp_path: Path, program: str, reason: str) -> None:
    if ("Group" in program or "add_note" in program) and sys.version_info < (3, 11):
        pytest.skip("Python 3.11 has brought exception groups and notes")
    (tmp_path / "t.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "t.py"], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert explain(done.returncode, done.stderr, out=done.stdout) == reason


def test_the_kernels_counter_is_read(tmp_path: Path) -> None:
    events = tmp_path / "memory.events"
    events.write_text("low 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n")
    assert parse_counter(events) == 2
    assert parse_counter(tmp_path / "missing") == 0
    assert count_memory_kills() >= 0
