"""Measures how long the dashboard keeps a browser busy at a time, and how much an open page reads.

    python -m benchmarks.dashboard_tasks [sweep] [elsewhere] [table]

- sweep: the page of a sweep with 1,500 trials and 16 parameters: its long tasks (50 ms or more) and its work.
- elsewhere: bytes a second of a page of one project while 200 runs of another one log once a second.
- table: the same with the table of these runs open, with its long tasks and its heap.

Needs Chromium (Debian: chromium, chromium-driver) and the built page.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import requests
from sqlalchemy import select, update

from benchmarks.dashboard import metric
from benchmarks.growth_laws.leases import add_history, sweep_of
from benchmarks.store import BEGAN
from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.store import schema
from lightning_sweeps.store.database import open_store, sqlite_url
from tests.dashboard.browser import Browser, running_browser
from tests.dashboard.fixtures import Writer, run_info
from tests.servers import running_server

TRIALS, CURVES, AGENTS = 1500, 300, 8
RUNS, SECONDS = 200, 60
SPACE = {f"group.parameter_{at}": {"min": 0.0, "max": 1.0} for at in range(14)} | {
    "model": {"values": [f"model-with-a-long-name-{at}" for at in range(40)]},
    "lr": {"distribution": "log_uniform_values", "min": 1e-6, "max": 1.0},
}
LONG_TASKS = """window.tasks = [];
new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((one) => one.duration)))
  .observe({type: 'longtask', buffered: true});"""


def main() -> None:
    wanted = sys.argv[1:] or list(PARTS)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder) / "server", None, "--lease-s", "36000") as (client, _),
        running_browser(width=1440, height=900) as browser,
    ):
        browser.log_in(client)
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", {"source": LONG_TASKS})
        for name in wanted:
            PARTS[name](client, browser, Home(Path(folder) / "server"))


def sweep(client: Client, browser: Browser, home: Home) -> None:
    config = sweep_of("random", SPACE)
    sweep_id = client.create_sweep(m.SweepCreate(config, project="large")).id
    agents = [
        client.register_agent(sweep_id, m.AgentRegister("host", "node", 1, slot, [str(slot)])).agent.id
        for slot in range(AGENTS)
    ]
    store = open_store(sqlite_url(home.server_database))
    add_history(store, sweep_id, config, trials=TRIALS)
    with store.write() as connection:
        for at, params in connection.execute(select(schema.trial.c.number, schema.trial.c.params)).all():
            objective = sum((value - 0.3) ** 2 for value in params.values() if isinstance(value, float))
            times = {"started": BEGAN + 60 * (at // AGENTS), "ended": BEGAN + 60 * (at // AGENTS) + 50}
            values = {"objective": objective, "agent_id": agents[at % AGENTS]} | times
            connection.execute(update(schema.trial).where(schema.trial.c.number == at).values(**values))
    store.close()
    for number in range(1, CURVES + 1):
        trial = f"{sweep_id}-{number}"
        run = Writer(client, run_info(trial, project="large", group=trial, sweep=sweep_id, trial=trial))
        for step in range(50):
            run.log(step, loss=1 / (step + 1 + math.sin(number)))
        run.send()
    browser.go(f"{client.url}/sweeps/{sweep_id}")
    browser.wait(lambda: browser.count(".slice canvas") == len(SPACE), what="all slices")
    settle(browser)
    report(browser, f"sweep of {TRIALS:,} trials, {len(SPACE)} parameters: opened")
    browser.run("window.tasks.length = 0")
    for at in range(0, 20_000, 250):
        browser.run("scrollTo(0, arguments[0])", at)
    settle(browser)
    report(browser, "scrolled to the end")
    browser.run("window.tasks.length = 0")
    Writer(client, run_info("late", project="large", sweep=sweep_id, trial=f"{sweep_id}-1")).log(99, loss=0.0).send()
    browser.type("[aria-label='Search trials']", "lr<0.001")
    browser.see("of 1500 trials")
    settle(browser)
    report(browser, "searched, with a changed trial")


def elsewhere(client: Client, browser: Browser, _: Home) -> None:
    Writer(client, run_info("here", project="here")).log(1, loss=1.0).send()
    for path in ("/runs?project=here", "/runs?project=here&view=Charts"):
        print(f"{path}, {RUNS} live runs elsewhere: {rate(client, browser, path)}")


def table(client: Client, browser: Browser, _: Home) -> None:
    for path in ("/runs?project=there", "/runs?project=there&sort=-summary.loss", "/"):
        print(f"{path}, {RUNS} live runs: {rate(client, browser, path)}")


def rate(client: Client, browser: Browser, path: str) -> str:
    """Return what a page receives a second while runs log once a second, its long tasks and its heap."""
    writers = [Writer(client, run_info(f"{time.time_ns()}-{at}", project="there")) for at in range(RUNS)]
    values = {f"metric{at}": 1.0 for at in range(11)}
    for writer in writers:
        writer.log(0, loss=1.0, **values)
    client.send_journals([writer.take_part() for writer in writers])
    browser.go(client.url + path)
    settle(browser)
    browser.run("window.tasks.length = 0")
    began, before, step = time.monotonic(), received(browser), 0
    with EventBytes(client) as events:
        while time.monotonic() - began < SECONDS:
            step += 1
            for writer in writers:
                writer.log(step, loss=math.sin(step), **values)
            client.send_journals([writer.take_part() for writer in writers])
            time.sleep(max(0.0, began + step - time.monotonic()))
        taken = time.monotonic() - began
    answers, stream = (count / taken / 1000 for count in (received(browser) - before, events.count))
    tasks = json.loads(browser.run("return JSON.stringify(window.tasks)"))
    browser.devtools("HeapProfiler.collectGarbage", {})
    heap = metric(browser, "JSHeapUsedSize") / 1e6
    return (
        f"answers {answers:.1f} kB/s, events {stream:.1f} kB/s, over {step} updates in {taken:.0f} s; "
        f"{len(tasks)} long tasks, the longest {max(tasks, default=0):.0f} ms; heap {heap:.1f} MB"
    )


class EventBytes:
    """Counts the bytes of a stream of events, compressed as a browser gets it."""

    def __init__(self, client: Client) -> None:
        key = client.create_key(m.KeyCreate(f"bench-{time.time_ns()}", "read")).key
        headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "gzip"}
        self._answer = requests.get(f"{client.url}/api/live", headers=headers, stream=True, timeout=20)
        self._thread = threading.Thread(target=self._read)
        self._is_over = threading.Event()
        self.count = 0

    def __enter__(self) -> EventBytes:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._answer.close()

    def _read(self) -> None:
        while not self._is_over.is_set():
            self.count += len(self._answer.raw.read1(65536, decode_content=False))


def received(browser: Browser) -> float:
    """Return the bytes of all answers so far, compressed, without the stream of events."""
    return float(
        browser.run("return performance.getEntriesByType('resource').reduce((sum, one) => sum + one.transferSize, 0)")
    )


def settle(browser: Browser) -> None:
    """Wait until the page has done no long task for three seconds."""
    browser.run_async(
        """const done = arguments[0]; let count = -1;
        (function look() { if (window.tasks.length === count) return done();
          count = window.tasks.length; setTimeout(look, 3000); })();"""
    )


def report(browser: Browser, what: str) -> None:
    tasks = json.loads(browser.run("return JSON.stringify(window.tasks)"))
    work = metric(browser, "TaskDuration")
    print(
        f"{what}: {len(tasks)} long tasks, {sum(tasks):.0f} ms in all, the longest {max(tasks, default=0):.0f} ms;"
        f" work of the page so far {work:.1f} s"
    )


PARTS: dict[str, Callable[[Client, Browser, Home], None]] = {"sweep": sweep, "elsewhere": elsewhere, "table": table}


if __name__ == "__main__":
    main()
