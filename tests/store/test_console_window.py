"""Windows over console lines: every line has a number, and every place can be reached."""

from __future__ import annotations

import pytest

from lightning_sweeps.errors import NotFound
from lightning_sweeps.journal.records import Text
from lightning_sweeps.messages import ConsoleWindow
from lightning_sweeps.store.console_window import WindowQuery, read_group_window, read_run_window
from lightning_sweeps.store.database import Store
from tests.store.journals import STARTED, Journal
from tests.store.uploads import send

COUNT = 40


def run_lines(store: Store, wanted: WindowQuery) -> ConsoleWindow:
    with store.read() as connection:
        return read_run_window(connection, "run-1", wanted)


@pytest.fixture
def printed(store: Store) -> Store:
    journal = Journal()
    for at in range(COUNT):
        journal.say(f"Line {at}")
    send(store, journal)
    return store


@pytest.mark.parametrize("first", [0, 7, COUNT - 3, COUNT - 1])
def test_a_window_starts_anywhere(printed: Store, first: int) -> None:
    found = run_lines(printed, WindowQuery(first, 5))
    wanted = range(first, min(first + 5, COUNT))
    assert found.total == COUNT
    assert [(line.number, line.line) for line in found.lines] == [(at + 1, f"Line {at}") for at in wanted]


def test_nothing_is_behind_the_end_and_no_limit_only_counts(printed: Store) -> None:
    assert run_lines(printed, WindowQuery(COUNT, 5)) == ConsoleWindow(COUNT, [])
    assert run_lines(printed, WindowQuery(0, 0)) == ConsoleWindow(COUNT, [])


def test_lines_that_are_found_have_their_numbers_among_all_lines(printed: Store) -> None:
    found = run_lines(printed, WindowQuery(1, 3, find="line 2"))
    assert found.total == 11  # 2, and 20 to 29
    assert [(line.number, line.line) for line in found.lines] == [(21, "Line 20"), (22, "Line 21"), (23, "Line 22")]
    assert run_lines(printed, WindowQuery(0, 5, stream="stderr")).total == 0


def test_lines_of_a_group_are_ordered_by_time(store: Store) -> None:
    for rank in (0, 1):
        journal = Journal(f"j-{rank}", run=f"run-{rank}", group="job", rank=rank)
        for at in range(3):
            journal.add(Text(at + 1, STARTED + 2 * at + rank, "stdout", f"{rank}.{at}"))
        send(store, journal)
    with store.read() as connection:
        project = "project-1"
        found = read_group_window(connection, project, "job", WindowQuery(1, 4))
        only = read_group_window(connection, project, "job", WindowQuery(0, 10, find="1."))
        with pytest.raises(NotFound, match="there is no group `other`"):
            read_group_window(connection, project, "other", WindowQuery(0, 1))
    assert [(one.number, one.line, one.rank) for one in found.lines] == [
        (2, "1.0", 1),
        (3, "0.1", 0),
        (4, "1.1", 1),
        (5, "0.2", 0),
    ]
    assert [one.number for one in only.lines] == [2, 4, 6]
