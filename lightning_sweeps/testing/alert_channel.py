"""The contract of alert channels."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from lightning_sweeps.alerts.alert import Alert
from lightning_sweeps.alerts.channel import DEADLINE_S, AlertChannel

SWEEP_ALERT = Alert(
    kind="sweep_finished",
    title="Sweep `digits` has finished",
    text="`run_cap` of 20 trials is reached\nBest `val_loss`: 0.125 (trial 7).",
    project="digits",
    sweep="a1b2c3",
    run=None,
    url="http://127.0.0.1:8800/sweeps/a1b2c3",
    time=1_700_000_000.5,
)
UNUSUAL_ALERT = Alert(
    kind="sweep_paused",
    title='Sweep `grün "quoted" $HOME; \\` is paused after failures',
    text="",
    project="",
    sweep=None,
    run=None,
    url="",
    time=0.0,
)


class AlertChannelContract:
    """Tests that an alert channel must pass. Override `channel`, `broken_channel` and `received`.

    Override `expected` too if the destination gets something else than the fields of the alert.
    """

    @pytest.fixture
    def channel(self) -> AlertChannel:
        """Return the channel to test, with a destination that accepts alerts."""
        raise NotImplementedError("override the fixture `channel`")

    @pytest.fixture
    def broken_channel(self) -> AlertChannel:
        """Return a channel of the same kind with a destination that accepts nothing, for example a closed port."""
        raise NotImplementedError("override the fixture `broken_channel`")

    def received(self) -> list[dict[str, Any]]:
        """Return the alerts that the destination of `channel` has received, each as `expected` returns it."""
        raise NotImplementedError("override `received`")

    def expected(self, alert: Alert) -> dict[str, Any]:
        """Return what the destination receives for an alert: by default, all its fields."""
        return alert.to_json()

    @pytest.mark.parametrize("alert", [SWEEP_ALERT, UNUSUAL_ALERT], ids=["sweep", "unusual"])
    def test_the_destination_receives_the_alert(self, channel: AlertChannel, alert: Alert) -> None:
        """Every field arrives unchanged."""
        channel.send(alert)
        assert self.received() == [self.expected(alert)]

    def test_an_alert_can_be_sent_again(self, channel: AlertChannel) -> None:
        """The server repeats an alert after a failure."""
        channel.send(SWEEP_ALERT)
        channel.send(SWEEP_ALERT)
        assert self.received() == [self.expected(SWEEP_ALERT)] * 2

    def test_it_works_in_another_thread(self, channel: AlertChannel) -> None:
        """The server creates a channel in one thread and sends from another."""
        problems: list[BaseException] = []

        def send() -> None:
            try:
                channel.send(SWEEP_ALERT)
            except BaseException as error:
                problems.append(error)

        thread = threading.Thread(target=send, name="alert-contract")
        thread.start()
        thread.join(DEADLINE_S)
        assert not thread.is_alive() and problems == []
        assert self.received() == [self.expected(SWEEP_ALERT)]

    def test_a_failure_raises_within_the_deadline(self, broken_channel: AlertChannel) -> None:
        """A channel must not hide a failure: the server would not repeat the alert."""
        started = time.monotonic()
        with pytest.raises(Exception):  # noqa: B017  any exception counts as a failure
            broken_channel.send(SWEEP_ALERT)
        assert time.monotonic() - started < DEADLINE_S
