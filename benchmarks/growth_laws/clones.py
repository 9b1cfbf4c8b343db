"""Multiplies a run by SQL: only the rows of the tables `run` and `journal`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

from benchmarks.growth_laws.bench import Bench
from lightning_sweeps.store import schema

AT_ONCE = 1000


def clone_runs(bench: Bench, run_id: str, *, copies: int) -> None:
    """Add copies of a run, each created a second after the one before."""
    with bench.store() as store:
        with store.read() as connection:
            run = _row(connection.execute(select(schema.run).where(schema.run.c.id == run_id)).mappings().one())
        for start in range(0, copies, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, copies))
            rows = [
                run | {"id": f"{run_id}-{number}", "created": run["created"] + number + 1, "rank": number + 1}
                for number in numbers
            ]
            with store.write() as connection:
                connection.execute(insert(schema.run), rows)
    bench.settle()


def _row(found: Any) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "changed"}
