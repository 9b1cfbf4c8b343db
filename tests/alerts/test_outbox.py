"""The outbox never blocks its caller, retries, and logs the alerts that it could not send."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from lightning_sweeps.alerts.alert import Alert
from lightning_sweeps.alerts.outbox import Outbox
from lightning_sweeps.testing.alert_channel import SWEEP_ALERT
from tests.servers import wait_until


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
def outbox_of(channel: MemoryChannel, *, capacity: int = 10, retries: int = 2) -> Iterator[Outbox]:
    outbox = Outbox("memory", channel, retry_delays_s=[0.01] * retries, capacity=capacity)
    try:
        yield outbox
    finally:
        channel.gate.set()
        outbox.close(timeout_s=5)


def numbered(number: int) -> Alert:
    return replace(SWEEP_ALERT, title=f"alert {number}")


def test_alerts_are_sent_in_order() -> None:
    channel = MemoryChannel()
    with outbox_of(channel) as outbox:
        for number in range(5):
            outbox.put(numbered(number))
    assert channel.sent == [numbered(number) for number in range(5)]


def test_a_failed_alert_is_sent_again() -> None:
    channel = MemoryChannel(failures=2)
    with outbox_of(channel) as outbox:
        outbox.put(SWEEP_ALERT)
        wait_until(lambda: channel.sent == [SWEEP_ALERT], what="the third attempt")


def test_an_alert_that_keeps_failing_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    channel = MemoryChannel(failures=3)
    with outbox_of(channel) as outbox:
        outbox.put(SWEEP_ALERT)
        outbox.put(numbered(2))
        wait_until(lambda: channel.sent == [numbered(2)], what="the next alert")
    assert "the alert `Sweep `digits` has finished` was not sent by the channel `memory`: RuntimeError" in caplog.text


def test_a_slow_channel_does_not_block_and_the_queue_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    channel = MemoryChannel()
    channel.gate.clear()
    with outbox_of(channel, capacity=3) as outbox:
        started = time.monotonic()
        for number in range(5):
            outbox.put(numbered(number))
        assert time.monotonic() - started < 1
        assert "`alert 3` was not sent by the channel `memory`: 3 alerts are waiting already" in caplog.text
        assert "`alert 4` was not sent" in caplog.text
    assert len(channel.sent) == 3


def test_alerts_that_are_left_at_the_end_are_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    channel = MemoryChannel()
    channel.gate.clear()
    with outbox_of(channel) as outbox:
        outbox.put(SWEEP_ALERT)
        wait_until(lambda: channel.attempts == 1)
        outbox.close(timeout_s=0.05)
        assert "was not sent by the channel `memory`: the server is shutting down" in caplog.text
