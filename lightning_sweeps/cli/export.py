"""`lightning-sweeps export`: runs and every logged value as files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import typer

from lightning_sweeps.api.query import RUN_COLUMNS, Api
from lightning_sweeps.client.connection import connect
from lightning_sweeps.errors import UsageError

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

POINT_COLUMNS = ("run", "key", "journal", "sequence", "step", "time", "value", "is_abandoned")
AT_ONCE = 50_000


class Format(str, Enum):
    """What files can be written."""

    csv = "csv"
    json = "json"
    parquet = "parquet"


FOLDER = typer.Argument(help="Where to write runs.<format> and points.<format>; made if it is not there.")
FORMAT = typer.Option(Format.csv, "--format", help="csv, json (one object a line), or parquet.")
KEYS = typer.Option([], "--key", "-k", help="Only this key's values; may be given several times.")


@app.command()
def export(
    folder: Path = FOLDER,
    project: str | None = typer.Option(None, "--project", "-p", help="Only this project."),
    filter_text: str = typer.Option("", "--filter", "-f", help="Only runs that this expression chooses."),
    file_format: Format = FORMAT,
    key: list[str] = KEYS,
    no_points: bool = typer.Option(False, "--no-points", help="Only the table of runs."),
) -> None:
    """Write runs and every value that they logged into files. Nothing is rounded, sampled or left out."""
    folder.mkdir(parents=True, exist_ok=True)
    with Api(connect()) as api:
        runs = list(api.runs(project, filter=filter_text))
        count = _write(folder / f"runs.{file_format.value}", ("id", *RUN_COLUMNS), runs, file_format)
        typer.echo(f"{folder / f'runs.{file_format.value}'}: {count} runs")
        if not no_points:
            path = folder / f"points.{file_format.value}"
            count = _write(path, POINT_COLUMNS, _points(api, runs, set(key)), file_format)
            typer.echo(f"{path}: {count} values")


def _points(api: Api, runs: Iterable[dict[str, Any]], keys: set[str]) -> Iterator[dict[str, Any]]:
    for run in runs:
        for info in api.keys(run["id"]):
            if not keys or info.key in keys:
                for point in api.points(run["id"], info.key):
                    yield {"run": run["id"], "key": info.key} | point


def _write(path: Path, columns: Iterable[str], rows: Iterable[dict[str, Any]], file_format: Format) -> int:
    writers = {Format.csv: _write_csv, Format.json: _write_json, Format.parquet: _write_parquet}
    return writers[file_format](path, list(columns), rows)


def _write_csv(path: Path, columns: list[str], rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_text(row[name]) for name in columns])
            count += 1
    return count


def _write_json(path: Path, columns: list[str], rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with path.open("wb") as stream:
        for row in rows:
            stream.write(msgspec.json.encode({name: _word(row[name]) for name in columns}) + b"\n")
            count += 1
    return count


def _write_parquet(path: Path, columns: list[str], rows: Iterable[dict[str, Any]]) -> int:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise UsageError("Parquet files need pyarrow", hint='pip install "lightning-sweeps[frames]"') from error
    kinds = {"rank": "int64", "rows": "int64", "sequence": "int64", "step": "int64"}
    kinds |= dict.fromkeys(("created", "ended", "duration", "time", "value"), "float64")
    kinds["is_abandoned"] = "bool"
    schema = pyarrow.schema([(name, kinds.get(name, "string")) for name in columns])
    count = 0
    rows = iter(rows)
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while part := list(islice(rows, AT_ONCE)):
            plain = [{name: row[name] if name in kinds else _text(row[name]) for name in columns} for row in part]
            writer.write_table(pyarrow.Table.from_pylist(plain, schema=schema))
            count += len(part)
    return count


def _text(value: Any) -> Any:
    """Return maps and lists as JSON, all else as it is."""
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value


def _word(value: Any) -> Any:
    """Return non-finite numbers as words: JSON has no others."""
    return str(value) if isinstance(value, float) and value - value != 0 else value
