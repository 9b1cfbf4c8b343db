"""What a terminal shows, from values: tables that fit, plots, and which row is highlighted."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from lightning_sweeps.cli.terminal.columns import TableColumn, TableRow, fit
from lightning_sweeps.cli.terminal.location import Curve, Location, Page, Snapshot
from lightning_sweeps.cli.terminal.picture import Look, as_text, draw, heights
from lightning_sweeps.cli.terminal.plot import plot
from lightning_sweeps.cli.terminal.tables import rows_of, sorted_trials
from lightning_sweeps.cli.terminal.window import first_visible, highlighted, moved
from lightning_sweeps.messages import ConsoleLine, Node, NodeGpu, NodeRun, NodeStatus, Sweep, Trial
from lightning_sweeps.messages.sweeps import TrialState

NOW = 1_000_000.0


def trial(number: int, state: TrialState = "finished", objective: float | None = None) -> Trial:
    rest = {"reason": "", "exit_code": None, "stderr_tail": "", "created": NOW - 60, "started": NOW - 50, "ended": NOW}
    values = {"objective": objective, "last_objective": objective, "reports": 1}
    return Trial(f"t{number}", "s1", number, state, {"lr": 0.1 * number}, 1, None, **values, **rest)  # type: ignore[arg-type]


def sweep(**changes: object) -> Sweep:
    given = {
        "id": "s1", "project": "digits", "name": "learning-rate", "description": "", "state": "running", "reason": "",
        "method": "grid", "metric": "loss", "goal": "minimize", "config": {}, "run_cap": 20, "created": NOW - 7200,
        "ended": None, "counts": {"finished": 3, "failed": 1, "running": 2}, "best": trial(3, objective=0.125),
    }  # fmt: skip
    return Sweep(**(given | changes))  # type: ignore[arg-type]


def node() -> NodeStatus:
    gpus = [NodeGpu("0", "GPU-aaa", "H100", 80), NodeGpu("1", "GPU-bbb", "H100", 80)]
    run = NodeRun("r1", "digits", "bold-run", "g", 0, 1, "me", "s1", "t1", NOW - 5, ["1"], {})
    values = {"cpu.percent": 50.0, "gpu.0.utilization_percent": 0.0, "gpu.1.utilization_percent": 97.0}
    values |= {"gpu.1.temperature_c": 71.0, "gpu.1.power_w": 402.0}
    return NodeStatus(Node("n1", "host-1", 8, 100, ["H100"] * 2, NOW - 2, gpus), values, [run], [])


def snapshot(**more: object) -> Snapshot:
    trials = (trial(1, objective=0.5), trial(2, "running"), trial(3, objective=0.125), trial(4, "pending"))
    curve = Curve("this", tuple((float(x), 1 / (x + 1)) for x in range(50)))
    lines = tuple(ConsoleLine(NOW, "stdout", f"epoch {n}", n) for n in range(30))
    given = {"sweeps": (sweep(),), "trials": trials, "nodes": (node(),), "run": "r1", "metric": "loss"}
    return Snapshot("http://server", NOW, **(given | {"curves": (curve,), "console": lines} | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (200, 60), (20, 5)])
@pytest.mark.parametrize("page", ["sweeps", "sweep", "runs", "run", "nodes"])
def test_every_page_fits(page: Page, size: tuple[int, int]) -> None:
    width, height = size
    picture = draw(snapshot(), Location(page, sweep="s1", trial="t2"), Look(width, height))
    shown = [picture.title, picture.heading, *picture.lines, *picture.chart, *picture.output, picture.keys]
    assert {
        line for line in shown[:2] + shown[2:] if cell_len(line) > max(width, 60 if line == picture.heading else 0)
    } == set()
    assert len(picture.chart) + len(picture.output) <= height - 2
    assert tuple(map(len, (picture.chart, picture.output))) <= heights(Location(page), height) or page == "run"


def test_the_page_of_sweeps_shows_progress_and_the_best_value() -> None:
    (row,) = rows_of(snapshot(), Location())
    assert row.cells == (
        "s1",
        "digits",
        "learning-rate",
        "running",
        "4/20, 2 running, 1 failed",
        "loss 0.125",
        "2 h 0 min ago",
    )
    assert row.opened == Location("sweep", sweep="s1")


def test_trials_that_run_come_first_or_the_best() -> None:
    trials = snapshot().trials
    assert [one.number for one in sorted_trials(trials, sweep(), is_best_first=False)] == [2, 3, 1, 4]
    assert [one.number for one in sorted_trials(trials, sweep(), is_best_first=True)] == [3, 1, 2, 4]
    largest = sorted_trials(trials, sweep(goal="maximize"), is_best_first=True)
    assert [one.number for one in largest] == [1, 3, 2, 4]


def test_the_best_and_the_compared_trials_are_marked() -> None:
    rows = rows_of(snapshot(), Location("sweep", sweep="s1", compared=("t1",)))
    assert [row.cells[0] for row in rows] == ["", "*", "x", ""]


def test_a_search_keeps_rows_that_contain_the_text() -> None:
    assert [row.key for row in rows_of(snapshot(), Location("sweep", sweep="s1"), find="LR=0.1")] == ["t1"]
    assert "nothing contains `zzz`" in as_text(draw(snapshot(), Location(), Look(find="zzz")))


def test_each_gpu_has_a_row_with_its_run() -> None:
    machine, idle, busy = rows_of(snapshot(), Location("nodes"), is_ascii=True)
    assert machine.cells[:2] == ("host-1", "#####.....  50%")
    assert (idle.cells[1], idle.cells[5], idle.opened) == ("..........   0%", "-", None)
    assert busy.cells[1:6] == ("##########  97%", "-", "71", "402", "bold-run")
    assert busy.opened == Location("run", sweep="s1", run="r1")


def test_a_machine_without_news_is_called_silent_if_something_runs_there() -> None:
    rows = rows_of(snapshot(), Location("nodes"))
    assert rows[0].cells[-1] == "2 s ago"
    late = Snapshot("", NOW + 100, nodes=(node(),))
    assert rows_of(late, Location("nodes"))[0].cells[-1] == "1 min 42 s ago, silent"


def test_a_problem_is_shown_beside_what_was_read_last() -> None:
    picture = draw(snapshot(problem="the server does not answer"), Location(), Look())
    assert picture.title.startswith("[not live, trying again] Sweeps")
    assert picture.keys == "the server does not answer"


def test_texts_of_programs_cannot_control_the_terminal() -> None:
    evil = sweep(name="\x1b]0;owned\x07name\n")
    lines = (ConsoleLine(NOW, "stderr", "\x1b[2Jgone\r"),)
    for page in ("sweeps", "sweep", "run"):
        shown = as_text(draw(snapshot(sweeps=(evil,), console=lines), Location(page, sweep="s1", trial="t1"), Look()))
        assert not {character for character in shown if not character.isprintable() and character != "\n"}
    assert "! " in as_text(draw(snapshot(console=lines), Location("run", run="r1"), Look()))


COLUMNS = (TableColumn("id"), TableColumn("host", 2), TableColumn("note", 0, 5), TableColumn("value", 1, is_right=True))


def test_columns_become_narrower_before_the_least_important_is_left_out() -> None:
    rows = [TableRow("a", ("a1", "machine-1", "a long note", "12"))]
    assert fit(COLUMNS, rows, 40).lines == ("a1  machine-1  a long note     12",)
    assert fit(COLUMNS, rows, 28).lines == ("a1  machine-1  a lon…     12",)
    assert fit(COLUMNS, rows, 18).lines == ("a1  a lo…     12",)
    assert fit(COLUMNS, rows, 9).lines == ("a1  a lo…",)


def test_a_terminal_without_unicode_gets_ascii() -> None:
    for page in ("sweeps", "sweep", "runs", "run", "nodes"):
        assert as_text(draw(snapshot(), Location(page, sweep="s1"), Look(40, is_ascii=True))).isascii()


def test_wide_characters_take_two_columns() -> None:
    (line,) = fit((TableColumn("name", 0, 4), TableColumn("x")), [TableRow("a", ("学习率学习率", "1"))], 12).lines
    assert cell_len(line) <= 12 and line.endswith("1")


def test_a_plot_falls_from_the_upper_left_to_the_lower_right() -> None:
    curve = Curve("loss", tuple((float(x), 10.0 - x) for x in range(11)))
    lines = plot([curve], 30, 6, is_ascii=True)
    assert lines[0] == "       10|**"[: len(lines[0])] or lines[0].startswith("       10|*")
    assert lines[4].startswith("        0|") and lines[4].endswith("*")
    assert lines[5].split() == ["0", "10"]
    braille = plot([curve], 30, 6)
    assert len(braille) == 6 and all(cell_len(line) <= 30 for line in braille)
    assert any(0x2800 < ord(character) < 0x2900 for character in "".join(braille))


@pytest.mark.parametrize(
    "points",
    [
        (),
        ((1.0, float("nan")),),
        ((1.0, 2.0),),
        ((1.0, 5.0), (2.0, 5.0)),
        ((0.0, -1e300), (1e300, 1e300)),
        ((0.0, float("inf")), (1.0, 1.0)),
    ],
)
@pytest.mark.parametrize("size", [(80, 10), (12, 3), (3, 1), (0, 0)])
def test_no_curve_breaks_a_plot(points: tuple[tuple[float, float], ...], size: tuple[int, int]) -> None:
    width, height = size
    lines = plot([Curve("loss", points)], width, height)
    assert len(lines) <= max(height, 0)


def rows(*keys: str, text: str = "") -> list[TableRow]:
    return [TableRow(key, (key,), None if key in text else Location()) for key in keys]


def test_the_highlight_follows_its_row_and_skips_text() -> None:
    assert highlighted(rows("a", "b", "c"), "b") == 1
    assert highlighted(rows("a", "c"), "b", last=1) == 1
    assert highlighted(rows("a", "b", text="a"), "") == 1
    assert highlighted(rows("a", text="a"), "") is None
    some = rows("a", "b", "c", "d", text="c")
    assert (moved(some, 1, 1), moved(some, 0, -1), moved(some, 0, 10), moved([], None, 1)) == (3, 0, 3, None)


def test_the_window_moves_as_little_as_possible() -> None:
    assert [first_visible(at, 0, 3, 10) for at in (0, 2, 3, 9)] == [0, 0, 1, 7]
    assert first_visible(2, 5, 3, 10) == 2
    assert first_visible(None, 5, 3, 4) == 1
