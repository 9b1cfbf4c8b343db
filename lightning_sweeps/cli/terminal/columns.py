"""Fits tables into the width of a terminal: columns become narrower, and the least important ones are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from lightning_sweeps.cli.terminal.location import Location

GAP = 2
"""Columns between two cells."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table.

    Attributes:
        name: its heading.
        dropped: the column with the highest number is left out first; 0: never.
        least: a column may be cut to this width; 0: it may not be cut.
        is_right: whether its cells are numbers.
    """

    name: str
    dropped: int = 0
    least: int = 0
    is_right: bool = False


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table.

    Attributes:
        key: identifies the row while others come and go.
        cells: one text for each column.
        chosen: the place when the row is highlighted; None: the row is only text.
        opened: the place that the Enter key opens; None: nothing.
    """

    key: str
    cells: tuple[str, ...]
    chosen: Location | None = None
    opened: Location | None = None


@dataclass(frozen=True, slots=True)
class FittedTable:
    """A table that fits. `lines` are the rows as text, with the same widths as `heading`."""

    heading: str
    lines: tuple[str, ...]


def fit(columns: Sequence[TableColumn], rows: Sequence[TableRow], width: int) -> FittedTable:
    """Return a table with lines of at most `width` columns."""
    widths = [
        max([cell_len(column.name), *(cell_len(printable(row.cells[at])) for row in rows)])
        for at, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    while (excess := _total(widths, shown) - width) > 0:
        _narrow(columns, widths, shown, excess)
        if _total(widths, shown) <= width:
            break
        dropped = max(shown, key=lambda at: columns[at].dropped)
        if not columns[dropped].dropped:
            break
        shown.remove(dropped)
    cells = [(columns[at], widths[at], at) for at in shown]
    heading = _line([(column.name, size, column.is_right) for column, size, _ in cells], width)
    lines = tuple(_line([(row.cells[at], size, column.is_right) for column, size, at in cells], width) for row in rows)
    return FittedTable(heading, lines)


def _total(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[at] for at in shown) + GAP * (len(shown) - 1)


def _narrow(columns: Sequence[TableColumn], widths: list[int], shown: Sequence[int], excess: int) -> None:
    """Cut the widest columns that may be cut, by at most `excess` in all."""
    while excess > 0:
        able = [at for at in shown if columns[at].least and widths[at] > columns[at].least]
        if not able:
            return
        widest = max(able, key=lambda at: widths[at])
        widths[widest] -= 1
        excess -= 1


def _line(cells: Sequence[tuple[str, int, bool]], width: int) -> str:
    texts = [_cell(printable(text), size, is_right=is_right) for text, size, is_right in cells]
    return cut((" " * GAP).join(texts).rstrip(), width)


def _cell(text: str, size: int, *, is_right: bool) -> str:
    text = cut(text, size)
    return " " * (size - cell_len(text)) + text if is_right else set_cell_size(text, size)


def printable(text: str) -> str:
    """Return a text without control characters, which could move the cursor of the terminal or change its state."""
    return "".join(character if character.isprintable() else " " for character in text)


def cut(text: str, width: int) -> str:
    """Return a text that is at most `width` columns wide. A `…` says that something was cut off."""
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…" * min(1, width)
