"""Real server processes send alerts, including through a channel of another package."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import NotFound, ServerRefused
from lightning_sweeps.journal.records import Text
from lightning_sweeps.messages import AlertRuleCreate, KeyCreate
from tests.alerts.smtp_server import smtp_server
from tests.alerts.webhook_server import webhook_server
from tests.cli.test_cli import command
from tests.engine.driver import GRID, Server
from tests.extensions import install_extension
from tests.servers import PostgreSQL, end_server, running_server, start_server, wait_until
from tests.store.journals import Journal

CHANNEL = """
    import json

    class FileChannel:
        def __init__(self, destination):
            self.destination = destination

        def send(self, alert):
            with open(self.destination, "a") as file:
                file.write(json.dumps(alert.to_json()) + "\\n")
"""


def finish_sweep(server: Server, **changes: Any) -> str:
    sweep = server.create(**{**GRID, "run_cap": 1, **changes})
    agent = server.agent(sweep)
    agent.end(agent.take())
    return sweep


def test_a_channel_of_another_package_receives_the_alert_of_a_finished_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = install_extension(tmp_path / "site", CHANNEL, {"lightning_sweeps.alert_channels": {"file": "FileChannel"}})
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=":")
    file = tmp_path / "alerts"
    with running_server(tmp_path / "server", None, "--alert", f"file={file}") as running, ExitStack() as stack:
        sweep = finish_sweep(Server(*running, stack))
        wait_until(file.exists, what="the alert")
        wait_until(lambda: file.read_text().endswith("\n"), what="the whole alert")
        url = running[1].url
    alert = json.loads(file.read_text())
    assert (alert["kind"], alert["sweep"], alert["url"]) == ("sweep_finished", sweep, f"{url}/sweeps/{sweep}")
    assert "`run_cap` of 1 trials is reached" in alert["text"]


def test_a_webhook_receives_each_alert_once_and_a_restart_repeats_none(tmp_path: Path) -> None:
    with webhook_server() as receiver:
        option = ("--alert", f"webhook={receiver.url}", "--public-url", "https://sweeps.example.org")
        with running_server(tmp_path, None, *option) as running, ExitStack() as stack:
            server = Server(*running, stack)
            failing = server.create(**{**GRID, "max_failures": 1})
            agent = server.agent(failing)
            agent.end(agent.take(), "failed", reason="exit code 1")
            wait_until(lambda: len(receiver.bodies) == 1, what="the first alert")
            finished = finish_sweep(server)
        with running_server(tmp_path, None, *option) as running, ExitStack() as stack:
            last = finish_sweep(Server(*running, stack))
            wait_until(lambda: len(receiver.bodies) >= 3, what="the last alert")
    assert [(body["kind"], body["sweep"]) for body in receiver.bodies] == [
        ("sweep_paused", failing),
        ("sweep_finished", finished),
        ("sweep_finished", last),
    ]
    assert receiver.bodies[-1]["url"] == f"https://sweeps.example.org/sweeps/{last}"


def test_an_event_while_no_server_watches_raises_its_alert_at_the_next_start(tmp_path: Path) -> None:
    with webhook_server() as receiver:
        option = ("--alert", f"webhook={receiver.url}")
        with running_server(tmp_path, None, *option) as running:
            assert running[0].alerts().channels == ["webhook"]
        with running_server(tmp_path) as running, ExitStack() as stack:
            sweep = finish_sweep(Server(*running, stack))
        with running_server(tmp_path, None, *option):
            wait_until(lambda: [body["sweep"] for body in receiver.bodies] == [sweep], what="the alert")


def test_two_servers_of_one_database_send_each_alert_once(tmp_path: Path, postgres: PostgreSQL) -> None:
    database = postgres.new_database()
    with webhook_server() as receiver, ExitStack() as stack:
        option = ("--alert", f"webhook={receiver.url}")
        first = stack.enter_context(running_server(tmp_path / "a", database, *option))
        second = stack.enter_context(running_server(tmp_path / "b", database, *option))
        first[0].add_alert_rule(AlertRuleCreate("failed"))
        servers = [Server(*running, stack) for running in (first, second)]
        finished = [finish_sweep(server) for server in servers for _ in range(3)]
        agent = servers[1].agent(failing := servers[1].create())
        agent.end(agent.take(), "failed", reason="exit code 1")
        expected = {*(("sweep_finished", sweep) for sweep in finished), ("failed", failing)}
        wait_until(lambda: len(receiver.bodies) >= len(expected), what="every alert")
        first[0].test_alerts()  # whatever was raised twice would arrive before this
        wait_until(lambda: any(body["kind"] == "test" for body in receiver.bodies), what="the test")
        found = [(body["kind"], body["sweep"]) for body in receiver.bodies if body["kind"] != "test"]
    assert sorted(found) == sorted(expected)


def test_rules_about_runs_reach_a_chat_and_a_mailbox(tmp_path: Path) -> None:
    with webhook_server() as receiver, smtp_server() as mailbox, ExitStack() as stack:
        options = ("--alert", f"chat:webhook={receiver.url}", "--alert", f"mail:apprise={mailbox.url}")
        running = stack.enter_context(running_server(tmp_path, None, *options))
        client = running[0]
        journal = Journal(project="digits").log(0, loss=1.0, acc=0.5)
        client.send_journal(journal.id, 0, journal.data)
        for rule in (
            AlertRuleCreate("diverged", "digits", channels=["mail"]),
            AlertRuleCreate("metric", "digits", metric="acc", above=0.9, channels=["chat"]),
            AlertRuleCreate("run_alert", "digits", channels=["chat"]),
            AlertRuleCreate("diverged", "digits", metric="acc", channels=["chat"]),
        ):
            client.add_alert_rule(rule)
        before = len(journal.data)
        journal.log(1, loss=float("nan"), acc=0.95)
        journal.add(Text(journal._next(), journal.created, "stderr", "alert (WARN): slow: 3 s for each step"))
        client.send_journal(journal.id, before, journal.data[before:])
        wait_until(lambda: len(receiver.bodies) == 2 and len(mailbox.mails) == 1, what="three alerts")
        recent = client.alerts().recent
    assert {body["kind"]: body["title"] for body in receiver.bodies} == {
        "metric": "Run `a name`: `acc` is 0.95, above 0.9",
        "run_alert": "Run `a name`: slow: 3 s for each step",
    }
    assert mailbox.mails[0]["Subject"] == "Run `a name` has diverged: `loss` is nan"
    assert f"{running[1].url}/runs/run-1" in mailbox.mails[0].get_content()
    assert all(one.sent is not None and one.tries == 1 for one in recent)


def test_an_alert_waits_for_a_receiver_that_is_down(tmp_path: Path) -> None:
    with webhook_server() as receiver:
        receiver.statuses = [503]
        option = ("--alert", f"webhook={receiver.url}")
        with running_server(tmp_path, None, *option) as running, ExitStack() as stack:
            sweep = finish_sweep(Server(*running, stack))
            wait_until(lambda: [body["sweep"] for body in receiver.bodies] == [sweep], what="the second attempt")
            wait_until(lambda: running[0].alerts().recent[0].sent is not None, what="the record")
            assert running[0].alerts().recent[0].tries == 2


def test_a_key_of_a_project_sees_and_changes_only_its_rules(tmp_path: Path) -> None:
    with running_server(tmp_path) as (admin, file):
        for project in ("ours", "theirs"):
            journal = Journal(id=project, run=project, project=project).log(0, loss=1.0)
            admin.send_journal(journal.id, 0, journal.data)
        limited = Client(file.url, admin.create_key(KeyCreate("ours", "write", projects=["ours"])).key)
        reader = Client(file.url, admin.create_key(KeyCreate("reader", "read")).key)
        with limited, reader:
            own = limited.add_alert_rule(AlertRuleCreate("failed", "ours"))
            other = admin.add_alert_rule(AlertRuleCreate("failed", "theirs"))
            assert [rule.id for rule in limited.alerts().rules] == [own.id]
            for wanted in (AlertRuleCreate("failed", "theirs"), AlertRuleCreate("failed")):
                with pytest.raises(ServerRefused, match="limited to the project `ours`"):
                    limited.add_alert_rule(wanted)
            with pytest.raises(NotFound, match="there is no alert rule"):
                limited.remove_alert_rule(other.id)
            with pytest.raises(ServerRefused):
                reader.add_alert_rule(AlertRuleCreate("failed"))
            assert limited.remove_alert_rule(own.id) == []
            first = {rule.id: rule.created_by for rule in reader.alerts().rules}
        assert first.keys() == {"sweep_finished", "sweep_paused", other.id}
        with pytest.raises(NotFound, match="there is no project `nothing`"):
            admin.add_alert_rule(AlertRuleCreate("failed", "nothing"))


def test_the_command_adds_lists_tests_and_removes(tmp_path: Path) -> None:
    with webhook_server() as receiver:
        option = ("--alert", f"team:webhook={receiver.url}")
        with running_server(tmp_path, None, *option):
            assert "there is no alert condition `faild`" in command(tmp_path, "alerts", "add", "faild").stderr
            rule = json.loads(
                command(tmp_path, "alerts", "add", "failed", "--times", "3", "--to", "team", "--json").stdout
            )
            listed = command(tmp_path, "alerts", "list").stdout
            assert "Channels: team" in listed and rule["id"] in listed and "failed, times 3" in listed
            assert command(tmp_path, "alerts", "test").stdout == "team: accepted\n"
            assert [body["kind"] for body in receiver.bodies] == ["test"]
            assert "Removed the rule" in command(tmp_path, "alerts", "remove", rule["id"]).stdout
            assert rule["id"] not in command(tmp_path, "alerts", "list").stdout


def test_a_destination_that_is_down_delays_no_request(tmp_path: Path) -> None:
    option = ("--alert", "webhook=http://127.0.0.1:9/nothing")
    with running_server(tmp_path, None, *option) as running, ExitStack() as stack:
        finish_sweep(Server(*running, stack))
        log = Home(tmp_path).server_log
        wait_until(lambda: "the alert channel `webhook` failed" in log.read_text(), what="the first attempt")
        assert running[0].health().status == "ok"


def test_a_server_with_an_unusable_option_does_not_start(tmp_path: Path) -> None:
    process = start_server(tmp_path, "--alert", "webhook=nowhere")
    try:
        assert process.wait(30) == 2
    finally:
        end_server(process)
    assert "the alert channel `webhook` needs an http or https URL" in Home(tmp_path).server_log.read_text()
