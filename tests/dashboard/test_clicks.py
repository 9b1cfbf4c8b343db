"""How many clicks the usual tasks take. `docs/dashboard.md` has the same numbers beside those of other tools."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dashboard.browser import Browser
from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.fixtures import Writer, run_info
from tests.dashboard.named_tests import ROOT

SORTED = "return document.querySelector('.head[aria-sort=ascending]')?.innerText.includes('val/loss')"


class Counted:
    """A browser that counts clicks and presses of keys."""

    def __init__(self, page: Browser) -> None:
        self.page = page
        self.clicks = 0

    def click(self, selector: str, text: str = "") -> None:
        self.page.click(selector, text)
        self.clicks += 1


@pytest.fixture(scope="module")
def clicked(opened: OpenDashboard) -> OpenDashboard:
    for at in range(6):
        info = run_info(f"click-{at}", project="clicks", config={"lr": 0.1 * (at % 2 + 1), "seed": at})
        run = Writer(opened.client, info)
        for step in range(5):
            run.row(step, {"val/loss": at + 1 / (step + 1), "val/acc": 0.5})
        run.finish("failed" if at == 0 else "finished", "CUDA out of memory" if at == 0 else "").send()
    return opened


def best_run(opened: OpenDashboard) -> Counted:
    counted = Counted(opened.go("/projects/clicks"))
    counted.click("a", "all runs")
    counted.click(".head button", "val/loss")
    counted.page.wait(lambda: bool(counted.page.run(SORTED)), what="the table sorted by val/loss")
    return counted


def best_trial(opened: OpenDashboard) -> Counted:
    counted = Counted(opened.go("/sweeps?project=tests"))
    counted.click("a.card")
    counted.page.see("best val/loss", ".facts")
    return counted


def why_failed(opened: OpenDashboard) -> Counted:
    counted = Counted(opened.go("/runs?project=clicks"))
    counted.click("[data-row] a", "click-0")
    counted.page.see("CUDA out of memory")
    return counted


def compare_runs(opened: OpenDashboard) -> Counted:
    counted = Counted(opened.go("/runs?project=clicks"))
    counted.click("[data-tab=Compare]")
    counted.page.wait(lambda: counted.page.count("table.compared thead th") >= 6, what="five runs side by side")
    return counted


def ranks_of_a_job(opened: OpenDashboard) -> Counted:
    counted = Counted(opened.go("/runs?project=tests&find=ddp"))
    counted.click("[data-row] .quiet-link", "ddp")
    counted.page.see("ranks")
    return counted


def filter_by_value(opened: OpenDashboard) -> Counted:
    counted = Counted(opened.go("/runs?project=clicks&columns=config.lr"))
    counted.page.wait(lambda: counted.page.count("[data-row]") == 6, what="all rows")
    counted.page.run("document.querySelector('[data-row]').dispatchEvent(new MouseEvent('mouseenter'))")
    counted.click("[data-row='0'] [aria-label^='Only config.lr']")
    counted.page.see("3 runs")
    return counted


def average_seeds(opened: OpenDashboard) -> Counted:
    counted = Counted(opened.go("/runs?project=clicks"))
    counted.click("[data-tab=Charts]")
    counted.click("button", "Average over seed")
    counted.page.see("(mean of 3)", ".chart-legend")
    return counted


def smooth_all_charts(opened: OpenDashboard) -> Counted:
    counted = Counted(opened.go("/runs?project=clicks&view=Charts"))
    counted.click("[aria-label='Chart options'] input[type=range]")
    counted.page.wait(lambda: "smooth=" in counted.page.run("return location.search"), what="smoothing in the address")
    return counted


def save_chart(opened: OpenDashboard) -> Counted:
    counted = Counted(opened.go("/runs?project=clicks&view=Charts"))
    counted.click("[aria-label='More of val/loss']")
    counted.click("[role=menuitem]", "Download SVG")
    return counted


def save_table(opened: OpenDashboard) -> Counted:
    counted = Counted(opened.go("/runs?project=clicks"))
    counted.click(".toolbar button", "CSV")
    return counted


def share(opened: OpenDashboard) -> Counted:
    counted = Counted(opened.go("/runs?project=clicks&sort=summary.val/loss&runs=run-click-1"))
    counted.page.see("1 selected")
    return counted


TASKS: dict[str, Callable[[OpenDashboard], Counted]] = {
    "best run of a project by `val/loss`": best_run,
    "best trial of a sweep": best_trial,
    "why did this run fail": why_failed,
    "compare five runs": compare_runs,
    "see the ranks of one job": ranks_of_a_job,
    "filter by a value of the configuration": filter_by_value,
    "average over seeds": average_seeds,
    "smooth all charts": smooth_all_charts,
    "save a chart": save_chart,
    "save the table": save_table,
    "share a view": share,
}


def documented() -> dict[str, int]:
    """Return the clicks of each task in docs/dashboard.md."""
    text = (ROOT / "docs" / "dashboard.md").read_text()
    section = text.partition("### Clicks")[2].partition("\n#")[0]
    return {name: int(count) for name, count in re.findall(r"^\| ([^|]+?) \| (\d+) \|", section, re.MULTILINE)}


def test_every_task_is_documented() -> None:
    assert list(documented()) == list(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_a_task_takes_the_documented_clicks(
    clicked: OpenDashboard, task: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("downloads")
    where = {"behavior": "allow", "downloadPath": str(folder)}
    clicked.browser.devtools("Browser.setDownloadBehavior", where)
    assert TASKS[task](clicked).clicks == documented()[task]
    if task.startswith("save"):
        clicked.browser.wait(lambda: any(folder.glob("*.[sc]*v*")), what="the file")
