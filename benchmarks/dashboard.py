"""Measures the cost of the dashboard in a real browser, compared with bare uPlot drawing the same lines.

    python -m benchmarks.dashboard [charts] [live] [steps] [table] [open] [hour]

- charts: 20 charts x 50 runs x 500 points, from navigation until all are painted, and the work of the page's scripts.
  Bare uPlot draws the same lines at the same size and range, from a prepared file, and rounds them to no pixels
  either (`pxAlign: 0`). Both draw hairlines (1 pixel, as
  the page does for more than 24 lines) and lines of 1.5 pixels (its "wide lines").
- live: size of requests and responses when each of these lines gets one new point.
- steps: opening a run of 1,000,000 steps, compared with one of 1,000.
- table: 10,000 runs scrolled from top to bottom: how often visible rows were still empty when a frame was painted.
- open: memory of a page that stays open while 10 runs log, 400 changes in about a minute.
- hour: the same for an hour, one change a second.

Needs Chromium (Debian: chromium, chromium-driver), the built page, and dashboard/node_modules for the bare uPlot.
"""

from __future__ import annotations

import functools
import http.server
import json
import math
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lightning_sweeps.client import Client
from lightning_sweeps.journal.records import RunInfo
from lightning_sweeps.messages import LineRequest, SeriesQuery
from tests.dashboard.browser import Browser, running_browser
from tests.dashboard.fixtures import Writer, run_info
from tests.servers import running_server

ROOT = Path(__file__).parents[1]
ROUNDS = 3
CHARTS, RUNS, POINTS = 20, 50, 500
KEYS = [f"group/metric{number:02d}" for number in range(CHARTS)]
TABLE_RUNS = 10_000
JOURNALS_AT_ONCE = 500
CANVAS = "[...document.querySelectorAll('.chart canvas')].map((one) => [one.width, one.height])[0]"
OUR_LINES = {"dashboard": "env.out", "dashboard, wide lines": "env.out.wide"}
BARE_LINES = {"bare uPlot, 1 px": 1, "bare uPlot, 1.5 px": 1.5}

BARE = """<!doctype html><link rel=stylesheet href=/uPlot.min.css><script src=/uPlot.iife.min.js></script>
<body style="display:grid;grid-template-columns:repeat(3,1fr)"><script>
const [pixels, width, height] = location.hash.slice(1).split(",").map(Number);
fetch("/data.json").then((answer) => answer.json()).then((charts) => {
  for (const data of charts) {
    const series = [{}, ...data.slice(1).map((_, at) => ({ stroke: `hsl(${at * 7} 60% 45%)`, width: pixels }))];
    const y = { range: (_, low, high) => [low - (high - low) / 20, high + (high - low) / 20] };
    const look = { scales: { x: { time: false }, y }, axes: [{ size: 26 }, { size: 40 }], padding: [8, 10, 0, 0] };
    new uPlot({ width, height, series, legend: { show: false }, pxAlign: 0, ...look }, data, document.body);
  }
  requestAnimationFrame(() => requestAnimationFrame(() => (window.painted = performance.now())));
});
</script>"""

PAINTED = """
const [wanted, done] = arguments;
(function look() {
  const charts = [...document.querySelectorAll('.chart canvas')].length;
  const isWaiting = document.querySelector('.plot-empty');
  if (charts < wanted || isWaiting) return requestAnimationFrame(look);
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
})();"""


def main() -> None:
    wanted = sys.argv[1:] or [name for name in PARTS if name != "hour"]
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder) / "server") as (client, _),
        running_browser(width=2400, height=3600) as browser,
    ):
        browser.log_in(client)
        for name in wanted:
            PARTS[name](client, browser)


def charts(client: Client, browser: Browser) -> None:
    ids = made_runs(client)
    path = f"/runs?view=Charts&find=c50&runs={','.join(ids)}"
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in (*OUR_LINES, *BARE_LINES)}
    with bare_pages(client, ids) as bare_url:
        for _ in range(ROUNDS):
            for name, look in OUR_LINES.items():
                url = f"{client.url}{path}&look={look}"
                found[name].append(measured(browser, url, lambda: painted(browser, CHARTS)))
            width, height = browser.run(f"return {CANVAS}")
            for name, pixels in BARE_LINES.items():
                url = f"{bare_url}#{pixels},{width},{height}"
                found[name].append(measured(browser, url, lambda: bare_painted(browser)))
    print(f"{CHARTS} charts x {RUNS} runs x {POINTS} points, {width} x {height} pixels each, median of {ROUNDS}")
    print(f"{'':24}{'painted after':>16}{'work of scripts':>20}{'by 1 px':>12}{'by 1.5 px':>12}")
    medians = {name: [statistics.median(column) for column in zip(*some, strict=True)] for name, some in found.items()}
    for name, (wall, work) in medians.items():
        ratios = "".join(f"{wall / medians[bare][0]:>12.2f}" for bare in BARE_LINES)
        print(f"{name:24}{wall:>13.0f} ms{work:>17.0f} ms{ratios}")


def live(client: Client, browser: Browser) -> None:
    writers = {info.id: made_run(client, info) for info in (run_info(f"live-{number}") for number in range(RUNS))}
    browser.go(f"{client.url}/runs?view=Charts&find=live&runs={','.join(writers)}")
    painted(browser, CHARTS)
    seen = "performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/packed'))"
    first = browser.run(f"return {seen}.map((one) => [one.decodedBodySize, one.duration])")
    for writer in writers.values():
        writer.row(POINTS, dict.fromkeys(KEYS, 0.5)).send()
    browser.wait(lambda: browser.run(f"return {seen}.length") > len(first), what="the page's next question")
    later = browser.run(f"return {seen}.map((one) => [one.decodedBodySize, one.duration])")[len(first) :]
    for what, some in (("whole lines", first), ("the next point of each", later)):
        size, milliseconds = (sum(column) for column in zip(*some, strict=True))
        print(f"{CHARTS} x {RUNS} lines, {what}: {size / 1000:,.0f} kB in {len(some)} answers, {milliseconds:.0f} ms")


def steps(client: Client, browser: Browser) -> None:
    for count in (1_000, 1_000_000):
        run = Writer(client, run_info(f"steps-{count}"))
        for step in range(count):
            run.row(step, {"loss": math.sin(step / 1000)})
            if step % 50_000 == 0:
                run.send()
        run.finish().send()
    for count in (1_000, 1_000_000, 1_000, 1_000_000):
        url = f"{client.url}/runs/run-steps-{count}"
        walls = [measured(browser, url, lambda: painted(browser, 1))[0] for _ in range(ROUNDS)]
        print(f"a run of {count:>9,} steps: painted after {statistics.median(walls):.0f} ms")


def table(client: Client, browser: Browser) -> None:
    journals = [
        Writer(client, run_info(f"row-{number:05d}", group=f"group-{number // 2}")).log(1, loss=float(number)).finish()
        for number in range(TABLE_RUNS)
    ]
    for first in range(0, TABLE_RUNS, JOURNALS_AT_ONCE):
        client.send_journals([journal.take() for journal in journals[first : first + JOURNALS_AT_ONCE]])
    browser.go(f"{client.url}/runs?sort=-summary.loss")
    browser.wait(lambda: browser.count("[data-row='0'] a") > 0, what="the first row")
    blank = browser.run_async(
        """const done = arguments[0]; const box = document.querySelector('.table'); const frames = [];
        const whole = box.scrollHeight - box.clientHeight; let at = 0;
        (function scroll() {
          const seen = box.getBoundingClientRect();
          const rows = [...document.querySelectorAll('.table-body .row')].filter((row) => {
            const place = row.getBoundingClientRect();
            return place.bottom > seen.top + 34 && place.top < seen.bottom; });
          const expected = Math.floor((seen.height - 34) / 34) - 1;
          frames.push([rows.length < expected, rows.filter((row) => row.classList.contains('waiting')).length]);
          if (at >= whole) return done({frames: frames.length, missing: frames.filter((one) => one[0]).length,
            waiting: frames.filter((one) => one[1]).length});
          at += 400; box.scrollTop = at; requestAnimationFrame(() => requestAnimationFrame(scroll));
        })();"""
    )
    print(f"{TABLE_RUNS:,} runs scrolled, 400 pixels a frame: {json.dumps(blank)}")
    started = time.monotonic()
    browser.run("document.querySelector('.table').scrollTop = 170000")
    browser.wait(lambda: browser.count(".table-body .row.waiting") == 0, what="the rows in the middle")
    print(f"a jump to the middle: its rows appear after {(time.monotonic() - started) * 1000:.0f} ms")


def left_open(client: Client, browser: Browser, *, updates: int = 400, every_s: float = 0.1) -> None:
    runs = [Writer(client, run_info(f"open-{number}", group="open")).log(0, loss=1.0).send() for number in range(10)]
    browser.go(f"{client.url}/groups/tests/open")
    painted(browser, 1)
    print(f"a page left open over {updates} updates of 10 runs, one in {every_s} s; after collecting garbage:")
    for update in range(1, updates + 1):
        for run in runs:
            run.log(update, loss=1 / update).send()
        time.sleep(every_s)
        if update % (updates // 12) == 0:
            browser.devtools("HeapProfiler.collectGarbage", {})
            heap, nodes, listeners = (metric(browser, name) for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners"))
            print(f"{update:>6} updates: heap {heap / 1e6:.1f} MB, {nodes:.0f} nodes, {listeners:.0f} listeners")


def hour(client: Client, browser: Browser) -> None:
    left_open(client, browser, updates=3600, every_s=1.0)


PARTS: dict[str, Callable[[Client, Browser], None]] = {
    "charts": charts,
    "live": live,
    "steps": steps,
    "table": table,
    "open": left_open,
    "hour": hour,
}


def made_runs(client: Client) -> list[str]:
    """Make the runs of the charts and return their ids."""
    infos = [run_info(f"c50-{number}") for number in range(RUNS)]
    for info in infos:
        made_run(client, info).finish().send()
    return [info.id for info in infos]


def made_run(client: Client, info: RunInfo) -> Writer:
    run = Writer(client, info)
    phase = float(info.name.rpartition("-")[2])
    for step in range(POINTS):
        run.row(
            step, {key: math.exp(-step / 200) + math.sin(step * (at + 1) + phase) / 9 for at, key in enumerate(KEYS)}
        )
    return run.send()


@contextmanager
def bare_pages(client: Client, ids: list[str]) -> Iterator[str]:
    """Serve the same data to a page with nothing but uPlot, and yield the page's address."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("uPlot.min.css", "uPlot.iife.min.js"):
            (folder / file).write_bytes((ROOT / "dashboard/node_modules/uplot/dist" / file).read_bytes())
        (folder / "index.html").write_text(BARE)
        lines = client.query_series(
            SeriesQuery([LineRequest(run, key) for key in KEYS for run in ids], points=POINTS)
        ).lines
        data = []
        for at in range(CHARTS):
            part = lines[at * RUNS : (at + 1) * RUNS]
            data.append([part[0].x, *(line.mean for line in part)])
        (folder / "data.json").write_text(json.dumps(data))
        handler = functools.partial(Quiet, directory=name)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without logging requests."""

    def log_message(self, *_: object) -> None:
        pass


def measured(browser: Browser, url: str, wait: Callable[[], float]) -> tuple[float, float]:
    """Return the milliseconds until the page was painted, and the milliseconds of work of its main thread."""
    browser.go("about:blank")
    browser.devtools("Performance.enable", {})
    before = metric(browser, "TaskDuration")
    browser.go(url)
    wall = wait()
    work = metric(browser, "TaskDuration")
    return wall, (work - before if work > before else work) * 1000


def painted(browser: Browser, count: int) -> float:
    return float(browser.run_async(f"const done = arguments[0]; (function () {{ {PAINTED} }})({count}, done);"))


def bare_painted(browser: Browser) -> float:
    browser.wait(lambda: browser.run("return window.painted"), what="bare uPlot")
    return float(browser.run("return window.painted"))


def metric(browser: Browser, name: str) -> float:
    browser.devtools("Performance.enable", {})
    found = browser.devtools("Performance.getMetrics", {})["metrics"]
    return float(next(one["value"] for one in found if one["name"] == name))


if __name__ == "__main__":
    main()
