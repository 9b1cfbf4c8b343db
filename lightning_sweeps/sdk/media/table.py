"""Encodes tables as JSON."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np

from lightning_sweeps.core.mime_types import TABLE
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.values import plain_text
from lightning_sweeps.sdk.media.arrays import is_array, to_array
from lightning_sweeps.sdk.media.media_type import EncodedMedia

MAX_CELLS = 1_000_000
MAX_INT = 2**63


class TableType:
    """The media type `table`."""

    accepted = "rows or a data frame"

    def accepts(self, value: object) -> bool:
        return hasattr(value, "itertuples") or (isinstance(value, Iterable) and not isinstance(value, str | bytes))

    def encode(self, table: Any, /, *, columns: Sequence[Any] | None = None) -> EncodedMedia:
        """Return a table as JSON: `{"columns": [...], "rows": [[...], ...]}`.

        Args:
            table: rows of cells, or a data frame with `columns` and `itertuples`, such as one of pandas.
            columns: names of the columns. Default: the data frame's names, or the numbers from 0.

        Raises:
            UsageError: a row has a different number of cells, or the table has too many.
        """
        if hasattr(table, "itertuples"):
            columns, table = list(table.columns), table.itertuples(index=False)
        rows = [_limited(row) for row in _limited(table)]
        names = [plain_text(str(name)) for name in _limited(columns)] if columns is not None else []
        width = len(names) or max((len(row) for row in rows), default=0)
        if any(len(row) != width for row in rows):
            raise UsageError(f"a table with {width} columns has rows of {sorted({len(row) for row in rows})} cells")
        if width * len(rows) > MAX_CELLS:
            raise UsageError(f"a table of {width * len(rows)} cells, allowed: {MAX_CELLS}", hint="log it as a file")
        cells = [[_plain_cell(cell) for cell in row] for row in rows]
        content = {"columns": names or [str(index) for index in range(width)], "rows": cells}
        return EncodedMedia(msgspec.json.encode(content), TABLE)


def _limited(items: Iterable[Any]) -> list[Any]:
    """Return the items of an iterator, which may have no end."""
    found = list(itertools.islice(items, MAX_CELLS + 1))
    if len(found) > MAX_CELLS:
        raise UsageError(f"a table of more than {MAX_CELLS} cells", hint="log it as a file")
    return found


def _plain_cell(value: Any) -> Any:
    """Return a cell as a JSON value. A value that JSON cannot represent becomes text."""
    if is_array(value) or isinstance(value, np.generic):
        value = to_array(value).tolist()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < MAX_INT:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return plain_text(str(value))
