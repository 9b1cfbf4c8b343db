"""Every page in a real browser with a real server."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.dashboard.axe import violations
from tests.dashboard.browser import Browser
from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.fixtures import EVIL, Writer, run_info
from tests.servers import running_server

PAGES = ["/", "/sweeps", "/runs", "/runs?view=Charts", "/projects/tests", "/nodes"]


def test_empty_server_shows_first_commands(chromium: Browser, tmp_path: Path) -> None:
    with running_server(tmp_path / "server") as (client, _):
        chromium.log_in(client)
        chromium.see("lightning-sweeps sweep sweep.yaml")
        chromium.see("SweepLogger")
        Writer(client, run_info("first")).log(1, loss=1.0).send()
        chromium.see("Latest runs")  # by itself


def test_group_page_compares_ranks(opened: OpenDashboard) -> None:
    page = opened.go("/groups/tests/ddp?view=Ranks")
    page.see("train/loss")
    page.see("killed by signal 9")
    page.see("seed")
    page.click("[role=tab]", "Pace")
    page.wait(lambda: page.count(".heat canvas") == 3, what="lags, times per step, and values")
    page.see("rank 1 lags most")


def test_a_group_is_renamed_and_moves_to_the_trash_and_back(opened: OpenDashboard) -> None:
    page = opened.go("/groups/tests/ddp")
    runs = opened.client.runs(project="tests", group="ddp").runs
    page.click(".page-head button", "Rename")
    page.type("dialog[open] [name=name]", "wide")
    page.click("dialog[open] button", "Rename")
    page.see("wide", "h1")
    assert {opened.client.run(run.id).name[:4] for run in runs} == {"wide"}
    page.click(".page-head button", "Move to trash")
    page.see("moved to the trash", ".page-head [role=status]")
    ended = {run.id for run in runs if run.state != "running"}
    assert {run.id for run in runs if opened.client.run(run.id).deleted} == ended
    page.click(".page-head [role=status] button", "Undo")
    page.wait(lambda: not any(opened.client.run(run.id).deleted for run in runs), what="the runs")


def test_run_and_node_pages(opened: OpenDashboard) -> None:
    page = opened.go("/runs/run-ddp-1?view=Overview&against=run-ddp-0")
    page.see("seed", ".different")
    page.see("killed by signal 9")
    page.click("[role=tab]", "System")
    page.see("GPU utilization")
    opened.go("/nodes")
    page.see("GPU <b>A</b>")


def test_logged_text_never_runs_as_a_script(opened: OpenDashboard) -> None:
    page = opened.browser
    page.complaints()
    views = ["", "?view=Overview", "?view=Console", "?view=System"]
    evil_group = f"/groups/{EVIL.replace('/', '%2F')}/{EVIL.replace('/', '%2F')}"
    paths = [
        *PAGES,
        f"/sweeps/{opened.examples.sweep}",
        *(f"/runs/{opened.examples.evil}{view}" for view in views),
        evil_group,
        f"/projects/{EVIL.replace('/', '%2F')}",
    ]
    for path in paths:
        opened.go(path)
        page.see(EVIL if path.startswith("/runs/") else "lightning-sweeps")
        page.run(
            "document.querySelectorAll('.u-over').forEach((one) => one.dispatchEvent(new MouseEvent('mousemove')))"
        )
        assert page.run("return window.broken") is None, path
    opened.go(f"/runs/{opened.examples.evil}?view=Console")
    page.see(EVIL, ".console")
    assert page.complaints() == []


@pytest.mark.parametrize(("is_dark", "width"), [(False, 1280), (True, 390)], ids=["light", "dark-phone"])
def test_pages_meet_wcag_a_and_aa(opened: OpenDashboard, is_dark: bool, width: int) -> None:
    """Axe finds no violation of WCAG 2 A and AA on any page and tab, in both themes, and no page is too wide."""
    page = opened.browser
    page.set_dark(is_dark)
    page.resize(width, 844)
    failed = next(trial for trial in opened.client.trials(opened.examples.sweep) if trial.state == "failed")
    sweep = [f"/sweeps/{opened.examples.sweep}", f"/sweeps/{opened.examples.sweep}?trial={failed.id}"]
    group = [
        f"/groups/tests/ddp?view={view}"
        for view in ("Charts", "Ranks", "Pace", "Charts&chart=train/loss", "Console&find=worse")
    ]
    run = [f"/runs/run-ddp-1?view={view}" for view in ("Charts", "Overview", "System", "Console", "Media", "Files")]
    wrong = ["/nothing", "/runs/nothing", "/runs?find=nothing", "/runs/run-evil?view=Console"]
    found = []
    for path in [*PAGES, *sweep, *group, *run, *wrong]:
        opened.go(path)
        page.wait(lambda: page.count("main h1") == 1 and "…" not in page.text("main"), what=path)
        found += [(path, *fault) for fault in violations(page)]
        if page.run("return document.documentElement.scrollWidth") > width:
            found.append((path, "runs over the edge", []))
    page.press("?")
    page.see("next, previous row", "dialog[open]")
    found += [("the keys", *fault) for fault in violations(page)]
    page.set_dark(False)
    page.resize(1440, 900)
    assert found == []


def focused(page: Browser) -> str:
    """Return the label of the element that has the focus."""
    return str(
        page.run("const at = document.activeElement; return at.ariaLabel || at.innerText || at.placeholder || ''")
    )


def test_focus_is_visible_stays_in_dialogs_and_returns(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")
    page.wait(lambda: page.count("[aria-label='Maximum number of trials']") == 1, what="the controls")
    page.press("Tab")
    assert focused(page) == "Skip to the content"
    walked: list[str] = []
    while "Cancel" not in walked:
        assert len(walked) < 30, walked
        page.press("Tab")
        walked.append(focused(page))
        ring = page.run("const at = getComputedStyle(document.activeElement); return at.outlineStyle + at.outlineWidth")
        assert ring == "solid2px", walked
    assert walked.index("Runs") < walked.index("Account") < walked.index("Add a point") < walked.index("Cancel")
    page.press("Enter")
    page.see("Cancel this sweep?", "dialog[open]")
    for _ in range(4):
        page.press("Tab")
        is_inside = "return document.querySelector('dialog[open]').contains(document.activeElement)"
        assert page.run(is_inside) or page.run(
            "return document.activeElement === document.body"
        )  # the browser's toolbar
    page.press("Escape")
    page.wait(lambda: page.count("dialog[open]") == 0, what="its end")
    assert focused(page) == "Cancel"
    page.click("[aria-label=Account]")
    page.wait(lambda: page.count(".account") == 1, what="the account's menu")

    def is_left() -> bool:
        page.press("Escape")
        return page.count(".account") == 0

    page.wait(is_left, what="its end")
    assert focused(page) == "Account"


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 720), (3840, 2160)])
def test_no_page_is_wider_than_the_window(opened: OpenDashboard, width: int, height: int) -> None:
    page = opened.browser
    page.resize(width, height)
    for path in [*PAGES, f"/sweeps/{opened.examples.sweep}", "/runs/run-ddp-0", "/groups/tests/ddp"]:
        opened.go(path)
        page.wait(lambda: page.count("main h1") == 1, what="the page")
        time.sleep(0.1)  # lets the layout settle before its width is measured
        assert page.run("return document.documentElement.scrollWidth") <= width, path
    page.resize(1440, 900)


def test_page_is_small_and_loads_from_no_other_host(opened: OpenDashboard) -> None:
    page = opened.go("/runs")
    page.see("runs")
    loaded = page.run("return performance.getEntriesByType('resource').map((one) => [one.name, one.encodedBodySize])")
    assert all(name.startswith(opened.client.url) for name, _ in loaded)
    assert sum(size for name, size in loaded if "/assets/" in name) < 150_000


def test_the_palette_goes_to_a_run_by_its_name(opened: OpenDashboard) -> None:
    page = opened.go("/sweeps")
    page.see("Sweeps", "h1")
    page.press_with("Control", "k")
    page.wait(lambda: page.count("dialog.palette[open]") == 1, what="the palette")
    page.press(*"spik")
    page.see("spiky · tests", "dialog.palette")
    page.press("Enter")
    page.wait(lambda: page.run("return location.pathname") == "/runs/run-spiky", what="the run")
    assert page.count("dialog.palette[open]") == 0
