"""`lightning-sweeps top` with a real server: Textual's pilot presses the keys."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from lightning_sweeps.cli.terminal.app import TopApp
from lightning_sweeps.cli.terminal.feed import Feed
from lightning_sweeps.cli.terminal.location import Location
from lightning_sweeps.client import Client
from lightning_sweeps.core.settings import environment
from tests.cli.terminal.training import Training
from tests.cli.test_cli import command
from tests.servers import end_server, running_server, start_server, wait_for_server, wait_until

DEADLINE_S = 30.0


@pytest.fixture(scope="module")
def server_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("top") / "home"


@pytest.fixture(scope="module")
def client(server_home: Path) -> Iterator[Client]:
    with running_server(server_home) as (client, _):
        yield client


def screen(app: TopApp) -> str:
    """Return the text of the parts that are displayed."""
    parts = [part for part in app.query(Static) if part.display]
    return "\n".join(str(part.content) for part in parts)


async def until(app: TopApp, pilot: Pilot[None], condition: Callable[[str], bool]) -> str:
    """Wait until the screen shows something, and return it."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition(text := screen(app)):
        assert time.monotonic() < deadline, text
        await pilot.pause(0.05)
    return text


def run(
    client: Client, steps: Callable[[TopApp, Pilot[None]], Coroutine[Any, Any, None]], *, place: Location | None = None
) -> None:
    """Run `top` in a terminal of 80 columns and 24 lines."""
    token = client._session.headers["Authorization"].split()[1]
    feed = Feed(lambda: Client(client.url, str(token)))
    app = TopApp(feed, place or Location())

    async def whole() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await steps(app, pilot)

    try:
        asyncio.run(whole())
    finally:
        feed.close()


def test_keys_lead_from_the_sweeps_to_a_trial_and_back(client: Client) -> None:
    training = Training(client)
    training.log({"loss": 1.0, "accuracy": 0.25}, "epoch 0")

    async def steps(app: TopApp, pilot: Pilot[None]) -> None:
        await until(app, pilot, lambda text: "> " in text and training.sweep in text)
        await pilot.press("enter")
        text = await until(app, pilot, lambda text: "epoch 0" in text)
        assert "Sweep learning-rate, running, 0/-, 1 running" in text and "lr=0.1" in text and "loss" in text
        await pilot.press("enter")
        await until(app, pilot, lambda text: "Trial 1, running of learning-rate" in text)
        await pilot.press("left")
        await until(app, pilot, lambda text: "accuracy" in text)
        await pilot.press("escape")
        await until(app, pilot, lambda text: "> " in text and "lr=0.1" in text)
        await pilot.press("escape")
        await until(app, pilot, lambda text: "[live] Sweeps" in text)

    run(client, steps)


def test_new_values_lines_and_trials_appear(client: Client) -> None:
    training = Training(client)

    async def steps(app: TopApp, pilot: Pilot[None]) -> None:
        await until(app, pilot, lambda text: "lr=0.1" in text and "no output yet" in text)
        await asyncio.to_thread(training.log, {"loss": 3.0}, "epoch 0")
        await asyncio.to_thread(training.log, {"loss": 0.5}, "epoch 1")
        await until(app, pilot, lambda text: "epoch 1" in text and "0.5│" in text.replace(" ", ""))
        await asyncio.to_thread(training.end)
        await asyncio.to_thread(training.next_trial)
        await until(app, pilot, lambda text: "lr=0.2" in text and "1/-, 1 running" in text)
        await pilot.press("k", "x", "j")
        await asyncio.to_thread(training.log, {"loss": 2.0})
        await until(app, pilot, lambda text: "loss (this, trial 2)" in text)

    run(client, steps, place=Location("sweep", sweep=training.sweep))


def test_machines_and_runs(client: Client) -> None:
    training = Training(client)
    training.log({"loss": 1.0}, "hello")

    async def steps(app: TopApp, pilot: Pilot[None]) -> None:
        await pilot.press("g", "n")
        text = await until(app, pilot, lambda text: "97%" in text)
        assert "host-1" in text
        await pilot.press("slash", *training.sweep, "enter")
        await until(app, pilot, lambda text: "run-" in text and ">   1 H100" in text)
        await pilot.press("enter")
        await until(app, pilot, lambda text: "hello" in text)
        await pilot.press("g", "r")
        await until(app, pilot, lambda text: "0 of 1" in text and "hello" in text)

    run(client, steps)


def test_search_help_resize_and_quit(client: Client) -> None:
    training = Training(client)

    async def steps(app: TopApp, pilot: Pilot[None]) -> None:
        await until(app, pilot, lambda text: training.sweep in text)
        await pilot.press("slash", *"nothing")
        await until(app, pilot, lambda text: "nothing contains `nothing`" in text)
        await pilot.press("enter", "escape")
        await until(app, pilot, lambda text: training.sweep in text)
        await pilot.press("question_mark")
        assert "next, previous row" in str(app.screen.query_one(Static).content)
        await pilot.press("escape")
        await pilot.resize_terminal(50, 12)
        await until(app, pilot, lambda text: max(map(len, text.splitlines())) <= 50)
        await pilot.resize_terminal(140, 40)
        await until(app, pilot, lambda text: "created" in text)
        await pilot.press("q")

    run(client, steps)


def test_a_sweep_that_does_not_exist_is_said_and_the_list_shown(client: Client) -> None:
    async def steps(app: TopApp, pilot: Pilot[None]) -> None:
        await until(app, pilot, lambda text: "[live] Sweeps" in text)

    run(client, steps, place=Location("sweep", sweep="nothing"))


def test_it_survives_a_restart_of_the_server(home: Path) -> None:
    process = start_server(home)
    server = wait_for_server(home, process)
    port = int(server.url.rpartition(":")[2])
    app = TopApp(Feed(lambda: Client(server.url, server.token)), Location())

    async def whole() -> None:
        nonlocal process
        async with app.run_test(size=(80, 24)) as pilot:
            await until(app, pilot, lambda text: "[live]" in text)
            await asyncio.to_thread(end_server, process)
            await until(app, pilot, lambda text: "does not answer" in text and "[not live, trying again]" in text)
            process = await asyncio.to_thread(start_server, home, port=port)
            await asyncio.to_thread(wait_for_server, home, process)
            with Client(server.url, server.token) as client:
                training = await asyncio.to_thread(Training, client)
            await until(app, pilot, lambda text: "[live]" in text and training.sweep in text)

    try:
        asyncio.run(whole())
    finally:
        app._feed.close()
        end_server(process)


def test_once_prints_the_page_and_the_machines(server_home: Path, client: Client) -> None:
    training = Training(client)
    training.log({"loss": 0.5}, "epoch 1")
    shown = command(server_home, "top", training.sweep, "--once", "--ascii").stdout
    assert "Sweep learning-rate, running" in shown and "epoch 1" in shown and "host-1" in shown
    assert shown.isascii()
    assert training.sweep in command(server_home, "top", "--once").stdout


def test_without_a_terminal_it_says_what_to_do(server_home: Path, client: Client) -> None:
    done = command(server_home, "top")
    assert done.returncode == 2
    assert "`top` needs a terminal" in done.stderr and "top --once" in done.stderr


def test_without_textual_it_says_what_to_install(server_home: Path, client: Client) -> None:
    code = "import sys; sys.modules['textual'] = None; from lightning_sweeps.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "top"],
        env={**environment(), "LIGHTNING_SWEEPS_HOME": str(server_home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert 'pip install "lightning-sweeps[top]"' in done.stderr


def test_it_runs_in_a_real_terminal_without_colours(server_home: Path, client: Client) -> None:
    training = Training(client)
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    env = {**environment(), "LIGHTNING_SWEEPS_HOME": str(server_home), "TERM": "xterm", "NO_COLOR": "1"}
    env |= {"COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(
        [sys.executable, "-m", "lightning_sweeps.cli", "top"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=env,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""

    def sees(text: str) -> bool:
        nonlocal shown
        with contextlib.suppress(OSError):  # nothing was written yet, or the terminal is closed
            shown += os.read(ours, 65536)
        assert process.poll() is None, shown
        return text in re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", shown).decode(errors="replace")

    try:
        wait_until(lambda: sees(training.sweep), what="the sweep on the screen")
        os.write(ours, b"\r")
        wait_until(lambda: sees("lr=0.1"), what="the trial on the screen")
        os.write(ours, b"q")
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
