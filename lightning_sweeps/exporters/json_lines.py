"""Exports runs as JSON lines: one object per line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from lightning_sweeps.exporters.exporter import Row
from lightning_sweeps.exporters.table_exporter import TableExporter


class JsonLinesExporter(TableExporter):
    """Writes one JSON object per line; NaN and infinities are the strings `nan`, `inf` and `-inf`."""

    name = "json"
    description = "one JSON object per line"

    def write_table(self, path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
        """Write a file of JSON lines and return the number of lines."""
        count = 0
        with path.open("wb") as stream:
            for row in rows:
                stream.write(msgspec.json.encode({name: _json_value(row[name]) for name in columns}) + b"\n")
                count += 1
        return count


def _json_value(value: Any) -> Any:
    """Return a non-finite number as text, because JSON cannot represent it; any other value unchanged."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
