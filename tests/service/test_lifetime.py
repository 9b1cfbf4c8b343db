"""The service is there when it is needed: while it ends, just after it has ended, and when nobody has started it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.service.lifetime import Lifetime
from lightning_sweeps.system.service_lock import is_held
from lightning_sweeps.system.service_state import read_service_state
from lightning_sweeps.system.start_service import journals_wait
from tests.servers import running_server, wait_until
from tests.service.services import journal_files, run_program, running_service

IDLE_EXIT_S = 0.3


class CallOnMessage(logging.Handler):
    """Calls a function once, when a message is logged that starts and ends like this."""

    def __init__(self, start: str, end: str, call: Callable[[], None]) -> None:
        super().__init__()
        self.start, self.end, self.call = start, end, call
        self.has_called = False

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if not self.has_called and message.startswith(self.start) and message.endswith(self.end):
            self.has_called = True
            self.call()


@contextmanager
def called_on_message(handler: CallOnMessage) -> Iterator[None]:
    logger = logging.getLogger("lightning_sweeps.service")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def program_ends(home: Path, project: str) -> None:
    """Run a program that asks for a service, as every program does."""
    code = f"run = ls.init(project={project!r}); run.log({{'x': 1}}); run.finish()"
    assert run_program(home, code, LIGHTNING_SWEEPS_SERVICE="process").wait(60) == 0


@pytest.mark.fault
def test_a_program_that_starts_while_an_idle_service_ends_is_uploaded(home: Path) -> None:
    place = Home(home)
    handler = CallOnMessage("service ", " ended", lambda: program_ends(home, "late"))
    with running_server(home) as (client, _), called_on_message(handler):
        lifetime = Lifetime(place, replace(read_settings(), idle_exit_s=IDLE_EXIT_S))
        assert lifetime.take_lock()
        lifetime.run()
        assert handler.has_called
        assert [(run.state, run.rows) for run in client.runs(project="late").runs] == [("finished", 1)]
    assert journal_files(home) == []
    assert not is_held(place)


def test_a_stopped_service_does_not_run_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_URL", "http://127.0.0.1:1")
    lifetime: Lifetime

    def program_starts_after_stop() -> None:
        program_ends(home, "later")
        lifetime.stop()

    with called_on_message(CallOnMessage("service ", " ended", program_starts_after_stop)):
        lifetime = Lifetime(Home(home), replace(read_settings(), idle_exit_s=IDLE_EXIT_S))
        assert lifetime.take_lock()
        lifetime.run()
    assert len(journal_files(home)) == 1
    assert not is_held(Home(home))


@pytest.mark.fault
def test_a_program_starts_a_service_although_one_was_started_seconds_ago_and_has_ended(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_IDLE_EXIT_S", str(IDLE_EXIT_S))
    with running_server(home) as (client, _):
        for number, project in enumerate(("first", "second")):
            program_ends(home, project)
            wait_until(lambda: not is_held(Home(home)), what="the end of the service")
            wait_until(
                lambda project=project: [run.rows for run in client.runs(project=project).runs] == [1],  # type: ignore[misc]
                what=f"the rows of program {number}",
            )
        wait_until(lambda: not is_held(Home(home)), what="the end of the service")


@pytest.mark.fault
def test_a_server_starts_the_service_for_journals_that_nobody_uploads(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service was killed, and nothing that would start another has run since."""
    monkeypatch.setenv("LIGHTNING_SWEEPS_SERVICE", "process")
    monkeypatch.setenv("LIGHTNING_SWEEPS_IDLE_EXIT_S", str(IDLE_EXIT_S))
    with running_server(home) as (client, _):
        code = "run = ls.init(project='unseen'); run.log({'x': 1}); run.finish()"
        assert run_program(home, code, LIGHTNING_SWEEPS_SERVICE="off").wait(60) == 0
        wait_until(lambda: [run.rows for run in client.runs(project="unseen").runs] == [1], what="the row")
        wait_until(lambda: journal_files(home) == [] and not is_held(Home(home)), what="the end of the service")


def test_a_journal_of_another_node_does_not_keep_the_server_starting_services(home: Path) -> None:
    place = Home(home)
    assert not journals_wait(place)
    assert run_program(home, "ls.init(project='far').log({'x': 1})", LIGHTNING_SWEEPS_NODE="far").wait(60) == 0
    assert journals_wait(place)
    with running_server(home), running_service(home):
        wait_until(lambda: len(read_service_state(place).ignored) == 1, what="the service's state")
    assert len(journal_files(home)) == 1
    assert not journals_wait(place)
