"""The built-in alert channels pass the contract tests, and report problems without secrets."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.alerts.alert import Alert
from lightning_sweeps.alerts.channel import AlertChannel
from lightning_sweeps.alerts.channels import command
from lightning_sweeps.alerts.channels.apprise import AppriseChannel
from lightning_sweeps.alerts.channels.command import CommandChannel
from lightning_sweeps.alerts.channels.webhook import WebhookChannel
from lightning_sweeps.alerts.registry import CHANNELS, open_channel, open_channels, read_options
from lightning_sweeps.errors import AlertNotSent, UsageError
from lightning_sweeps.testing.alert_channel import SWEEP_ALERT, AlertChannelContract
from tests.alerts.smtp_server import SmtpServer, smtp_server
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


@pytest.fixture
def mailbox() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


class TestMail(AlertChannelContract):
    @pytest.fixture
    def channel(self, mailbox: SmtpServer) -> AlertChannel:
        self.mailbox = mailbox
        return AppriseChannel(mailbox.url)

    @pytest.fixture
    def broken_channel(self) -> AlertChannel:
        return AppriseChannel("mailto://127.0.0.1:9?from=sweeps@example.org&to=ada@example.org")

    def expected(self, alert: Alert) -> dict[str, Any]:
        body = "\n".join(part for part in (alert.text, alert.url) if part) or alert.title
        return {"subject": alert.title, "to": "ada@example.org", "body": body}

    def received(self) -> list[dict[str, Any]]:
        return [
            {"subject": mail["Subject"], "to": mail["To"], "body": mail.get_content().replace("\r\n", "\n").strip()}
            for mail in self.mailbox.mails
        ]


def test_a_chat_gets_the_title_the_details_and_the_link(receiver: WebhookServer) -> None:
    AppriseChannel(receiver.url.replace("http://", "json://")).send(SWEEP_ALERT)
    (body,) = receiver.bodies
    assert (body["title"], body["type"]) == (SWEEP_ALERT.title, "info")
    assert body["message"] == f"{SWEEP_ALERT.text}\n{SWEEP_ALERT.url}"


def test_the_error_of_apprise_names_only_the_service() -> None:
    with pytest.raises(AlertNotSent, match="the service `json` did not accept the message") as raised:
        AppriseChannel("json://user:secret@127.0.0.1:9/path").send(SWEEP_ALERT)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["slack://TokenA12345/TokenB12345/abcdefghijklmnopqrstuvwx", "discord://123/abc"])
def test_urls_of_chats_are_known(url: str) -> None:
    AppriseChannel(url)


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
        ("apprise=nowhere", "`apprise` cannot use its `nowhere` URL"),
        ("apprise=slakc://a/b/c", "`apprise` cannot use its `slakc` URL"),
        ("team:webook=x", "there is no alert channel `webook`"),
        ("command=/no/such/program", "cannot find the program `/no/such/program`"),
        ("command='", "the command of the alert channel `command` is not valid"),
    ],
)
def test_an_option_that_cannot_be_used_is_rejected_at_the_start(option: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_channel(option)


def test_names_of_the_built_in_channels() -> None:
    assert CHANNELS.names() == ["webhook", "apprise", "command"]


def test_channels_have_names_so_that_rules_can_choose() -> None:
    assert list(open_channels(["webhook=http://a", "team:webhook=http://b", "on call:webhook=http://c:8000/d"])) == [
        "webhook",
        "team",
        "on call",
    ]
    with pytest.raises(UsageError, match="two alert channels have the name `webhook`"):
        open_channels(["webhook=http://a", "webhook=http://b"])


def test_channels_can_stand_in_a_file_that_other_users_do_not_see(tmp_path: Path) -> None:
    file = tmp_path / "alerts"
    file.write_text("# the team\n\nteam:webhook=http://a/secret\n  command=true\n")
    assert read_options(file) == ["team:webhook=http://a/secret", "command=true"]
    with pytest.raises(UsageError, match="cannot be read"):
        read_options(tmp_path / "nothing")
