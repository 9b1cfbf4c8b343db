"""Exports runs as Parquet files. Needs pyarrow (the extra `frames`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from lightning_sweeps.errors import UsageError
from lightning_sweeps.exporters.exporter import Row
from lightning_sweeps.exporters.table_exporter import TableExporter, as_text

ROW_GROUP_ROWS = 50_000
_INTEGERS = (
    *("rank", "rows", "sequence", "step", "index", "size_bytes", "version", "world_size", "attempt", "exit_code"),
    *("signal", "local_rank", "node_rank"),
)
_FLOATS = ("created", "updated", "ended", "duration", "time", "value")
_COLUMN_TYPES = {
    **dict.fromkeys(_INTEGERS, "int64"),
    **dict.fromkeys(_FLOATS, "float64"),
    "is_abandoned": "bool",
}
"""Arrow types of columns; every other column is text, with maps and lists as JSON."""


class ParquetExporter(TableExporter):
    """Writes Parquet files with typed columns; maps and lists are JSON text."""

    name = "parquet"
    description = "Parquet files (needs the extra `frames`)"

    def write_table(self, path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
        """Write a Parquet file in groups of `ROW_GROUP_ROWS` rows and return the number of rows."""
        try:
            import pyarrow
            import pyarrow.parquet
        except ModuleNotFoundError as error:
            raise UsageError("Parquet files need pyarrow", hint='pip install "lightning-sweeps[frames]"') from error
        schema = pyarrow.schema([(name, _COLUMN_TYPES.get(name, "string")) for name in columns])
        count = 0
        rows = iter(rows)
        with pyarrow.parquet.ParquetWriter(path, schema) as writer:
            while group := list(islice(rows, ROW_GROUP_ROWS)):
                cells = [
                    {name: row[name] if name in _COLUMN_TYPES else as_text(row[name]) for name in columns}
                    for row in group
                ]
                writer.write_table(pyarrow.Table.from_pylist(cells, schema=schema))
                count += len(group)
        return count
