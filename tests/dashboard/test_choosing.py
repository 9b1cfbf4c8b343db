"""Runs are chosen in a real browser: one by one, as ranges, or as all that a view shows."""

from __future__ import annotations

import json

from tests.dashboard.browser import Browser
from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.contents import Contents
from tests.dashboard.fixtures import Writer, run_info

COUNT = 230
"""More runs than charts draw at once."""
SHIFT_CLICK = "arguments[0]; document.querySelector(arguments[0]).dispatchEvent("
SHIFT_CLICK += "new MouseEvent('click', {bubbles: true, shiftKey: true}))"
LINES = "return document.querySelectorAll('.legend tbody tr').length"


def box(row: int) -> str:
    return f"[data-row='{row}'] input"


def choose(page: Browser, choice: str) -> None:
    page.click("[aria-label='Select runs']")
    page.click("[role=menuitem]", choice)


def test_runs_are_chosen_as_ranges_and_as_all_of_a_view(opened: OpenDashboard) -> None:
    parts = [
        Writer(opened.client, run_info(f"many-{at}", project="many")).log(1, loss=float(at)).finish().take()
        for at in range(COUNT)
    ]
    opened.client.send_journals(parts)
    page = opened.go("/runs?project=many&sort=summary.loss")
    page.see(f"{COUNT} runs")
    page.click(box(1))
    page.run(SHIFT_CLICK, box(7))
    page.see("7 selected")
    page.run(SHIFT_CLICK, box(5))  # back to a box that was ticked: the range is not selected any more
    page.see("4 selected")
    choose(page, "Invert")
    page.see(f"{COUNT - 4} selected")
    choose(page, "Select none")
    page.wait(lambda: "selected" not in page.text(".toolbar"), what="no selection")
    page.click("[role=columnheader] input")
    page.see(f"{COUNT} selected")
    page.click(box(0))
    page.see(f"{COUNT - 1} selected")
    assert "runs=*" in page.run("return decodeURIComponent(location.search)")
    page.click("[data-tab=Charts]")
    page.see(f"200 of {COUNT - 1} are drawn, the first by", ".run-list")
    page.wait(lambda: page.count(".chart canvas") == 1, what="the chart")
    opened.go("/runs?project=many&sort=summary.loss&runs=*&view=Charts&chart=loss")
    page.wait(lambda: page.run(LINES) == 200, what="a line for each run that is drawn")
    page.see("many-0", ".legend")  # the best ones by the order of the table


def test_eyes_hide_lines_for_the_moment(opened: OpenDashboard) -> None:
    page = opened.go("/runs?project=tests&view=Charts&find=ddp&chart=train/loss")
    page.wait(lambda: page.run(LINES) == 2, what="both lines")
    page.click("[aria-label^='Hide the lines of']")
    page.wait(lambda: page.run(LINES) == 1, what="one line")
    page.click("[title='Show all lines']")
    page.wait(lambda: page.run(LINES) == 2, what="both lines again")


def test_all_runs_of_a_view_are_archived_at_once(opened: OpenDashboard) -> None:
    for at in range(3):
        Writer(opened.client, run_info(f"old-{at}", project="old")).log(1, loss=1.0).finish().send()
    page = opened.go("/runs?project=old&find=old&runs=*")
    page.see("3 selected")
    page.click("button", "Archive")
    page.see("3 runs moved to the archive")
    page.click("button", "Undo")
    page.see("3 runs")


def test_seeds_are_averaged_in_one_click(opened: OpenDashboard) -> None:
    for at in range(6):
        config = {"lr": [0.1, 0.2][at % 2], "seed": at}
        Writer(opened.client, run_info(f"seeded-{at}", project="seeds", config=config)).log(1, loss=at).finish().send()
    page = opened.go("/runs?project=seeds&view=Charts")
    page.click("button", "Average over seed")
    page.see("lr 0.1 (mean of 3)", ".chart-legend")
    page.see("lr 0.2 (mean of 3)", ".chart-legend")
    opened.go("/runs?project=seeds&view=Charts&by=config.lr&center=median&spread=std&chart=loss")
    page.see("lr 0.1 (median of 3)", ".legend")
    page.wait(lambda: page.run(LINES) == 2, what="a line for each group")


def test_runs_are_grouped_by_a_key_of_old_runs(opened: OpenDashboard) -> None:
    """The page reads the configuration of the newest 60 runs. Keys of all others are found too."""
    old = Writer(opened.client, run_info("older", project="old-keys", config={"ancient": {"key": 7}})).log(1, loss=1.0)
    parts = [old.finish().take()]
    for at in range(70):
        parts.append(Writer(opened.client, run_info(f"newer-{at}", project="old-keys")).log(1, loss=at).finish().take())
    opened.client.send_journals(parts)
    page = opened.go("/runs?project=old-keys&view=Charts&runs=*")
    page.see("Group by")
    page.click(".column-field input")
    page.press(*"ancient")
    page.wait(lambda: page.count("datalist option[value='config.ancient.key']") == 1, what="the key of the old run")
    page.press(*".key", "Enter")
    page.wait(lambda: "by=config.ancient.key" in page.run("return location.search"), what="the key in the address")
    page.see("(mean of 70)", ".chart-legend")


def test_runs_are_compared_side_by_side(opened: OpenDashboard) -> None:
    for at, commit in enumerate(("aaaa", "bbbb")):
        config = {"opt": {"lr": [0.1, 0.2][at], "name": "adam"}}
        run = Writer(opened.client, run_info(f"pair-{at}", project="pairs", config=config)).log(1, loss=1.5 - at)
        contents = Contents(opened.client, run)
        contents.media(
            "environment", 0, json.dumps({"git": {"commit": commit}, "python": "3.12"}).encode(), "application/json"
        )
        code = {"train.py": f"import torch\nlr = {at}\n".encode(), f"only_{at}.py": b"pass\n", "same.py": b"same\n"}
        contents.artifact("code", at, code, aliases=[], score=0.0, kind="code")
        run.finish()
        contents.send()
    page = opened.go("/runs?project=pairs&view=Compare&runs=run-pair-0,run-pair-1")
    page.complaints()
    page.see("opt.lr", "table.compared")
    page.see("bbbb")
    assert "opt.name" not in page.text() and "3.12" not in page.text()
    page.see("git diff", ".command")
    page.see("3 stored files differ")
    assert "same.py" not in page.text(".code-change")
    page.wait(lambda: page.count(".code-change") == 3 and page.count(".split .removed") == 1, what="all changes")
    changes = page.run("return [...document.querySelectorAll('.code-change summary')].map((one) => one.innerText)")
    assert sorted(change.split()[-1] for change in changes) == ["added", "changed", "removed"]
    page.click("button", "differences only")
    page.see("opt.name")
    page.see("3.12")
    page.type("[aria-label='Search names']", "commit")
    page.wait(lambda: "opt.lr" not in page.text(), what="only what was searched for")
    page.run(
        "for (const label of ['file', 'against']) {"
        " const all = [...document.querySelectorAll('label')].find((one) => one.innerText.startsWith(label));"
        " const choice = all.querySelector('select');"
        " const wanted = [...choice.options].filter((one) => one.text.includes('train.py'));"
        " choice.value = wanted[label === 'file' ? 0 : 1].value;"
        " choice.dispatchEvent(new Event('change', {bubbles: true})); }"
    )
    page.wait(lambda: page.count(".split .removed") == 2, what="the files side by side")
    page.click("button", "side by side")
    page.see("-lr = ", "main")
    page.see("+lr = ", "main")
    opened.go("/runs?project=pairs&view=Scatter&x=config.opt.lr&y=min.loss")
    page.wait(lambda: page.run("return document.querySelector('.scatter canvas')?.ariaLabel") is not None, what="dots")
    assert (
        page.run("return document.querySelector('.scatter canvas').ariaLabel") == "min.loss of 2 runs by config.opt.lr"
    )
    page.click("button", "bars")
    page.wait(lambda: page.count(".number-bars li") == 2, what="a bar for each run")
    assert page.complaints() == []
