"""Console capture: lines are recorded as a terminal shows them, and the output of the program does not change."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.core.settings import environment
from lightning_sweeps.journal.reader import read_part
from lightning_sweeps.journal.records import Text
from lightning_sweeps.sdk.console import MAX_LINE, LineAssembler


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        (["a\n"], ["a"]),
        (["a", "b\nc", "\n"], ["ab", "c"]),
        (["10%\r", "20%\r", "100%\n"], ["100%"]),
        (["10%\r20%\r\n"], ["20%"]),
        (["\n\n"], ["", ""]),
        (["no end"], []),
        (["windows\r\n"], ["windows"]),
        (["x" * (MAX_LINE + 5) + "\n"], ["x" * MAX_LINE]),
    ],
)
def test_lines_are_assembled_as_a_terminal_shows_them(written: list[str], lines: list[str]) -> None:
    assembler = LineAssembler()
    assert [line for text in written for line in assembler.feed(text)] == lines


@given(st.lists(st.text(alphabet="ab\n", max_size=12), max_size=8))
def test_lines_do_not_depend_on_how_the_text_is_split(pieces: list[str]) -> None:
    assembler = LineAssembler()
    in_pieces = [line for piece in pieces for line in assembler.feed(piece)]
    assert in_pieces == LineAssembler().feed("".join(pieces))


PROGRAM = """
import os, sys
import lightning_sweeps as ls
run = ls.init("console")
print("to stdout")
print("to stderr", file=sys.stderr)
for percent in (10, 50, 100):
    print(f"progress {percent}%", end="\\r", flush=True)
print()
child = os.fork()
if child == 0:
    print("a worker prints", flush=True)
    os._exit(0)
os.waitpid(child, 0)
run.finish()
print("after the end")
"""


def texts(home: Path) -> list[Text]:
    """Return the lines in all journals. A reopened run writes a second one."""
    paths = (home / "journals").glob("*.journal")
    records = [record for path in paths for record in read_part(path, 0, limit_bytes=1 << 20).records]
    return sorted((record for record in records if isinstance(record, Text)), key=lambda text: text.time)


def test_printed_lines_are_shown_and_recorded(home: Path) -> None:
    variables = {**environment(), "LIGHTNING_SWEEPS_CONSOLE": "on"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "to stdout"
    assert done.stdout.splitlines()[-1] == "after the end"
    assert done.stderr == "to stderr\n"
    assert [(text.stream, text.line) for text in texts(home)] == [
        ("stdout", "to stdout"),
        ("stderr", "to stderr"),
        ("stdout", "progress 100%"),
    ]


def test_a_traceback_is_recorded(home: Path) -> None:
    code = "import lightning_sweeps as ls; ls.init(); raise ValueError('bad')"
    variables = {**environment(), "LIGHTNING_SWEEPS_CONSOLE": "on"}
    subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, check=False)
    assert texts(home)[-1].line == "ValueError: bad"


def test_off_records_nothing_and_does_not_replace_the_streams(home: Path) -> None:
    code = "import sys, lightning_sweeps as ls; before = sys.stdout; ls.init(); assert sys.stdout is before; print('x')"
    variables = {**environment(), "LIGHTNING_SWEEPS_CONSOLE": "off"}
    subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, check=True)
    assert texts(home) == []


def test_a_reopened_run_records_lines_again(home: Path) -> None:
    code = """
import lightning_sweeps as ls
run = ls.init()
print("fit")
run.finish()
print("between")
run.log({"x": 1})
print("test")
run.finish()
print("after")
"""
    variables = {**environment(), "LIGHTNING_SWEEPS_CONSOLE": "on"}
    subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, check=True)
    assert [text.line for text in texts(home)] == ["fit", "test"]


def test_captured_streams_have_what_the_program_expects(home: Path) -> None:
    code = (
        "import os, sys, lightning_sweeps as ls\n"
        "run = ls.init()\n"
        "sys.stdout.reconfigure(line_buffering=True)\n"
        "assert sys.stdout.line_buffering and sys.stdout.name == '<stdout>' and sys.stdout.mode == 'w'\n"
        "assert sys.stdout.errors and sys.stdout.buffer and sys.stdout.writable()\n"
        "print(os.fsdecode(b'caf\\xe9'))\n"
        "print(sys.argv[1])\n"
        "run.finish()\n"
    )
    variables = {
        **environment(),
        "LIGHTNING_SWEEPS_CONSOLE": "on",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }
    done = subprocess.run([sys.executable, "-c", code, b"caf\xe9"], capture_output=True, check=False, env=variables)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"caf\xe9\ncaf\xe9\n"
    [path] = (home / "journals").glob("*.journal")
    part = read_part(path, 0, limit_bytes=1 << 20)
    assert [record.line for record in part.records if isinstance(record, Text)] == ["caf?", "caf?"]


def test_input_keeps_line_editing(home: Path) -> None:
    """`input()` uses readline only if the streams look like the terminal that they are."""
    code = (
        "import lightning_sweeps as ls\n"
        "run = ls.init()\n"
        "try:\n    import readline\nexcept ImportError:\n    pass\n"
        "print(repr(input()), flush=True)\n"
    )
    controller, terminal = pty.openpty()
    variables = {**environment(), "LIGHTNING_SWEEPS_CONSOLE": "on", "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, env=variables
    ):
        os.close(terminal)
        os.write(controller, b"abc\x1b[D\x1b[DX\n")
        shown = b""
        while b"'" not in shown.rpartition(b"\n")[0] or not shown.endswith(b"'\r\n"):
            shown += os.read(controller, 1024)
    os.close(controller)
    assert b"'aXbc'" in shown
