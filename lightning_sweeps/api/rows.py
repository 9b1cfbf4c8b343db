"""Rows of an answer, fetched page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lightning_sweeps.errors import UsageError

if TYPE_CHECKING:
    import pandas

Row = dict[str, Any]


class Rows:
    """An iterable of dictionaries that fetches its rows page by page. Each iteration fetches them again."""

    def __init__(self, pages: Callable[[], Iterator[Sequence[Row]]]) -> None:
        self._pages = pages

    def __iter__(self) -> Iterator[Row]:
        for page in self._pages():
            yield from page

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
