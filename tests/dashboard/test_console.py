"""The console of runs in a real browser: all lines can be reached, searched and followed."""

from __future__ import annotations

from tests.dashboard.browser import Browser
from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.fixtures import Writer, run_info

LINE = ".console-line"
STATUS = ".toolbar [role=status]"
LONG = 200_000
"""Lines of the long console: the finding A22."""
AT_END = "const at = document.querySelector('.console'); return at.scrollHeight - at.scrollTop - at.clientHeight < 5"
VISIBLE = """
const box = document.querySelector('.console')?.getBoundingClientRect() ?? {};
return [...document.querySelectorAll('.console-line')].filter((one) => {
  const { top, bottom } = one.getBoundingClientRect(); return bottom > box.top && top < box.bottom;
}).map((one) => Number(one.dataset.line));
"""


def visible(page: Browser) -> list[int]:
    """Return the numbers of the lines in sight."""
    return [int(number) for number in page.run(VISIBLE)]


def wait_for_line(page: Browser, wanted: int) -> None:
    """Wait until a line near this number is in sight."""
    page.wait(lambda: any(abs(number - wanted) < 50 for number in visible(page)), what=f"line {wanted}")


def test_console_of_all_ranks_can_be_searched_and_followed(opened: OpenDashboard) -> None:
    page = opened.go("/groups/tests/ddp?view=Console")
    page.see("6004 lines", STATUS)
    page.wait(lambda: page.text(f".console-page:last-child {LINE}:last-child").endswith("worse"), what="the end")
    page.wait(lambda: bool(page.run(AT_END)), what="the end in view")
    assert page.count(".ansi.red.bold") == 2
    page.see("100%|#####|", ".console-line.stderr")
    assert "10%|#    |" not in page.text(".console-line.stderr")
    page.type("[aria-label='Search the console']", "1 says LINE 17")
    page.see("111 lines found")  # 17, 170 to 179, 1700 to 1799
    page.see("1 says line 17", "mark")
    page.click(f"{LINE}:first-child .line-number")
    page.see("rank 1 says line 16", ".console")
    page.see("line 17", ".console-line.target")
    number = int(page.run("return document.querySelector('.target').dataset.line"))
    page.wait(lambda: number in visible(page), what="the line that was found in view")
    page.click("button", "back to search results")
    page.see("111 lines found")
    page.type("[aria-label='Search the console']", "")
    page.see("6004 lines", STATUS)
    page.wait(lambda: bool(page.run(AT_END)), what="the end again")
    page.run("const at = document.querySelector('[aria-label=Console]'); at.scrollTop -= 300")
    page.wait(lambda: "follow=off" in page.run("return location.search"), what="the end of following")
    page.click(f"{LINE} .line-rank", "1")
    page.see("3002 lines", STATUS)
    page.click("button", "beginning")
    page.wait(lambda: page.text(LINE).endswith("rank 1 says line 0"), what="the first line")
    assert "rank 0" not in page.text(".console") and "rank=1" in page.run("return location.search")


def test_all_lines_of_a_long_console_can_be_reached(opened: OpenDashboard) -> None:
    run = Writer(opened.client, run_info("long", project="long"))
    for at in range(LONG):
        run.say(f"line {at}")
        if at % 20_000 == 0:
            run.send()
    run.send()
    page = opened.go("/runs/run-long?view=Console")
    page.see(f"{LONG} lines", STATUS)
    page.wait(lambda: LONG in visible(page), what="the end")
    run.say("one more").send()
    page.wait(lambda: LONG + 1 in visible(page), what="the end that moved on")
    page.click("button", "beginning")
    page.wait(lambda: 1 in visible(page), what="the beginning")
    for part in (0.25, 0.5, 0.75):
        page.run("const at = document.querySelector('.console'); at.scrollTop = arguments[0] * at.scrollHeight", part)
        wait_for_line(page, round(part * LONG))
    assert page.count("*") < 12_000, "only the lines near the visible ones are in the page"
    page.click(f"{LINE} .line-number")
    page.wait(lambda: "line=" in page.run("return location.search"), what="the line in the address")
    page.wait(lambda: page.count(".console-line.target") == 1, what="the line marked")
    page = opened.go("/runs/run-long?view=Console&line=123456")
    page.wait(lambda: 123_456 in visible(page), what="the line of the address")
    assert page.text(".target").endswith("line 123455")
    page.click("button", "end")
    page.wait(lambda: LONG + 1 in visible(page), what="the end")
    run.finish().send()


def test_states_of_a_progress_bar_are_folded(opened: OpenDashboard) -> None:
    run = Writer(opened.client, run_info("bars", project="bars")).say("start")
    for at in range(1, 51):
        run.say(f"Epoch 0: {2 * at}%|{'█' * (at // 5)}| {at}/50")
    run.say("end").finish().send()
    page = opened.go("/runs/run-bars?view=Console")
    page.wait(lambda: page.count(LINE) == 3, what="one line for all states")
    page.see("49 earlier states", ".console")
    page.click(".fold-button")
    page.wait(lambda: page.count(LINE) == 52, what="all states")
    page.click("label", "fold progress bars")
    page.wait(lambda: page.count(".fold-button") == 0, what="no folds")
    assert visible(page)[-1] == 52 and page.complaints() == []
