"""Decides what a terminal of a certain size shows, as lines of text. Widgets and `--once` show the same lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lightning_sweeps.cli.terminal.columns import TableRow, cut, fit, printable
from lightning_sweeps.cli.terminal.location import Location, Snapshot
from lightning_sweeps.cli.terminal.plot import plot
from lightning_sweeps.cli.terminal.tables import columns_of, counts, rows_of
from lightning_sweeps.messages import ConsoleLine

LEAST_TABLE = 5
"""Lines of a table that a chart and the output leave free, with the heading."""
CHART, OUTPUT = 9, 5
"""Lines of the chart and of the output under a table in a terminal of 24 lines."""
SMALL = 24
IN_ASCII = str.maketrans("…°", "~ ")
MARK = "> "
"""Before the highlighted row. Others have spaces there."""
KEYS = "? keys  g s sweeps  g r runs  g n machines  / search  j k Enter Esc  q quit"


@dataclass(frozen=True, slots=True)
class Look:
    """How a person wants to see a page.

    Attributes:
        width: columns of the terminal.
        height: its lines.
        find: only rows that contain this text.
        is_best_first: whether trials are sorted by their objective.
        is_ascii: whether to draw with ASCII characters only.
    """

    width: int = 80
    height: int = 24
    find: str = ""
    is_best_first: bool = False
    is_ascii: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as text.

    Attributes:
        title: the first line.
        heading: headings of the table; empty: there is no table.
        rows: the rows.
        lines: the text of each row.
        chart: lines of the chart, with its title.
        output: last console lines, with a title.
        keys: the last line: the most important keys, or why the page is not live.
    """

    title: str
    heading: str = ""
    rows: tuple[TableRow, ...] = ()
    lines: tuple[str, ...] = ()
    chart: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    keys: str = KEYS


def draw(snapshot: Snapshot, place: Location, look: Look) -> Picture:
    """Return a page as text that fits."""
    rows = rows_of(snapshot, place, find=look.find, is_best_first=look.is_best_first, is_ascii=look.is_ascii)
    columns = columns_of(place)
    table = fit(columns, rows, look.width - len(MARK))
    chart, output = heights(place, look.height)
    picture = Picture(
        cut(printable(_title(snapshot, place, look)), look.width),
        " " * len(MARK) + table.heading if columns else "",
        tuple(rows),
        tuple(" " * len(MARK) + line for line in table.lines),
        _chart(snapshot, look, chart),
        _output(snapshot, look, output),
        cut(printable(snapshot.problem) or KEYS, look.width),
    )
    if columns and not rows:
        picture = replace(picture, heading=cut(_nothing(place, look), look.width))
    return _in_ascii(picture) if look.is_ascii else picture


def _in_ascii(picture: Picture) -> Picture:
    """Replace characters that a terminal without Unicode cannot show, one by one, so that columns stay aligned."""

    def texts(lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(line.translate(IN_ASCII).encode("ascii", "replace").decode() for line in lines)

    title, heading, keys = texts((picture.title, picture.heading, picture.keys))
    lines, chart, output = texts(picture.lines), texts(picture.chart), texts(picture.output)
    return Picture(title, heading, picture.rows, lines, chart, output, keys)


def heights(place: Location, height: int) -> tuple[int, int]:
    """Return the lines of the chart and of the output of a page, each with its title.

    The title of the page and the keys take two lines, a table the rest.
    """
    free = height - 2
    if place.page == "run":
        output = max(2, free // 3)
        return free - output, output
    if place.page in ("sweeps", "nodes"):
        return 0, 0
    extra = max(0, height - SMALL)
    output = min(OUTPUT + extra // 5, max(0, free - LEAST_TABLE))
    chart = min(CHART + extra // 3, max(0, free - LEAST_TABLE - output))
    return (chart if chart > 2 else 0), output


def as_text(picture: Picture) -> str:
    """Return a picture as text, with every row of its table."""
    parts = [picture.title, picture.heading, *picture.lines, *picture.chart, *picture.output]
    return "\n".join(line.rstrip() for line in parts if line)


def _title(snapshot: Snapshot, place: Location, look: Look) -> str:
    state = "not live, trying again" if snapshot.problem else "live"
    running = sum(len(node.runs) for node in snapshot.nodes)
    gpus = sum(len(node.node.devices) for node in snapshot.nodes)
    where = {"sweeps": "Sweeps", "runs": "Runs", "nodes": "Machines", "sweep": "Sweep", "run": "Run"}[place.page]
    sweep = next((one for one in snapshot.sweeps if one.id == place.sweep), None)
    trial = next((one for one in snapshot.trials if one.id == place.trial), None)
    if place.page == "run" and trial is not None:
        where = f"Trial {trial.number}, {trial.state}"
    if place.page == "run" and trial is None:
        where = f"Run {snapshot.run}"
    if sweep is not None and place.page in ("sweep", "run"):
        where = f"{where} of {sweep.name or sweep.id}" if place.page == "run" else f"Sweep {sweep.name or sweep.id}"
        where += f", {sweep.state}, {counts(sweep)}"
    found = f", search: {look.find}" if look.find else ""
    best = ", best first" if look.is_best_first and place.page == "sweep" else ""
    return f"[{state}] {where}{found}{best} - {running} running, {gpus} GPUs"


def _chart(snapshot: Snapshot, look: Look, height: int) -> tuple[str, ...]:
    if not height:
        return ()
    names = [curve.name for curve in snapshot.curves]
    legend = f" ({', '.join(names)})" if len(names) > 1 else ""
    title = cut(f"{printable(snapshot.metric) or 'no metric yet'}{legend}", look.width)
    return (title, *plot(snapshot.curves, look.width, height - 1, is_ascii=look.is_ascii))


def _output(snapshot: Snapshot, look: Look, height: int) -> tuple[str, ...]:
    if height < 2:
        return ()
    lines = snapshot.console[-(height - 1) :]
    title = "output" if lines else "no output yet"
    return (title, *(cut(_console_line(line), look.width) for line in lines))


def _console_line(line: ConsoleLine) -> str:
    return f"{'  ' if line.stream == 'stdout' else '! '}{printable(line.line)}"


def _nothing(place: Location, look: Look) -> str:
    if look.find:
        return f"nothing contains `{look.find}`"
    return {
        "sweeps": "no sweeps yet: `lightning-sweeps sweep sweep.yaml` creates one",
        "sweep": "no trials yet: `lightning-sweeps agent` starts agents",
        "runs": "no runs yet",
        "nodes": "no machine has sent anything yet",
    }.get(place.page, "")
