"""Real server processes send alerts, including through a channel of another package."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.core.paths import Home
from tests.alerts.webhook_server import webhook_server
from tests.engine.driver import GRID, Server
from tests.extensions import install_extension
from tests.servers import end_server, running_server, start_server, wait_until

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
        option = ("--alert", f"webhook={receiver.url}")
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


def test_a_destination_that_is_down_delays_no_request(tmp_path: Path) -> None:
    option = ("--alert", "webhook=http://127.0.0.1:9/nothing")
    with running_server(tmp_path, None, *option) as running, ExitStack() as stack:
        finish_sweep(Server(*running, stack))
        log = Home(tmp_path).server_log
        wait_until(lambda: "the alert channel `webhook` failed" in log.read_text(), what="the first attempt")
        assert running[0].health().status == "ok"
    assert "was not sent by the channel `webhook`" in log.read_text()


def test_a_server_with_an_unusable_option_does_not_start(tmp_path: Path) -> None:
    process = start_server(tmp_path, "--alert", "webhook=nowhere")
    try:
        assert process.wait(30) == 2
    finally:
        end_server(process)
    assert "the alert channel `webhook` needs an http or https URL" in Home(tmp_path).server_log.read_text()
