"""Every page in a real browser with a real server."""

from __future__ import annotations

import math
import re
import time
from pathlib import Path

import pytest

from lightning_sweeps.messages import SweepState
from tests.dashboard.axe import violations
from tests.dashboard.browser import Browser
from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.fixtures import EVIL, SPIKE, SPIKE_AT, STEPS, Writer, build_sweep, run_info
from tests.servers import running_server

PAGES = ["/", "/sweeps", "/runs", "/runs?view=Charts", "/nodes"]
TRIALS = "[aria-label=Trials] .table-body .row"


def test_empty_server_shows_first_commands(chromium: Browser, tmp_path: Path) -> None:
    with running_server(tmp_path / "server") as (client, _):
        chromium.log_in(client)
        chromium.see("lightning-sweeps sweep sweep.yaml")
        chromium.see("SweepLogger")
        Writer(client, run_info("first")).log(1, loss=1.0).send()
        chromium.see("Latest runs")  # by itself


def test_sweep_page_shows_progress_trials_and_agents(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")
    page.see("4 finished, 1 stopped, 1 running, 1 failed")
    page.wait(lambda: page.count(TRIALS) == 7, what="seven trials")
    page.wait(lambda: page.count(".drawing canvas") >= 1, what="parallel coordinates")
    page.wait(lambda: page.count(".chart canvas") >= 2, what="best so far and learning curves")
    page.wait(lambda: page.count(".slice canvas") == 3, what="a slice a parameter")
    page.see("ValueError: ")
    page.wait(lambda: page.count(".contour-dot") >= 5, what="a dot a trial over two parameters")
    assert page.count(".timeline-track .span") == 7
    assert "lightning-sweeps agent" in page.text(".add-agent")
    page.click(TRIALS + " button", "1")
    page.see("trial 0", ".detail")
    assert "trial=" in page.run("return location.search")


def test_brushing_an_axis_filters_the_page(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")
    page.wait(lambda: page.count(TRIALS) == 7, what="seven trials")
    page.wait(lambda: page.count(".drawing canvas") >= 1, what="the axes")
    box = page.box(".drawing")
    x = box["x"] + box["width"] - 76  # the objective's axis, its best value on top
    top = box["y"] + 44
    page.drag((x, top - 4), (x, top + 20), (x, top + 60), (x, top + 100))
    page.wait(lambda: 0 < page.count(TRIALS) < 7, what="fewer trials")
    chosen = page.count(TRIALS)
    assert f"{chosen} of 7 trials" in page.text()
    assert page.count(".timeline-track .span.out") == 7 - chosen
    page.click(".chip")
    page.wait(lambda: page.count(TRIALS) == 7, what="all trials")
    assert page.count(".timeline-track .span.out") == 0


def test_searching_trials_filters_the_page(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")
    page.wait(lambda: page.count(TRIALS) == 7, what="seven trials")
    page.type("[aria-label='Search trials']", "objective<=0.2 finished")
    page.wait(lambda: page.count(TRIALS) == 2, what="the two best that ran to their end")
    assert page.count(".timeline-track .span.out") == 5
    page.type("[aria-label='Search trials']", "layers=2 layers=3")
    page.see("No trial matches")
    page.click(".chip")
    page.wait(lambda: page.count(TRIALS) == 7, what="all trials")
    assert page.run("return location.search") == ""
    opened.go("/sweeps?find=tests")
    page.wait(lambda: page.count(".card") == 1, what="the sweep of that project")
    page.type("[aria-label='Search sweeps']", "nothing like it")
    page.see("No sweep matches")


def test_trial_details_link_to_the_run(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}?state=failed")
    page.wait(lambda: page.count(TRIALS) == 1, what="the failed one")
    page.click(".timeline-track .span.bad")
    page.see("Traceback", ".detail")
    page.press("Escape")
    page.wait(lambda: page.count(".detail") == 0, what="its end")
    assert "trial=" not in page.run("return location.search")
    page.click(f"{TRIALS} a", "its run")
    page.wait(lambda: page.run("return location.pathname") == "/runs/trial-run-5", what="its run")


def test_sweep_page_loads_only_changed_trials(opened: OpenDashboard) -> None:
    sweep = build_sweep(opened.client, "followed", "elsewhere")
    page = opened.go(f"/sweeps/{sweep}")
    page.wait(lambda: page.count(TRIALS) == 7, what="seven trials")
    page.wait(lambda: page.count(".chart canvas") >= 2, what="best so far and learning curves")
    (at_work,) = [trial for trial in opened.client.trials(sweep) if trial.state == "running"]
    sent = "performance.getEntriesByType('resource').filter((one) => one.name.includes('/trials/changes'))"
    page.run("performance.clearResourceTimings()")
    info = run_info("late", project="elsewhere", sweep=sweep, trial=at_work.id, group=at_work.id)
    Writer(opened.client, info).log(10, **{"val/loss": 0.0125}).send()
    page.see("0.0125", TRIALS)
    page.see("0.0125", ".facts")
    assert "since=" in page.run(f"return {sent}[0].name")
    opened.client.set_sweep_state(sweep, "cancelled")
    page.see("cancelled", "h1")


def test_sweep_can_be_paused_and_resumed_and_a_trial_stopped(opened: OpenDashboard) -> None:
    page = opened.go(f"/sweeps/{opened.examples.sweep}")

    def is_now(state: SweepState) -> bool:
        return opened.client.sweep(opened.examples.sweep).state == state

    page.click("button", "Pause")
    page.wait(lambda: is_now("paused"), what="the pause")
    page.see("paused", "h1")
    page.click("button", "Resume")
    page.wait(lambda: is_now("running"), what="the end of the pause")
    page.click("button", "Cancel")
    page.see("Cancel this sweep?", "dialog[open]")
    page.click("dialog[open] button", "Keep it")
    assert is_now("running")
    (open_trial,) = [trial for trial in opened.client.trials(opened.examples.sweep) if trial.state == "running"]
    opened.go(f"/sweeps/{opened.examples.sweep}?trial={open_trial.id}")
    page.click(".detail button", "Stop this trial")
    page.wait(lambda: opened.client.trial(open_trial.id).state == "stopping", what="the stop")
    page.see("stopping", ".detail")


def test_runs_can_be_filtered_sorted_and_compared(opened: OpenDashboard) -> None:
    page = opened.go("/runs?project=tests")
    page.see("10 runs")
    page.type("[aria-label='Search runs']", "config.lr = 0.1")
    page.see("2 runs")
    page.type("[aria-label='Search runs']", "config.lr ==== 0.1")
    page.see("language", ".failure")
    page.type("[aria-label='Search runs']", "ddp SIGKILL")
    page.see("1 runs")
    page.type("[aria-label='Search runs']", "ddp")
    page.see("2 runs")
    page.click(".head button", "Rank")
    page.wait(lambda: "sort=-rank" in page.run("return location.search"), what="the order in the address")
    page.see("ddp-1", "[data-row='0']")
    page.click("[data-row='0'] input")
    page.click("[data-row='1'] input")
    page.click("button", "Compare")
    page.wait(lambda: page.count(".chart canvas") >= 3, what="three charts")
    assert page.count(".run-list .drawn") == 2
    page.type("[aria-label^='Search metrics']", "acc|loss")
    page.wait(lambda: page.count(".chart") == 2, what="two charts")
    page.type("[aria-label^='Search metrics']", "(")
    page.see("Invalid regular expression")


@pytest.mark.parametrize(
    ("name", "values"),
    [("crooked", [2.2591, 0.111097]), ("narrow", [0.61, 0.74]), ("flat", [0.3, 0.3]), ("wide", [1e-12, 1e12])],
)
def test_logarithmic_axes_draw_any_range(opened: OpenDashboard, name: str, values: list[float]) -> None:
    run = Writer(opened.client, run_info(name, project="ranges"))
    for step, value in enumerate([*values, -1.0, 0.0]):
        run.log(step, loss=value)
    run.finish().send()
    page = opened.go(f"/runs/run-{name}?look=env.logx.logy")
    page.complaints()
    page.wait(lambda: page.run("return document.querySelector('.chart canvas')?.height > 200"), what="the chart")
    assert "step 1" in readout(page, 0.01)
    assert page.complaints() == []


def test_pointing_at_a_run_highlights_its_lines(opened: OpenDashboard) -> None:
    page = opened.go("/runs?project=tests&view=Charts&find=ddp&keys=train/loss")
    page.wait(lambda: page.count(".chart canvas") == 1 and not page.count(".plot-empty"), what="the chart")
    drawn = "return document.querySelector('.chart canvas').toDataURL()"
    before = page.run(drawn)
    point = "document.querySelector('.run-list .drawn').dispatchEvent(new MouseEvent(arguments[0]))"
    page.run(point, "mouseenter")
    page.wait(lambda: page.run(drawn) != before, what="the other line fainter")
    page.run(point, "mouseleave")
    page.wait(lambda: page.run(drawn) == before, what="both lines as before")


def test_groups_unfold_to_their_ranks(opened: OpenDashboard) -> None:
    page = opened.go("/runs?project=tests&find=ddp&fold=on")
    page.see("1 groups")
    page.see("killed", "[data-row='0']")  # the group: its rank 0 has finished
    page.click("[aria-label='The other ranks of ddp-0']")
    page.see("ddp-1", "[data-row='1']")
    page.see("finished", "[data-row='0']")
    page.see("killed", "[data-row='1']")
    assert "open=run-ddp-0" in page.run("return location.search")
    page.click("[aria-label='The other ranks of ddp-0']")
    page.wait(lambda: page.count(".table-body .row") == 1, what="the folded group")
    opened.go("/runs?project=tests&fold=on&state=killed")
    page.see("1 groups")
    page.type("[aria-label='Search runs']", "config.seed = 1 and state = killed")  # what rank 1 alone fulfils
    page.see("killed", "[data-row='0']")
    page.see("1 groups")


def test_columns_can_be_chosen_moved_pinned_and_drawn(opened: OpenDashboard) -> None:
    page = opened.go("/runs?project=tests&find=ddp&columns=state|summary.train/loss|rank")
    heads = "return [...document.querySelectorAll('.head')].map((one) => one.innerText.trim()).filter(Boolean)"
    page.wait(lambda: page.run(heads) == ["Run", "State", "train/loss", "Rank"], what="the columns")
    page.click("button", "Columns")
    page.click("[aria-label='Move rank left']")
    page.wait(lambda: page.run(heads) == ["Run", "State", "Rank", "train/loss"], what="the other order")
    page.click("[aria-label='Keep rank visible']")
    page.wait(lambda: page.run(heads)[1] == "Rank" and page.count(".head.pinned") == 3, what="the pinned column")
    page.click("[aria-label='Draw summary.train/loss as a small chart']")
    page.wait(lambda: page.count(".spark path") == 2, what="two small charts")
    assert "from 2.1 to 0.15" in page.run(
        "return document.querySelector('[data-row] .spark').getAttribute('aria-label')"
    )
    page.type("[aria-label='Search columns']", "notes")
    page.click(".column-row input")
    page.wait(lambda: "Notes" in page.run(heads), what="one more column")


def test_columns_can_be_dragged_and_resized(opened: OpenDashboard) -> None:
    page = opened.go("/runs?project=tests&find=ddp&columns=state|group|~summary.train/loss|rank&sort=rank")
    heads = (
        "return [...document.querySelectorAll('.head')].map((one) => one.innerText.replace(/[^\\w/]/g, '')).slice(2)"
    )

    def is_now(*wanted: str) -> None:
        page.wait(lambda: page.run(heads) == list(wanted), what=f"the order {wanted}")

    def middle(column: str) -> tuple[float, float]:
        box = page.box(f"[data-movable='{column}']")
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    is_now("State", "Group", "train/loss", "Rank")
    (x, y), (left, _) = middle("rank"), middle("state")
    page.drag((x, y), (x - 60, y), (left - 20, y))
    is_now("Rank", "State", "Group", "train/loss")
    (x, y), (right, _) = middle("state"), middle("summary.train/loss")
    page.drag((x, y), (x + 60, y), (right + 20, y))
    is_now("Rank", "Group", "train/loss", "State")
    assert "sort=rank" in page.run("return location.search")  # a drag is no click
    page.run("document.querySelector(\"[data-movable='group'] button\").focus()")
    page.press_with("Shift", "ArrowRight")
    is_now("Rank", "train/loss", "Group", "State")
    page.press_with("Shift", "ArrowRight")  # it has kept the focus
    is_now("Rank", "train/loss", "State", "Group")
    box = page.box("[data-movable='rank']")
    edge = (box["x"] + box["width"] - 3, box["y"] + 10)
    page.drag(edge, (edge[0] + 30, edge[1]), (edge[0] + 80, edge[1]))
    page.wait(lambda: page.box("[data-movable='rank']")["width"] == round(box["width"] + 80), what="the width")
    place = page.run("return location.pathname + location.search")
    assert "widths=rank" in place and "sort=rank" in place
    opened.go(place)
    is_now("Rank", "train/loss", "State", "Group")
    page.wait(lambda: page.box("[data-movable='rank']")["width"] == round(box["width"] + 80), what="the same width")
    page.run("document.querySelector(\"[data-movable='rank'] button\").focus()")
    page.press_with("Shift", "Control", "ArrowLeft")
    page.wait(lambda: page.box("[data-movable='rank']")["width"] == round(box["width"] + 56), what="the width by keys")


def test_selected_runs_can_be_tagged(opened: OpenDashboard) -> None:
    page = opened.go("/runs?project=tests&find=ddp&runs=run-ddp-0,run-ddp-1")
    page.type("[aria-label='Tag the selected runs']", "pair")
    page.click("button", "Tag 2")
    page.see("pair", "[data-row='0'] .tags")
    page.see("pair", "[data-row='1'] .tags")
    assert [opened.client.run(f"run-ddp-{rank}").tags for rank in (0, 1)] == [["pair"], ["pair"]]
    page.click("button", "Untag 2")
    page.wait(lambda: opened.client.run("run-ddp-1").tags == [], what="the tag's end")


def test_keyboard_alone_suffices(opened: OpenDashboard) -> None:
    page = opened.go("/")
    page.see("Latest runs")
    page.press("g", "r")
    page.wait(lambda: page.run("return location.pathname") == "/runs", what="the runs")
    page.wait(lambda: page.count("[data-row='0'] a") > 0, what="a row")
    page.run("document.querySelector('.table').focus()")
    page.press("j")
    page.wait(lambda: page.count(".row.focused[data-row='0']") == 1, what="the first row")
    page.press("x")
    page.wait(lambda: "runs=" in page.run("return location.search"), what="the choice in the address")
    page.press("j")
    page.wait(lambda: page.count(".row.focused[data-row='1']") == 1, what="the second row")
    page.press("Enter")
    page.wait(lambda: page.run("return location.pathname").startswith("/runs/"), what="a run")
    page.press("?")
    page.see("next, previous row", "dialog[open]")
    page.press("Escape")
    before = page.run("return document.documentElement.dataset.theme")
    page.press("t")
    assert page.run("return document.documentElement.dataset.theme") != before
    page.press("t")


def readout(page: Browser, part: float) -> str:
    """Return the readout of the chart at a part of its width, from 0 to 1."""
    box = page.box(".chart .u-over")
    page.hover(box["x"] + box["width"] * part, box["y"] + 20)
    return page.text(".readout")


def test_a_spike_is_visible_and_zooms_to_single_points(opened: OpenDashboard) -> None:
    page = opened.go(f"/runs/{opened.examples.spiky}?keys=signal")
    page.wait(lambda: page.count(".chart .u-over") == 1, what="the chart")
    near = [SPIKE_AT / STEPS + off / 1000 for off in range(-4, 5)]  # a pixel is worth dozens of steps
    page.wait(lambda: any("500" in readout(page, at) for at in near), what="the spike among all steps")
    box = page.box(".chart .u-over")
    middle = box["x"] + box["width"] * SPIKE_AT / STEPS
    page.drag((middle - 20, box["y"] + 60), (middle, box["y"] + 60), (middle + 20, box["y"] + 60))
    page.wait(lambda: "zoom=" in page.run("return location.search"), what="the zoom in the address")
    opened.go(f"/runs/{opened.examples.spiky}?keys=signal&zoom={SPIKE_AT - 3}_{SPIKE_AT + 3}")
    page.wait(lambda: page.count(".chart .u-over") == 1, what="the chart")
    page.wait(lambda: f"step {SPIKE_AT}" in readout(page, 0.5), what="the very step")
    assert f"{SPIKE:.0f}" in readout(page, 0.5) and "…" not in readout(page, 0.5)
    page.click("button", "Whole range")
    page.wait(lambda: "zoom=" not in page.run("return location.search"), what="the whole range")


def test_address_holds_axes_and_looks(opened: OpenDashboard) -> None:
    page = opened.go("/groups/tests/ddp?x=key:epoch&smooth=0.5&look=env.out.logy&keys=loss")
    page.wait(lambda: "epoch" in readout(page, 0.5), what="the metric on the x axis")
    assert "rank 0" in readout(page, 0.5) and "rank 1" in readout(page, 0.5)
    page.click("button", "band over ranks")
    page.wait(lambda: "mean of 2" in readout(page, 0.5), what="the band")
    assert page.run("return document.querySelector('[type=range]').value") == "0.5"


def test_charts_can_be_enlarged_and_pinned(opened: OpenDashboard) -> None:
    page = opened.go("/groups/tests/ddp?smooth=0.5")
    page.click("[aria-label='Enlarge train/loss']")
    page.wait(lambda: page.count(".chart .u-over") == 1, what="one chart alone")
    assert page.box(".plot")["height"] > 300
    page.see("rank 1", ".legend")
    assert "chart=train" in page.run("return location.search") and "smooth=0.5" in page.run("return location.search")
    page.run("document.activeElement.blur()")
    page.press("ArrowLeft")
    page.see("val/accuracy", ".chart-title")
    page.press("Escape")
    page.wait(lambda: page.count(".chart") == 3, what="all charts")
    page.click("[aria-label='More of train/loss']")
    page.click("[role=menuitem]", "Pin to the top")
    page.see("pinned 1", ".chart-group")
    page.see("train/loss", ".chart-title")
    page.click("[aria-label='More of train/loss']")
    page.wait(lambda: page.run("return document.activeElement.role") == "menuitem", what="the menu")
    page.press("Escape")
    opener = "More of train/loss"
    page.wait(lambda: page.run("return document.activeElement.ariaLabel") == opener, what="the focus back")


def test_group_page_compares_ranks(opened: OpenDashboard) -> None:
    page = opened.go("/groups/tests/ddp?view=Ranks")
    page.see("train/loss")
    page.see("killed by signal 9")
    page.see("seed")
    page.click("[role=tab]", "Pace")
    page.wait(lambda: page.count(".heat canvas") == 3, what="lags, times per step, and values")
    page.see("rank 1 lags most")


LINE = ".console > div"


def test_console_of_all_ranks_can_be_searched_and_followed(opened: OpenDashboard) -> None:
    page = opened.go("/groups/tests/ddp?view=Console")
    page.see("the last 2000 lines")
    assert page.text(f"{LINE}:last-child").endswith("worse")
    assert page.count(".ansi.red.bold") == 2 and page.count(".ansi.green") == 2 * 998
    at_end = (
        "const at = document.querySelector('.console'); return at.scrollHeight - at.scrollTop - at.clientHeight < 5"
    )
    assert page.run(at_end)
    page.see("100%|#####|", ".stderr")
    assert "10%|#    |" not in page.text(".stderr")
    page.type("[aria-label='Search the console']", "1 says LINE 17")  # far before what was shown
    page.see("111 lines found")  # 17, 170 to 179, 1700 to 1799
    assert page.text("mark") == "1 says line 17"
    page.click(f"{LINE}:first-child button[aria-label^='Show the lines around']")
    page.see("rank 1 says line 16", ".console")
    assert "line 17" in page.text(".around") and "rank 0" not in page.text(".console")
    page.click("button", "back to what was found")
    page.see("111 lines found")
    page.type("[aria-label='Search the console']", "")
    page.see("the last 2000 lines")
    page.run("const at = document.querySelector('[aria-label=Console]'); at.scrollTop = 0")
    page.wait(lambda: "follow=off" in page.run("return location.search"), what="the end of following")
    page.click(f"{LINE} .line-rank", "1")
    page.see("the last 1000 lines")
    assert "rank 0" not in page.text(".console") and "rank=1" in page.run("return location.search")
    page.click("button", "earlier lines")
    page.see("3002 lines")
    assert page.text(LINE).endswith("rank 1 says line 0")


def test_run_and_node_pages(opened: OpenDashboard) -> None:
    page = opened.go("/runs/run-ddp-1?view=Overview&against=run-ddp-0")
    page.see("seed", ".different")
    page.see("killed by signal 9")
    page.click("[role=tab]", "System")
    page.see("GPU utilization")
    opened.go("/nodes")
    page.see("GPU <b>A</b>")


def test_open_page_updates_and_loads_only_new_points(opened: OpenDashboard) -> None:
    run = Writer(opened.client, run_info("live"))
    for step in range(400):
        run.log(step, loss=math.sin(step))
    run.send()
    page = opened.go("/runs/run-live")
    page.see("rows\n400", ".facts")
    page.wait(lambda: "step 39" in readout(page, 0.99), what="the chart")
    for step in range(400, 450):
        run.log(step, loss=1.0)
    run.send()
    page.see("rows\n450", ".facts")
    page.wait(lambda: re.fullmatch(r"step 44\d\s+live\s+1", readout(page, 0.99)), what="the new end")
    packed = "performance.getEntriesByType('resource').filter((one) => one.name.endsWith('packed'))"
    whole, end = page.run(f"return {packed}.map((one) => one.decodedBodySize)")
    assert whole > 400 * 8 > end > 50 * 8
    page.click("[role=tab]", "Console")
    for line in ("first", "second"):
        run.say(line).send()
        page.see(line, f"{LINE}:last-child")
    run.finish("failed", "ran out of patience").send()
    page.see("ran out of patience")
    page.see("failed", "h1")


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
    page.wait(lambda: page.count("[aria-label='How many trials in all']") == 1, what="the controls")
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
        )  # the browser's own bar
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
        time.sleep(0.1)  # lets the layout settle: what is measured is that it does not run over
        assert page.run("return document.documentElement.scrollWidth") <= width, path
    page.resize(1440, 900)


def test_page_is_small_and_loads_from_no_other_host(opened: OpenDashboard) -> None:
    page = opened.go("/runs")
    page.see("runs")
    loaded = page.run("return performance.getEntriesByType('resource').map((one) => [one.name, one.encodedBodySize])")
    assert all(name.startswith(opened.client.url) for name, _ in loaded)
    assert sum(size for name, size in loaded if "/assets/" in name) < 150_000
    assert not any("echarts" in name for name, _ in loaded)
