"""The table of runs in a real browser with a real server."""

from __future__ import annotations

from tests.dashboard.conftest import OpenDashboard
from tests.dashboard.fixtures import Writer, run_info


def test_runs_can_be_filtered_sorted_and_compared(opened: OpenDashboard) -> None:
    page = opened.go("/runs?project=tests")
    page.see("10 runs")
    page.type("[aria-label='Search runs']", "config.lr = 0.1")
    page.see("2 runs")
    page.type("[aria-label='Search runs']", "config.lr ==== 0.1")
    page.see("write a value", ".filter-fault")
    page.see("2 runs")  # those of the last filter that was whole
    page.type("[aria-label='Search runs']", "lr = 0.1")
    page.see("for lr, write")
    page.click(".chip", "config.lr")
    page.see("2 runs")
    page.type("[aria-label='Search runs']", "ddp SIGKILL")
    page.see("1 runs")
    page.type("[aria-label='Search runs']", "ddp")
    page.see("2 runs")
    page.click(".head button", "Rank")
    page.wait(lambda: "sort=-rank" in page.run("return location.search"), what="the order in the address")
    page.see("ddp-1", "[data-row='0']")
    page.click("[data-row='0'] input")
    page.click("[data-row='1'] input")
    page.click("[data-tab=Charts]")
    page.wait(lambda: page.count(".chart canvas") >= 3, what="three charts")
    assert page.count(".run-list .drawn") == 2
    page.type("[aria-label^='Search metrics']", "acc|loss")
    page.wait(lambda: page.count(".chart") == 2, what="two charts")
    page.type("[aria-label^='Search metrics']", "(")
    page.see("Invalid regular expression")


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
    page.type("[aria-label='Search runs']", "config.seed = 1 and state = killed")  # only rank 1 meets both
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
    assert "sort=rank" in page.run("return location.search")  # a drag is not a click
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


def test_selected_runs_move_to_the_trash_and_back(opened: OpenDashboard) -> None:
    page = opened.go("/runs?project=tests&find=ddp")
    page.see("2 runs")
    page.click("[data-row='0'] input")
    page.click("button", "Move to trash")
    page.see("1 run moved to the trash")
    page.see("1 runs")
    page.click("button", "Undo")
    page.see("2 runs")
    opened.go("/runs?project=tests&find=ddp&fold=on")
    page.see("1 groups")
    page.click("[data-row='0'] input")
    page.click("button", "Archive")
    page.see("2 runs moved to the archive")  # all ranks of the group
    page.see("0 groups")
    opened.go("/runs?project=tests&find=ddp&fold=on&shown=archived")
    page.see("1 groups")
    page.click("[data-row='0'] input")
    page.click("button", "Unarchive")
    page.see("2 runs taken out of the archive")
    opened.go("/runs?project=tests&find=ddp&fold=on")
    page.see("1 groups")


def test_several_groups_move_and_come_back_together(opened: OpenDashboard) -> None:
    page = opened.go("/runs?project=tests&fold=on")
    page.see("9 groups")  # ten runs: one group has two
    for row in range(9):
        page.click(f"[data-row='{row}'] input")
    page.click("button", "Archive")
    page.see("9 runs moved to the archive; 1 still running")
    page.see("1 groups")
    page.click("button", "Undo")
    page.see("9 groups")


def test_an_open_table_reads_only_what_changed(opened: OpenDashboard) -> None:
    runs = [Writer(opened.client, run_info(f"delta-{at}", project="delta")).log(1, loss=at).send() for at in range(30)]
    page = opened.go("/runs?project=delta&columns=rows|summary.loss")
    page.see("delta-7")
    page.run("performance.clearResourceTimings()")
    runs[7].log(2, loss=0.4375).send()
    page.see("0.4375", ".table-body")
    answers = page.run(
        "return performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/api/runs/query'))"
        ".map((one) => [one.responseStatus, one.decodedBodySize])"
    )
    status, size = answers[-1]
    assert status in (226, 304) and size < 300, answers


def test_filters_are_completed_and_made_from_cells(opened: OpenDashboard) -> None:
    for at in range(4):
        config = {"optimizer": {"name": ["adam", "sgd"][at % 2]}, "depth": at}
        Writer(opened.client, run_info(f"filter-{at}", project="filters", config=config)).log(
            1, loss=at
        ).finish().send()
    page = opened.go("/runs?project=filters&columns=state|config.depth")
    page.complaints()
    field = "[aria-label='Search runs']"
    page.see("4 runs")
    page.click(field)
    page.run("performance.clearResourceTimings()")
    page.press(*"optim")
    page.see("config.optimizer.name", ".filter-completions")
    page.press("Tab")
    page.see("contains", ".filter-completions")
    page.press(*"= ")
    page.see("adam", ".filter-completions")
    page.see("2 runs", ".filter-completions")
    page.press("ArrowDown", "Enter")
    page.wait(lambda: "name+%3D+adam" in page.run("return location.search"), what="the filter in the address")
    page.press("Escape")
    page.see("2 runs", ".toolbar")
    asked = page.run(
        "return performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/runs/query')).length"
    )
    assert asked <= 6, "a request for each rest of the typing, not for each key"
    page.run("document.querySelector('[data-row]').dispatchEvent(new MouseEvent('mouseenter'))")
    page.click("[data-row='0'] [aria-label^='Only config.depth']")
    page.see("1 runs")
    opened.go("/runs?project=filters")
    page.click("button", "Columns")
    page.type("[aria-label='Search columns']", "optimizer")
    page.see("config.optimizer.name", ".column-row")
    assert page.complaints() == []
