"""Printed bytes become lines and bars, however they are cut into pieces."""

from __future__ import annotations

import itertools
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.agents.display.rows import LONGEST_ROW, DrawnRows

NESTED = b"\r 0%|   |\n\r 10%| inner|\x1b[A\r 5%|   |\n\r 90%| inner|\x1b[A"


@pytest.mark.parametrize(
    ("printed", "lines", "bar"),
    [
        (b"one\ntwo\n", [b"one", b"two"], b""),
        (b"one\n\ntwo", [b"one", b""], b"two"),
        (b"one\r\ntwo\r\n", [b"one", b"two"], b""),
        (b"\r 10%|#  |\r 20%|## |", [], b" 20%|## |"),
        (b"epoch 1\repoch 2\r", [], b"epoch 2"),
        (b"\r 99%|##|\r100%|###|\ndone\n", [b"100%|###|", b"done"], b""),
        (b"\r 99%|##|\r        \rdone\n", [b"done"], b""),
        (b"\r 99%|##|\r        \r", [], b""),
        (NESTED, [], b" 5%|   |   90%| inner|"),
        (NESTED + b"\rdone\n\n", [b"done", b" 90%| inner|"], b""),
        (b"\x1b[32mgreen\x1b[0m\x1b[2K\x1b[?25l\n", [b"\x1b[32mgreen\x1b[0m"], b""),
    ],
    ids=[
        "lines",
        "no-line-end",
        "windows",
        "tqdm",
        "return-last",
        "closed",
        "removed",
        "cleared",
        "nested",
        "after",
        "colours",
    ],
)
def test_what_is_shown(printed: bytes, lines: list[bytes], bar: bytes) -> None:
    rows = DrawnRows()
    assert rows.feed(printed) == lines
    assert rows.bar == bar


@given(
    lines=st.lists(st.text(st.characters(codec="ascii", min_codepoint=32), max_size=20), max_size=8),
    cuts=st.lists(st.integers(0, 200), max_size=5),
)
def test_lines_do_not_depend_on_how_they_are_read(lines: list[str], cuts: list[int]) -> None:
    printed = "".join(f"{line}\n" for line in lines).encode()
    edges = sorted({0, len(printed), *(min(cut, len(printed)) for cut in cuts)})
    rows = DrawnRows()
    complete = [line for start, end in itertools.pairwise(edges) for line in rows.feed(printed[start:end])]
    assert complete == [line.encode() if line.strip() else b"" for line in lines]
    assert rows.end() == []


@pytest.mark.parametrize("piece", [b"\r 10%|#  |", b"x" * 1000, NESTED], ids=["bar", "no-line-end", "nested"])
def test_a_row_that_never_ends_takes_no_memory(piece: bytes) -> None:
    rows = DrawnRows()
    tracemalloc.start()
    for _ in range(2000):
        rows.feed(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * LONGEST_ROW
