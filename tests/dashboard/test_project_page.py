"""The page of a project in a real browser with a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightning_sweeps.messages import PinnedView, ProjectEdit, Report
from tests.dashboard.axe import violations
from tests.dashboard.browser import Browser
from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.fixtures import EVIL, Writer, run_info

MARKDOWN = f"""# Digits

A small set with [a paper](https://example.org/paper) and the [best runs](/runs?sort=summary.val%2Floss).

| split | images |
|-------|-------:|
| train | 60,000 |

- [x] baseline
- [ ] distillation

{EVIL}

[bad](javascript:window.broken=1) ![far](https://example.org/a.png)
"""


def edit(opened: OpenDashboard, **given: object) -> None:
    version = opened.client.project("tests").version
    opened.client.edit_project("tests", ProjectEdit(version, **given))  # type: ignore[arg-type]


@pytest.fixture
def page(opened: OpenDashboard) -> Browser:
    """The project's page, empty."""
    edit(opened, description="", notes="", runs=[], views=[], columns=[], metric="")
    opened.browser.complaints()
    return opened.go("/projects/tests")


def test_a_description_is_written_previewed_and_shown(opened: OpenDashboard, page: Browser) -> None:
    page.see("Nobody has said it yet")
    page.click("[aria-label='Edit the description']")
    page.wait(lambda: page.run("return document.activeElement.tagName") == "TEXTAREA", what="the focus")
    page.type("textarea", MARKDOWN)
    page.click("[role=tab]", "Preview")
    page.see("60,000", ".text-preview")
    page.click("button", "Save")
    page.wait(lambda: page.count(".text-editor") == 0, what="the end of editing")
    page.see("Digits", ".section .markdown h3")
    assert "☑ baseline" in page.text(".markdown") and EVIL in page.text(".markdown")
    assert page.run("return [...document.querySelectorAll('.markdown a')].map((one) => one.href.split('?')[0])") == [
        *("https://example.org/paper", f"{opened.client.url}/runs", "https://example.org/a.png")
    ]
    assert page.count(".markdown img") + page.count(".markdown script") == 0
    assert page.run("return window.broken") is None and page.complaints() == []
    assert opened.client.project("tests").description == MARKDOWN.replace("\r", "")


def test_nobodys_text_is_lost(opened: OpenDashboard, page: Browser) -> None:
    page.click("[aria-label='Edit the description']")
    page.type("textarea", "mine")
    edit(opened, notes="another text")
    page.click("button", "Save")
    page.see("mine", ".markdown")
    page.click("[aria-label='Edit the description']")
    page.type("textarea", "mine again")
    edit(opened, description="theirs")
    page.click("button", "Save")
    page.see("has edited this text meanwhile", "[role=alert]")
    page.see("theirs", "[role=alert]")
    assert page.run("return document.querySelector('textarea').value") == "mine again"
    assert opened.client.project("tests").description == "theirs"
    page.click("button", "Replace it with mine")
    page.see("mine again", ".markdown")
    written = opened.client.project("tests")
    assert (written.description, written.notes) == ("mine again", "another text")


def test_runs_and_views_are_pinned_and_unpinned(opened: OpenDashboard, page: Browser) -> None:
    opened.go("/runs?project=tests&find=ddp")
    page.see("2 runs")
    page.click("[data-row='0'] input")
    page.click("[data-row='1'] input")
    page.click("button:not(:disabled).small", "Pin")
    page.wait(lambda: len(opened.client.project("tests").runs) == 2, what="two pinned runs")
    page.click("button", "Pin view")
    page.type(".pin-view input", "All of ddp")
    page.press("Enter")
    view = [PinnedView("All of ddp", "/runs?project=tests&find=ddp")]
    page.wait(lambda: opened.client.project("tests").views == view, what="a pinned view")
    opened.go("/runs?project=tests")
    page.click("button", "Views")
    page.click(".saved-views a", "All of ddp")
    page.see("2 runs")
    opened.go("/projects/tests")
    page.see("Compare 2")
    page.click("[aria-label^='Unpin ddp-']")
    page.see("Compare 1")
    page.click(".pinned-views a")
    page.see("2 runs")
    opened.go("/projects/tests")
    page.click("[aria-label='Unpin All of ddp']")
    page.wait(lambda: opened.client.project("tests").views == [], what="no view")
    (pinned,) = opened.client.project("tests").runs
    opened.go(f"/runs/{pinned}")
    page.click("button", "Unpin")
    page.wait(lambda: opened.client.project("tests").runs == [], what="no pinned run")


def test_a_report_has_live_panels(opened: OpenDashboard, page: Browser) -> None:
    opened.go("/projects/tests")
    page.type("[aria-label='Name of a new report']", "Week 1")
    page.click("button", "New report")
    page.click("[aria-label='Edit the report']")
    panel = "metric: val/accuracy\nfilter: name ~ ddp\ncolumns: rank, summary.train/loss"
    page.type("textarea", f"# It works\n\n```panel\n{panel}\n```\n\n```panel\nmetrics: x\n```\n")
    page.click("button", "Save")
    page.see("It works", ".markdown h3")
    page.wait(lambda: page.count(".report-panel .chart canvas") == 1, what="the chart")
    page.wait(lambda: page.count(".report-table tbody tr") == 2, what="a row for each run")
    page.see("`metrics: x` is not understood", ".failure")
    assert [report.name for report in opened.client.project("tests").reports] == ["Week 1"]
    opened.go("/projects/tests")
    page.click(".pinned-views a", "Week 1")
    page.click("button", "Delete this report")
    page.wait(lambda: opened.client.project("tests").reports == [], what="no report")


def test_the_runs_table_and_charts_follow_the_projects_defaults(opened: OpenDashboard, page: Browser) -> None:
    heads = "return [...document.querySelectorAll('.head')].map((one) => one.innerText.trim()).filter(Boolean)"
    page.see("train/loss", "[aria-label=Metric]")
    page.run(
        "const at = document.querySelector('[aria-label=Metric]'); at.value = 'train/loss';"
        "at.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    page.wait(lambda: opened.client.project("tests").metric == "train/loss", what="the metric")
    opened.go("/runs?project=tests&find=ddp")
    page.wait(lambda: page.run(heads)[4:5] == ["train/loss"], what="the metric before the others")
    assert "Who" in page.run(heads)
    opened.go("/runs/run-ddp-1")
    page.see("pinned", ".chart-group h3")
    opened.go("/runs?project=tests&find=ddp&columns=host|created_by|state")
    page.wait(lambda: page.run(heads) == ["Run", "Host", "Who", "State"], what="the chosen columns")
    page.click("button", "Columns")
    page.click("button", "Make these the project's columns")
    page.wait(lambda: "columns=" not in page.run("return location.search"), what="no own choice")
    page.wait(lambda: page.run(heads) == ["Run", "Host", "Who", "State"], what="the project's columns")
    assert opened.client.project("tests").columns == ["host", "created_by", "state"]
    opened.go("/runs?project=tests&find=ddp&columns=rank")
    page.wait(lambda: page.run(heads) == ["Run", "Rank"], what="the visitor's own choice")


@pytest.mark.parametrize(("is_dark", "width"), [(False, 1280), (True, 390)], ids=["light", "dark-phone"])
def test_a_full_page_is_accessible_and_fits(opened: OpenDashboard, page: Browser, is_dark: bool, width: int) -> None:
    view = PinnedView("Best " + "x" * 150, "/runs?project=tests")
    edit(opened, description=MARKDOWN, notes="`" + "y" * 300 + "`", runs=["run-ddp-0"], views=[view], metric="loss")
    page.set_dark(is_dark)
    page.resize(width, 844)
    opened.go("/projects/tests")
    page.see("Digits", ".markdown h3")
    page.see("Compare 1")
    found = violations(page)
    page.click("[aria-label='Edit the notes']")
    found += violations(page)
    is_wide = page.run("return document.documentElement.scrollWidth") > width
    page.set_dark(False)
    page.resize(1440, 900)
    assert found == [] and not is_wide


def test_a_report_is_frozen_and_exported_as_one_file(opened: OpenDashboard, page: Browser, tmp_path: Path) -> None:
    client = opened.client
    text = "# Results\n\n```panel\nmetric: val/accuracy\nfilter: name ~ ddp\ncolumns: rank, summary.train/loss\n```\n"
    text += f"\n```panel\nsweep: {opened.examples.sweep}\n```\n"
    edit(opened, reports=[Report("Kept", text)])
    opened.go("/projects/tests/reports/Kept")
    page.wait(lambda: page.count(".report-table tbody tr") == 2, what="the live table")
    page.click("button", "Freeze panels")
    page.see("Frozen on", ".frozen")
    page.wait(lambda: page.count(".frozen img") == 1, what="the chart as a picture")
    assert page.run("const at = document.querySelector('.frozen img'); return at.naturalWidth > 0")
    assert "frozen: " in client.project("tests").reports[0].text
    Writer(client, run_info("ddp-later")).log(1, **{"val/accuracy": 1.0}).finish().send()
    opened.go("/projects/tests/reports/Kept")
    page.wait(lambda: page.count(".frozen tbody tr") == 2, what="the frozen table, without the new run")
    page.devtools("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.click("button", "Export as HTML")
    page.wait(lambda: list(tmp_path.glob("Kept*.html")), what="the file")
    [file] = tmp_path.glob("Kept*.html")
    page.go(file.as_uri())
    page.see("Results", "h3")
    page.wait(lambda: page.run("return document.querySelector('img')?.naturalWidth ?? 0") > 0, what="the picture")
    assert page.count("table") == 2 and "ddp-0" in page.text("table")
    assert (
        page.run("return performance.getEntriesByType('resource').filter((one) => /^http/.test(one.name)).length") == 0
    )
    opened.go("/projects/tests/reports/Kept")
    page.click("button", "Make panels live again")
    page.wait(lambda: page.count(".report-panel .chart canvas") == 1, what="the live chart")
    assert client.project("tests").reports[0].text == text
    edit(opened, reports=[])
