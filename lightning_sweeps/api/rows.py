"""Rows of an answer, fetched page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from lightning_sweeps.core.cells import rows_html
from lightning_sweeps.errors import UsageError

if TYPE_CHECKING:
    import pandas

Row = dict[str, Any]
MOST_SHOWN = 50


class Rows:
    """An iterable of dictionaries that fetches its rows page by page. Each iteration fetches them again.

    A notebook shows the first rows as a table if this is the value of a cell.
    """

    def __init__(self, pages: Callable[[], Iterator[Sequence[Row]]]) -> None:
        self._pages = pages

    def __iter__(self) -> Iterator[Row]:
        for page in self._pages():
            yield from page

    def __repr__(self) -> str:
        return "Rows: not fetched yet; iterate over them, or call `frame()`"

    def _repr_html_(self) -> str:
        first = list(islice(self, MOST_SHOWN + 1))
        note = (
            f"the first {MOST_SHOWN} rows; `frame()` returns all" if len(first) > MOST_SHOWN else f"{len(first)} rows"
        )
        return rows_html(first[:MOST_SHOWN], note=note)

    def frame(self) -> pandas.DataFrame:
        """Return all rows as a pandas data frame.

        Returns:
            A frame with one column for each key.

        Raises:
            UsageError: pandas is not installed. The extra `frames` installs it.
        """
        try:
            import pandas
        except ModuleNotFoundError as error:
            raise UsageError("data frames need pandas", hint='pip install "lightning-sweeps[frames]"') from error
        return pandas.DataFrame(list(self))


def with_parameter_columns(row: Row) -> Row:
    """Return a trial or point with a column for each parameter."""
    params = row.pop("params")
    return row | {f"params.{name}": value for name, value in leaves(params)}


def leaves(values: Row, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a nested map that are not maps, with dotted names."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
