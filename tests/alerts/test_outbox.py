"""The outbox never blocks its caller, retries, and leaves what it could not send in the queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from lightning_sweeps.alerts.alert import Alert
from lightning_sweeps.alerts.outbox import Outbox, QueuedAlert
from lightning_sweeps.testing.alert_channel import SWEEP_ALERT
from tests.servers import wait_until


class MemoryQueue:
    """Keeps alerts in memory."""

    def __init__(self) -> None:
        self.waiting: dict[int, tuple[Alert, int, float]] = {}
        self.sent: list[int] = []
        self.given_up: dict[int, str] = {}
        self.count = 0

    def put(self, alert: Alert) -> None:
        self.count += 1
        self.waiting[self.count] = (alert, 0, 0.0)

    def take(self) -> QueuedAlert | None:
        for number, (alert, tries, due) in list(self.waiting.items()):
            if due <= time.monotonic():
                self.waiting[number] = (alert, tries + 1, time.monotonic() + 60)
                return QueuedAlert(number, alert, tries + 1)
        return None

    def mark_sent(self, alert_id: int) -> None:
        del self.waiting[alert_id]
        self.sent.append(alert_id)

    def mark_failed(self, alert_id: int, problem: str, *, delay_s: float | None) -> None:
        alert, tries, _ = self.waiting.pop(alert_id)
        if delay_s is None:
            self.given_up[alert_id] = problem
        else:
            self.waiting[alert_id] = (alert, tries, time.monotonic() + delay_s)


class MemoryChannel:
    """Fails `failures` times, then stores the alerts. Every call waits for `gate`."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.attempts = 0
        self.sent: list[Alert] = []
        self.gate = threading.Event()
        self.gate.set()

    def send(self, alert: Alert) -> None:
        self.attempts += 1
        self.gate.wait(10)
        if self.attempts <= self.failures:
            raise RuntimeError("no network")
        self.sent.append(alert)


@contextmanager
def outbox_of(channel: MemoryChannel, *, retries: int = 2) -> Iterator[tuple[Outbox, MemoryQueue]]:
    queue = MemoryQueue()
    outbox = Outbox("memory", channel, queue, retry_delays_s=[0.0] * retries)
    try:
        yield outbox, queue
    finally:
        channel.gate.set()
        outbox.close(timeout_s=5)


def numbered(number: int) -> Alert:
    return replace(SWEEP_ALERT, title=f"alert {number}")


def test_alerts_are_sent_in_order() -> None:
    channel = MemoryChannel()
    with outbox_of(channel) as (outbox, queue):
        for number in range(5):
            queue.put(numbered(number))
        outbox.wake()
        wait_until(lambda: len(queue.sent) == 5, what="the last alert")
    assert channel.sent == [numbered(number) for number in range(5)]


def test_a_failed_alert_is_sent_again() -> None:
    channel = MemoryChannel(failures=2)
    with outbox_of(channel) as (outbox, queue):
        queue.put(SWEEP_ALERT)
        outbox.wake()
        wait_until(lambda: channel.sent == [SWEEP_ALERT], what="the third attempt")
    assert queue.sent == [1] and queue.waiting == {}


def test_an_alert_that_keeps_failing_is_given_up_and_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    channel = MemoryChannel(failures=3)
    with outbox_of(channel) as (outbox, queue):
        queue.put(SWEEP_ALERT)
        outbox.wake()
        wait_until(lambda: queue.given_up != {}, what="the end of the attempts")
        queue.put(numbered(2))
        outbox.wake()
        wait_until(lambda: channel.sent == [numbered(2)], what="the next alert")
    assert queue.given_up == {1: "RuntimeError: no network"}
    assert "the alert `Sweep `digits` has finished` was not sent by the channel `memory`: RuntimeError" in caplog.text


def test_a_slow_channel_does_not_block_and_a_close_leaves_the_rest_in_the_queue() -> None:
    channel = MemoryChannel()
    channel.gate.clear()
    with outbox_of(channel) as (outbox, queue):
        started = time.monotonic()
        queue.put(SWEEP_ALERT)
        outbox.wake()
        wait_until(lambda: channel.attempts == 1)
        outbox.close(timeout_s=0.05)
        assert time.monotonic() - started < 25
        assert queue.sent == [] and 1 in queue.waiting
