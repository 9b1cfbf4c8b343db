"""A search of console lines finds exactly the lines that contain a text, and reads few others."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from lightning_sweeps.journal import records
from lightning_sweeps.store import compaction, console, console_blocks, console_window, schema
from lightning_sweeps.store.console_signatures import joined, may_contain, signature
from lightning_sweeps.store.database import Store
from tests.store.journals import STARTED, Journal
from tests.store.uploads import send

LINES = 5_000
NEEDLES = {17: "CUDA out of memory", 2_500: "Überlauf in Layer Ä7", 4_990: "100% of a_b done \\ 5"}


def printed() -> list[str]:
    rng = random.Random(0)
    lines = [f"epoch {number // 100}: step {number} loss={rng.random():.4f}" for number in range(LINES)]
    return [f"{line} {NEEDLES[number]}" if number in NEEDLES else line for number, line in enumerate(lines)]


@pytest.fixture
def lines(store: Store) -> list[str]:
    """Return the lines of `run-1`, which another run's lines interrupt."""
    lines = printed()
    journal, other = Journal(), Journal(id="journal-2", run="run-2")
    start = other_start = 0
    for at in range(0, LINES, 700):
        for line in lines[at : at + 700]:
            journal.say(line)
        start = send(store, journal, start).offset
        other_start = send(store, other.say("CUDA out of memory, elsewhere"), other_start).offset
    return lines


@pytest.fixture
def found(store: Store) -> Callable[..., list[str]]:
    def search(find: str, *, last: int = LINES, after: int = 0, around: int | None = None) -> list[str]:
        with store.read() as connection:
            query = console.ConsoleQuery(last, after, around, find=find)
            return [line.line for line in console.read_run(connection, "run-1", query)]

    return search


def test_lines_become_blocks_as_they_arrive(store: Store, lines: list[str]) -> None:
    with store.read() as connection:
        ranges = connection.execute(select(schema.console_block).order_by(schema.console_block.c.last_id)).all()
        assert len(ranges) == LINES // 1024 and {block.run_id for block in ranges} == {"run-1"}
        assert [block.after_id for block in ranges] == [0, *(block.last_id for block in ranges[:-1])]


@pytest.mark.parametrize(
    "text",
    ["out of memory", "CUDA OUT", "überlauf", "ÜBER", "ä7", "100% of a_b", "\\ 5", "a%b", "step 4321 ", "=", "x", "zz"],
)
def test_a_search_finds_what_the_lines_contain(lines: list[str], found: Callable[..., list[str]], text: str) -> None:
    wanted = [line for line in lines if text.lower() in line.lower()]
    assert found(text) == wanted
    assert found(text, last=3) == wanted[-3:]


def test_lines_around_a_place_and_after_one(store: Store, lines: list[str], found: Callable[..., list[str]]) -> None:
    with store.read() as connection:
        ids = list(connection.scalars(select(schema.console.c.id).where(schema.console.c.run_id == "run-1")))
    place = sorted(ids)[2_600]
    matching = [number for number, line in enumerate(lines) if "step 2" in line]
    before = [lines[number] for number in matching if number <= 2_600][-5:]
    behind = [lines[number] for number in matching if number > 2_600][:5]
    assert found("step 2", last=10, around=place) == before + behind
    assert found("step 2", last=LINES, after=place) == [lines[number] for number in matching if number > 2_600]


def test_a_search_reads_only_blocks_that_may_contain_the_text(store: Store, lines: list[str]) -> None:
    with store.read() as connection:
        ranges = console_blocks.ranges_to_read(connection, "run-1", "layer ä7", after=0)
        blocks = connection.execute(select(schema.console_block).order_by(schema.console_block.c.last_id)).all()
    assert ranges == [(blocks[2].after_id, blocks[2].last_id), (blocks[-1].last_id, console_blocks.NO_END)]


def test_changed_lines_are_found(store: Store, lines: list[str], found: Callable[..., list[str]]) -> None:
    with store.write() as connection:
        line_id = connection.scalar(select(func.min(schema.console.c.id)).where(schema.console.c.run_id == "run-1"))
        assert line_id is not None
        connection.execute(schema.console.update().where(schema.console.c.id == line_id).values(line="rewritten bar"))
        console_blocks.note_changed(connection, "run-1", {line_id: "rewritten bar"})
    assert found("rewritten") == ["rewritten bar"]


def test_lines_of_an_older_database_are_found_and_get_blocks(
    store: Store, lines: list[str], found: Callable[..., list[str]]
) -> None:
    with store.write() as connection:
        connection.execute(delete(schema.console_block))
    assert found("cuda out") == [lines[17]]
    compaction.compact(store)
    with store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.console_block)) == LINES // 1024
    assert found("cuda out") == [lines[17]]


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


@given(st.lists(TEXT, max_size=8), st.lists(TEXT, max_size=8), st.data())
def test_a_signature_never_excludes_a_text_of_its_lines(
    first: list[str], second: list[str], data: st.DataObject
) -> None:
    both = joined(signature(first), signature(second))
    for line in [*first, *second]:
        start = data.draw(st.integers(0, len(line)))
        part = line[start : data.draw(st.integers(start, len(line)))]
        assert list(may_contain([both], part)) == [True]


def test_a_window_of_what_was_found_has_the_numbers_of_the_lines(store: Store, lines: list[str]) -> None:
    for text in ("Ä7", "step 43", "epoch", "nowhere"):
        wanted = [(number, line) for number, line in enumerate(lines, 1) if text.lower() in line.lower()]
        for first in (0, 3, max(len(wanted) - 2, 0)):
            with store.read() as connection:
                query = console_window.WindowQuery(first, 5, find=text)
                window = console_window.read_run_window(connection, "run-1", query)
            assert window.total == len(wanted)
            assert [(line.number, line.line) for line in window.lines] == wanted[first : first + 5]


def test_lines_of_a_window_of_one_stream_have_their_numbers(store: Store) -> None:
    journal = Journal()
    for number in range(2_500):
        journal.add(records.Text(number + 1, STARTED + number, "stderr" if number % 7 == 3 else "stdout", f"{number}"))
    send(store, journal)
    with store.read() as connection:
        query = console_window.WindowQuery(340, 10, stream="stderr")
        window = console_window.read_run_window(connection, "run-1", query)
    printed_numbers = [number for number in range(2_500) if number % 7 == 3]
    assert [(line.number, line.line) for line in window.lines] == [
        (number + 1, f"{number}") for number in printed_numbers[340:350]
    ]
