"""Rows whose values a GPU still computes: nothing waits, and order, steps, times and every value are kept."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.journal.device_rows import DeviceRows, WaitingRow
from lightning_sweeps.journal.reader import read_part
from lightning_sweeps.journal.records import Metrics, RunInfo
from lightning_sweeps.journal.writer import JournalWriter
from tests.fakes.device import DeviceTensor, StandInCopy, device

__all__ = ["device"]

ARRIVES_S = 5.0


@pytest.fixture
def writer(tmp_path: Path, device: type[DeviceTensor]) -> Iterator[JournalWriter]:
    writer = JournalWriter(tmp_path, run=RunInfo("r", "p", "n", "g"))
    yield writer
    writer.close()


def rows(writer: JournalWriter) -> list[Metrics]:
    records = read_part(writer.path, 0, limit_bytes=10**9).records
    return [record for record in records if isinstance(record, Metrics)]


def wait_for(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + ARRIVES_S
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_row_and_those_behind_it_wait_in_order(writer: JournalWriter) -> None:
    loss = DeviceTensor(0.5)
    writer.metrics(0, {"lr": 0.1})
    writer.metrics(1, {"loss": loss, "lr": 0.1, "val": {"loss": loss}})
    row = {"loss": 0.25}
    writer.metrics(2, row)
    row["loss"] = 7.0  # what was logged does not change
    writer.metrics(2, {"note": "same step"})
    assert [row.step for row in rows(writer)] == [0]
    loss.computed.set()
    writer.metrics(3, {"loss": 0.1})
    found = rows(writer)
    assert [(row.sequence, row.step, row.values) for row in found] == [
        (1, 0, {"lr": 0.1}),
        (2, 1, {"loss": 0.5, "lr": 0.1, "val": {"loss": 0.5}}),
        (3, 2, {"loss": 0.25}),
        (4, 2, {"note": "same step"}),
        (5, 3, {"loss": 0.1}),
    ]
    assert [row.time for row in found] == sorted(row.time for row in found)


def test_a_row_arrives_without_another_log_call(writer: JournalWriter) -> None:
    loss = DeviceTensor(0.5)
    writer.metrics(1, {"loss": loss})
    logged_at = time.time()
    loss.computed.set()
    wait_for(lambda: bool(rows(writer)))
    (row,) = rows(writer)
    assert row.values == {"loss": 0.5}
    assert row.time <= logged_at


def test_the_end_waits_for_the_device(writer: JournalWriter) -> None:
    loss = DeviceTensor(0.5)
    writer.metrics(1, {"loss": loss})
    threading.Timer(0.2, loss.computed.set).start()
    writer.close()
    assert [row.values for row in rows(writer)] == [{"loss": 0.5}]


def test_a_device_that_hangs_does_not_hold_the_end(writer: JournalWriter, caplog: pytest.LogCaptureFixture) -> None:
    loss = DeviceTensor(0.5)
    writer.metrics(1, {"loss": loss, "lr": 0.1})
    writer.metrics(2, {"lr": 0.2})
    writer.write_device_rows(timeout_s=0.05)
    assert [row.values for row in rows(writer)] == [{"lr": 0.1}, {"lr": 0.2}]
    assert "1 rows did not arrive" in caplog.text
    loss.computed.set()  # lets the thread end


def test_a_failed_device_costs_only_its_values(writer: JournalWriter, caplog: pytest.LogCaptureFixture) -> None:
    loss = DeviceTensor(0.5, fails_with="CUDA error: an illegal memory access was encountered")
    loss.computed.set()
    writer.metrics(1, {"loss": loss, "lr": 0.1})
    writer.metrics(2, {"lr": 0.2})
    assert [row.values for row in rows(writer)] == [{"lr": 0.1}, {"lr": 0.2}]
    assert "illegal memory access" in caplog.text


def test_a_value_that_cannot_be_copied_is_waited_for(writer: JournalWriter, caplog: pytest.LogCaptureFixture) -> None:
    behind = DeviceTensor(0.25)
    writer.metrics(1, {"loss": behind})
    writer.metrics(2, {"loss": DeviceTensor(0.5, cannot_copy="no pinned memory is left"), "lr": 0.1})
    behind.computed.set()
    writer.close()
    assert [row.values for row in rows(writer)] == [{"loss": 0.25}, {"loss": 0.5, "lr": 0.1}]
    assert "no pinned memory is left" in caplog.text


def test_other_values_of_the_row_are_converted_as_usual(
    writer: JournalWriter, caplog: pytest.LogCaptureFixture
) -> None:
    loss = DeviceTensor(0.5)
    loss.computed.set()
    writer.metrics(1, {"loss": loss, "bad": object(), "big": 2**70, "deep": {"loss": loss}})
    wait_for(lambda: bool(rows(writer)))
    assert [row.values for row in rows(writer)] == [{"loss": 0.5, "big": float(2**70), "deep": {"loss": 0.5}}]
    assert "`bad`" in caplog.text


def test_with_the_setting_a_log_call_waits(tmp_path: Path, device: type[DeviceTensor]) -> None:
    class Ready(DeviceTensor):
        def item(self) -> float:
            return self.number

    writer = JournalWriter(tmp_path, run=RunInfo("r", "p", "n", "g"), waits_for_device=True)
    writer.metrics(1, {"loss": Ready(0.5)})
    assert [row.values for row in rows(writer)] == [{"loss": 0.5}]
    writer.close()


def test_the_end_works_in_a_signal_handler_that_interrupts_a_log_call(writer: JournalWriter) -> None:
    """The handler runs while the main thread holds the journal's lock, so no other thread can write."""
    loss = DeviceTensor(0.5)

    class Interrupting:
        def item(self) -> float:
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(0)  # the handler runs here
            return 1.0

    def end(*_: object) -> None:
        loss.computed.set()
        writer.write_device_rows()

    before = signal.signal(signal.SIGUSR1, end)
    try:
        writer.metrics(1, {"loss": loss})
        writer.metrics(2, {"x": Interrupting()})
    finally:
        signal.signal(signal.SIGUSR1, before)
    writer.close()
    assert sorted((row.step, *row.values) for row in rows(writer)) == [(1, "loss"), (2, "x")]


def test_a_fork_does_not_write_the_rows_of_its_parent(writer: JournalWriter) -> None:
    loss = DeviceTensor(0.5)
    writer.metrics(1, {"loss": loss})
    parent_path = writer.path
    child = os.fork()
    if child == 0:
        writer.metrics(5, {"x": 1.0})
        os._exit([row.step for row in rows(writer)] != [5] or writer.path == parent_path)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    loss.computed.set()
    writer.close()
    assert [row.step for row in rows(writer)] == [1]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lightning_sweeps.journal.device_rows.MAX_WAITING_ROWS", 2)
    written: list[int] = []
    lock = threading.RLock()
    waiting = DeviceRows(lambda step, *_: written.append(step), print, lock)
    losses = [DeviceTensor(0.0) for _ in range(3)]

    def add(step: int) -> None:
        copy = StandInCopy()
        copy.add(losses[step])
        with lock:
            waiting.add(WaitingRow(step, 0.0, {}, copy))

    add(0)
    add(1)
    threading.Timer(0.1, losses[0].computed.set).start()
    add(2)  # waits for the oldest
    assert written == [0]
    for loss in losses:
        loss.computed.set()
    assert waiting.close(1.0) == 0
    assert written == [0, 1, 2]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
def test_rows_are_written_once_and_in_order(plan: list[tuple[bool, bool]]) -> None:
    """For each row: whether it waits for the device, and whether the device computes the oldest value before it."""
    written: list[int] = []
    lock = threading.RLock()
    waiting = DeviceRows(lambda step, *_: written.append(step), print, lock)
    losses: list[DeviceTensor] = []
    with lock:
        for step, (waits, computes) in enumerate(plan):
            if computes and losses:
                losses.pop(0).computed.set()
            copy = None
            if waits:
                copy = StandInCopy()
                losses.append(DeviceTensor(0.0))
                copy.add(losses[-1])
            waiting.write_arrived()
            waiting.add(WaitingRow(step, 0.0, {}, copy))
    for loss in losses:
        loss.computed.set()
    waiting.close(1.0)
    assert written == list(range(len(plan)))
