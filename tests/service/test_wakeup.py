"""A process wakes the service, which then uploads at once; without a service nothing waits and nothing fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.handover import LastServer
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.core.paths import JOURNAL_SUFFIX, Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import ServerUnreachable
from lightning_sweeps.journal.records import Finish, RunInfo
from lightning_sweeps.journal.writer import JournalWriter
from lightning_sweeps.sdk.trial_journals import TrialJournals
from lightning_sweeps.system import service_lock
from lightning_sweeps.system.local_server import keep_last_server
from lightning_sweeps.system.node import node_id
from lightning_sweeps.system.service_wakeup import drain, listen, wake_service
from tests.servers import running_server, wait_until
from tests.service.services import running_service


def test_a_byte_wakes_the_listener(tmp_path: Path) -> None:
    home = Home(tmp_path)
    descriptor = listen(home)
    assert not drain(descriptor)
    assert wake_service(home)
    assert wake_service(home)
    assert drain(descriptor)
    assert not drain(descriptor)
    os.close(descriptor)


def test_a_full_fifo_does_not_block(tmp_path: Path) -> None:
    home = Home(tmp_path)
    descriptor = listen(home)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(descriptor, b"\n" * 65536)
    assert wake_service(home)
    os.close(descriptor)


def test_without_a_listener_nothing_is_woken(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert not wake_service(home)
    os.close(listen(home))
    assert not wake_service(home)


def test_a_file_in_place_of_the_fifo_is_left_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    path = home.service_wakeup(node_id())
    path.write_bytes(b"kept")
    assert not wake_service(home)
    with pytest.raises(FileExistsError, match="is not a FIFO"):
        listen(home)
    assert path.read_bytes() == b"kept"


def test_a_service_does_not_wake_itself_while_it_looks_for_a_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would try again without a pause for as long as rows wait and the server is stopped."""
    monkeypatch.setenv("LIGHTNING_SWEEPS_SERVICE", "process")
    waiting = JournalWriter(Home(home).journals, run=RunInfo(id="r", group="g", name="r", project="p"))
    waiting.metrics(0, {"loss": 1.0})
    waiting.close()
    keep_last_server(Home(home), LastServer("http://127.0.0.1:1", 1, is_automatic=True, is_stopped=True))
    lock, descriptor = service_lock.take(Home(home)), listen(Home(home))
    assert lock is not None
    with pytest.raises(ServerUnreachable, match="was stopped"):
        connect(is_background=True, settings=read_settings())
    assert not drain(descriptor)
    os.close(descriptor)
    service_lock.release(Home(home), lock)


def test_a_trial_hands_its_journals_over_to_the_service(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_SERVICE", "process")
    place, settings = Home(home), read_settings()
    with running_server(home) as (client, _), running_service(home):
        journals = TrialJournals(place, settings)
        written = [_write(place, trial) for trial in ("one", "one", "two")]
        lengths = journals.hand_over("one")
        assert lengths == dict(written[:2])
        assert journals.hand_over("none") == {}
        wait_until(lambda: all(client.journal_offset(name) == size for name, size in written), what="the uploads")


def test_without_a_service_no_journal_is_handed_over(home: Path) -> None:
    _write(Home(home), "one")
    assert TrialJournals(Home(home), read_settings()).hand_over("one") == {}


def _write(home: Home, trial: str) -> tuple[str, int]:
    """Write a journal of a trial, as a process of it would, and return its id and its length."""
    run = RunInfo(new_id(), "tests", "run", "group", trial=trial)
    writer = JournalWriter(home.journals, run=run)
    writer.metrics(1, {"loss": 0.5})
    writer.append(lambda sequence, now: Finish(sequence, now, "finished"))
    writer.close()
    return writer.path.name.removesuffix(JOURNAL_SUFFIX), writer.path.stat().st_size
