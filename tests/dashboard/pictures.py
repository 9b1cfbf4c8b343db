"""Takes the screenshots of docs/dashboard.md from the results of `make demo`.

    python -m tests.dashboard.pictures .demo

A test takes them from its own run of the example sweep, and discards them (`tests/end_to_end/test_ddp_sweep.py`). The
folder is copied, so that the demo's server and data stay as they are. The media page shows digits of the demo's data.
"""

from __future__ import annotations

import base64
import json
import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from lightning_sweeps.client import Client
from tests.dashboard.browser import Browser, running_browser
from tests.dashboard.contents import OF_OURS, Contents, picture
from tests.dashboard.fixtures import Writer, run_info
from tests.servers import running_server

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTH = 1440
STEPS = 12
SHOWN = 14
SCALE = 12
LIVING = ("server.json", "*.lock", "service*")
"""Files of processes: they describe the demo's server, not this one."""


def main() -> None:
    demo = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(demo, home, ignore=shutil.ignore_patterns(*LIVING))
        with running_server(home) as (client, _), running_browser(width=WIDTH) as browser:
            take_all(client, browser, IMAGES)


def take_all(client: Client, browser: Browser, folder: Path) -> None:
    """Take every screenshot of the example sweep into `folder`."""
    log_digits(client)
    browser.log_in(client)
    for name, path, height, ready in pages(client):
        take(browser, client.url + path, folder / f"{name}.png", height=height, ready=ready)


def pages(client: Client) -> list[tuple[str, str, int, str]]:
    """Return the name, address and height of each screenshot, and a selector that matches once the page is complete."""
    sweep = client.sweeps()[0]
    best = sweep.best
    assert best is not None, "the demo's sweep has no trial with a value"
    run = next(run for run in client.runs(trial=best.id).runs if run.rank == 0)
    other = next(one for one in client.runs(sweep=sweep.id).runs if one.trial != best.id)
    metrics = "~summary.val/loss|summary.val/loss|summary.val/accuracy|config.lr|config.hidden"
    columns = f"state|rank|{metrics}|created|duration|rows"
    group = f"/groups/{run.project}/{run.group}"
    return [
        ("home", "/", 620, "a.card"),
        ("sweep", f"/sweeps/{sweep.id}", 1296, ".chart canvas"),
        ("runs", f"/runs?project={run.project}&fold=on&open={run.id}&columns={columns}", 620, ".spark path"),
        ("charts", f"/runs?project={run.project}&view=Charts&look=env.out.band&keys=loss", 900, ".chart canvas"),
        ("run", f"/runs/{run.id}?view=Overview&against={other.id}", 500, ".command"),
        ("media", "/runs/run-digits?view=Media", 1180, ".matrix td"),
        ("ranks", f"{group}?view=Pace", 620, ".heat canvas"),
        ("nodes", f"/nodes?node={run.node}", 640, ".chart canvas"),
    ]


def take(browser: Browser, url: str, file: Path, *, height: int, ready: str) -> None:
    browser.resize(WIDTH, height)
    browser.go(url)
    browser.wait(lambda: browser.count(ready) > 0 and browser.count(".plot-empty") == 0, what=f"`{ready}` on {url}")
    browser.run_async(
        "const done = arguments[0]; setTimeout(done, 1500)"
    )  # charts are drawn a little after they appear
    file.write_bytes(base64.b64decode(browser.screenshot()))
    print(f"{file.name}: {file.stat().st_size // 1000} kB")


def log_digits(client: Client) -> None:
    """Log the inputs and results of a classifier of the demo's digits, step by step."""
    images, labels = load_digits(return_X_y=True)
    run = Writer(client, run_info("digits", project="digits", group="digits-seen"))
    contents = Contents(client, run)
    model = LogisticRegression(max_iter=1, warm_start=True, C=0.01)
    for step in range(STEPS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # one iteration per step is intended
            model.fit(images[SHOWN:900] / 16, labels[SHOWN:900])
        said = model.predict(images[:SHOWN] / 16)
        for index in range(SHOWN):
            drawn = picture(_enlarged(images[index].reshape(8, 8)))
            caption = f"{labels[index]}, taken for {said[index]}"
            contents.media("digits/seen", step, drawn, "image/png", caption=caption, index=index)
        counts, edges = np.histogram(model.coef_, bins=48)
        weights = json.dumps({"counts": counts.tolist(), "edges": edges.tolist(), "not_finite": 0})
        contents.media("digits/weights", step, weights.encode(), OF_OURS + "histogram+json")
        matrix = np.zeros((10, 10), dtype=int)
        np.add.at(matrix, (labels[900:], model.predict(images[900:] / 16)), 1)
        told = json.dumps({"labels": [str(digit) for digit in range(10)], "matrix": matrix.tolist()})
        contents.media("digits/confusion", step, told.encode(), OF_OURS + "confusion-matrix+json")
    run.finish()
    contents.send()


def _enlarged(pixels: Sequence[Sequence[float]]) -> list[bytes]:
    """Return the rows of a grey picture, each of its pixels `SCALE` times as wide and high."""
    rows = [b"".join(bytes([round(255 * value / 16)]) * 3 * SCALE for value in row) for row in pixels]
    return [row for row in rows for _ in range(SCALE)]


if __name__ == "__main__":
    main()
