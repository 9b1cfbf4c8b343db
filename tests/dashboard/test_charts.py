"""Charts and the console in a real browser with a real server."""

from __future__ import annotations

import math
import re

import pytest

from tests.dashboard.browser import Browser
from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.fixtures import SPIKE, SPIKE_AT, STEPS, Writer, run_info


def readout(page: Browser, part: float) -> str:
    """Return the readout of the chart at a part of its width, from 0 to 1."""
    box = page.box(".chart .u-over")
    page.hover(box["x"] + box["width"] * part, box["y"] + 20)
    return page.text(".readout")


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


def test_a_spike_is_visible_and_zooms_to_single_points(opened: OpenDashboard) -> None:
    page = opened.go(f"/runs/{opened.examples.spiky}?keys=signal")
    page.wait(lambda: page.count(".chart .u-over") == 1, what="the chart")
    near = [SPIKE_AT / STEPS + off / 1000 for off in range(-4, 5)]  # a pixel stands for dozens of steps
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


def test_address_contains_axes_and_looks(opened: OpenDashboard) -> None:
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
        page.see(line, ".console-line:last-child")
    run.finish("failed", "ran out of patience").send()
    page.see("ran out of patience")
    page.see("failed", "h1")
