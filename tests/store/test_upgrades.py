"""What an earlier version wrote is all there after the migrations, on both databases."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import text

from lightning_sweeps.store.database import Store, open_store
from lightning_sweeps.store.migrate import migrate
from lightning_sweeps.store.series import chunks, reading, rollup_pages, writing

BEGAN = 1_700_000_000.0


def write(store: Store, table: str, **row: Any) -> None:
    """Insert a row as it was then, whatever the schema is now."""
    values = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in row.items()}
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(
        f"CAST(:{name} AS JSON)" if isinstance(row[name], dict | list) and store.kind == "postgresql" else f":{name}"
        for name in values
    )
    with store.write() as connection:
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)  # noqa: S608


def database_of_0001(url: str) -> Store:
    """Return a database as version 0001 left it: a run with a series of 2,500 points in two journals."""
    store = open_store(url)
    migrate(store, target="0001")
    write(store, "project", id="p", name="project-1", created=BEGAN)
    numbers = dict.fromkeys(("rank", "local_rank", "node_rank", "attempt"), 0) | {"world_size": 1, "rows": 2500}
    words = dict.fromkeys(("mode", "job_type", "reason", "host", "node_id", "user", "notes"), "")
    structures = {"command": [], "gpus": [], "config": {"lr": 0.1}, "logged": {"loss": 1.0}, "summary": {}, "tags": []}
    write(
        store,
        "run",
        id="r",
        project_id="p",
        name="a name",
        group="g",
        state="running",
        created=BEGAN,
        updated=BEGAN,
        **numbers,
        **words,
        **structures,
    )
    for number in range(2):
        place = {"run_id": "r", "rank": number, "attempt": 0, "offset": 100, "rows": 1250, "damaged": 0, "header": {}}
        write(store, "journal", id=f"j{number}", **place, created=BEGAN + number, updated=BEGAN)
    whole = {"count": 2500, "nonfinite": 0, "first_step": 0, "last_step": 1249, "last_time": BEGAN + 1249}
    measured = {"last": 1249.0, "minimum": 0.0, "maximum": 1249.0, "total": 2 * sum(range(1250))}
    write(store, "series", id=7, owner_kind="run", owner_id="r", key="loss", **whole, **measured)
    for start in (0, 1024):  # chunks of both journals took turns
        for number in range(2):
            rows = list(range(start, min(start + 1024, 1250)))
            part = chunks.columns(rows, rows, [BEGAN + row for row in rows], rows)
            known = {name: getattr(chunks.statistics(part), name) for name in OF_A_CHUNK}
            write(
                store,
                "chunk",
                id=1 + number + start // 512,
                series_id=7,
                journal_id=f"j{number}",
                full=start == 0,
                data=chunks.encode(part),
                **known,
            )
    return store


OF_A_CHUNK = (
    *("count", "nonfinite", "first_step", "last_step", "first_time", "last_time"),
    *("last", "minimum", "maximum", "total"),
)


def test_series_of_0001_are_whole_can_be_drawn_and_go_on(empty_database: str) -> None:
    store = database_of_0001(empty_database)
    migrate(store)
    more = chunks.columns([1250], [1250], [BEGAN + 1250], [float("nan")])
    with store.write() as connection:
        writing.append(connection, {"loss": more}, kind="run", owner_id="r", journal_id="j1")
    with store.write() as connection:
        for strand_id in rollup_pages.lacking(connection, limit=10):
            rollup_pages.catch_up(connection, strand_id)
    with store.read() as connection:
        points = reading.read_points(connection, "r", "loss")
        drawn = reading.read_buckets(connection, "r", "loss", width=10, x="relative")
        (info,) = writing.list_keys(connection, "r")
    store.close()
    assert [point.step for point in points] == [*range(1250), *range(1251)]
    assert [point.journal for point in points] == ["j0"] * 1250 + ["j1"] * 1251
    assert sum(bucket.count for bucket in drawn.buckets) == 2501 and drawn.buckets[0].step < 130
    assert (info.count, info.last, info.maximum) == (2501, "nan", 1249.0)
