"""What pages show is what was logged: single values, whole numbers, and runs of the same name, in a real browser."""

from __future__ import annotations

from lightning_sweeps.client import Client
from lightning_sweeps.journal.records import RunInfo
from tests.dashboard.browser import Browser
from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.fixtures import Writer, run_info

CONFIG = {"seed": 4294967295, "run_id": 20261126184500, "lr": 0.1 + 0.2, "note": "nan"}
LOSS = 0.123456789
COPY = """
getSelection().selectAllChildren(document.querySelector(arguments[0]));
const event = new ClipboardEvent("copy", {clipboardData: new DataTransfer(), bubbles: true, cancelable: true});
document.dispatchEvent(event);
return event.clipboardData.getData("text/plain");
"""
COLORED = """
const canvas = document.querySelector(".chart canvas");
const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
let count = 0;
for (let at = 0; at < data.length; at += 4) count += data[at + 2] - data[at] > 90;
return count;
"""
NAMES = "return [...document.querySelectorAll('[data-row] a[href^=\"/runs/\"]')].map((one) => one.innerText)"


def copied(page: Browser, selector: str) -> str:
    page.wait(lambda: page.count(selector) > 0, what=f"`{selector}`")
    return str(page.run(COPY, selector))


def send(client: Client, name: str, loss: float, *, run: str = "", project: str = "true") -> Writer:
    info = RunInfo(run or f"run-{name}", project, name, f"group-{run or name}")
    return Writer(client, info).log(1, loss=loss).send()


def test_a_value_that_was_logged_once_is_a_dot(opened: OpenDashboard) -> None:
    Writer(opened.client, run_info("once", project="once")).log(7, score=1.0).finish().send()
    page = opened.go("/runs/run-once")
    page.wait(lambda: page.count(".chart canvas") == 1 and page.run(COLORED) > 10, what="a dot in the chart")
    page = opened.go("/runs?project=once&view=Charts&look=env.out.band")
    page.wait(lambda: page.count(".chart canvas") == 1 and page.run(COLORED) > 10, what="a dot in the chart of groups")


def test_configuration_is_shown_as_it_is_and_rounded_values_are_copied_whole(opened: OpenDashboard) -> None:
    Writer(opened.client, run_info("whole", project="whole", config=CONFIG)).log(1, loss=LOSS).finish().send()
    page = opened.go("/runs/run-whole?view=Overview")
    for text in ("4294967295", "20261126184500", "0.30000000000000004", "nan"):
        page.see(text, ".pairs")
    page.wait(lambda: page.count("[aria-label='Copy the configuration as JSON']") == 1, what="the button that copies")
    page.see("0.123457", "data")
    assert copied(page, "data") == "0.123456789"
    page = opened.go("/runs?project=whole&columns=summary.loss|config.seed")
    page.see("4294967295", "[data-row]")
    assert copied(page, "[data-row]").split() == ["whole", "0.123456789", "4294967295"]


def test_runs_of_the_same_name_are_told_apart(opened: OpenDashboard) -> None:
    for run in ("same-1111", "same-2222"):
        send(opened.client, "exp", 1.0, run=run, project="same").finish().send()
    page = opened.go("/runs?project=same")
    page.see("e-1111", "[role=table]")
    page.see("e-2222", "[role=table]")
    page = opened.go("/runs?project=same&view=Charts&chart=loss")
    page.see("exp · 1111", ".legend")
    page.see("exp · 2222", ".legend")


def test_rows_that_are_held_keep_their_places(opened: OpenDashboard) -> None:
    first, second = send(opened.client, "first", 1.0), send(opened.client, "second", 2.0)
    page = opened.go("/runs?project=true&sort=summary.loss&columns=summary.loss")
    page.wait(lambda: page.run(NAMES) == ["first", "second"], what="both runs")
    page.click("button", "hold still")
    first.log(2, loss=5.0).send()
    send(opened.client, "third", 0.5)
    page.see("3 runs")  # the news has arrived
    assert page.run(NAMES) == ["first", "second"] or page.run(NAMES)[:2] == ["first", "second"]
    page.click("button", "hold still")
    page.wait(lambda: page.run(NAMES) == ["third", "second", "first"], what="the new order")
    for run in (first, second):
        run.finish().send()
