"""The built-in alert channels pass the contract tests, and report problems without secrets."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.alerts.channel import AlertChannel
from lightning_sweeps.alerts.channels import command
from lightning_sweeps.alerts.channels.command import CommandChannel
from lightning_sweeps.alerts.channels.webhook import WebhookChannel
from lightning_sweeps.alerts.registry import CHANNELS, open_channel
from lightning_sweeps.errors import AlertNotSent, UsageError
from lightning_sweeps.testing.alert_channel import SWEEP_ALERT, AlertChannelContract
from tests.alerts.webhook_server import WebhookServer, webhook_server


@pytest.fixture
def receiver() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


class TestWebhook(AlertChannelContract):
    @pytest.fixture
    def channel(self, receiver: WebhookServer) -> AlertChannel:
        self.receiver = receiver
        return WebhookChannel(receiver.url)

    @pytest.fixture
    def broken_channel(self) -> AlertChannel:
        return WebhookChannel("http://127.0.0.1:9/nothing-listens-here")

    def received(self) -> list[dict[str, Any]]:
        return self.receiver.bodies


class TestCommand(AlertChannelContract):
    @pytest.fixture
    def channel(self, tmp_path: Path) -> AlertChannel:
        self.file = tmp_path / "received"
        code = f"import sys; open({str(self.file)!r}, 'a').write(sys.stdin.read() + chr(10))"
        return CommandChannel(shlex.join([sys.executable, "-c", code]))

    @pytest.fixture
    def broken_channel(self) -> AlertChannel:
        return CommandChannel("false")

    def received(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_text().splitlines()]


def test_the_error_of_a_webhook_names_only_its_host(receiver: WebhookServer) -> None:
    receiver.statuses = [500]
    with pytest.raises(AlertNotSent, match=r"the host `127\.0\.0\.1` answered with status 500") as raised:
        WebhookChannel(receiver.url).send(SWEEP_ALERT)
    assert "secret" not in str(raised.value)


def test_a_command_that_fails_is_quoted_with_its_errors() -> None:
    with pytest.raises(AlertNotSent, match="ended with status 3: no network"):
        CommandChannel("sh -c 'echo no network >&2; exit 3'").send(SWEEP_ALERT)


def test_a_command_that_hangs_is_killed_with_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "TIMEOUT_S", 0.3)
    with pytest.raises(AlertNotSent, match="ran longer than"):
        CommandChannel("sh -c 'sleep 60 & wait'").send(SWEEP_ALERT)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("webhook", "the alert option `webhook` has no destination"),
        ("webhook=ftp://example.org/x", "`webhook` needs an http or https URL"),
        ("webook=https://example.org", "there is no alert channel `webook`"),
        ("command=/no/such/program", "cannot find the program `/no/such/program`"),
        ("command='", "the command of the alert channel `command` is not valid"),
    ],
)
def test_an_option_that_cannot_be_used_is_rejected_at_the_start(option: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_channel(option)


def test_names_of_the_built_in_channels() -> None:
    assert CHANNELS.names() == ["webhook", "command"]
