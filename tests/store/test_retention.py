"""Old rows are thinned and deleted; live runs and rows that arrive meanwhile are safe; sizes are told."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from sqlalchemy import func, select, update

from lightning_sweeps.core.per_project import PerProject
from lightning_sweeps.journal.closing import SentPart
from lightning_sweeps.messages import SpaceUse
from lightning_sweeps.server import journal_parts
from lightning_sweeps.store import maintenance, retention, runs, schema, space
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.retention import DueRows
from lightning_sweeps.store.series import point_pages, reading, writing
from tests.store.journals import Journal

DAY_S = 86400.0
MANY = 9_000
AGES = PerProject(30 * DAY_S)


def send(store: Store, journal: Journal) -> None:
    journal_parts.take(store, SentPart(journal.id, 0, journal.data, None))


def long_run(run: str = "run-1", **more: Any) -> Journal:
    """Return the journal of a run with `MANY` rows, that has not ended."""
    journal = Journal(id=f"journal-{run}", run=run, **more)
    for step in range(MANY):
        journal.log(step, loss=float(step % 97), note="text" if step == 5 else 1.0)
    return journal


def due(
    store: Store, action: retention.Action = "thin", ages: PerProject[float] = AGES, days: float = 31
) -> list[DueRows]:
    with store.read() as connection:
        return retention.due(connection, action, ages, now=store.now() + days * DAY_S)


def points(store: Store, run: str, key: str = "loss") -> int:
    with store.read() as connection:
        return len(point_pages.read_points(connection, store.series, run, key).points)


def uses(store: Store, by: Any, **more: Any) -> dict[str, SpaceUse]:
    with store.read() as connection:
        return {use.name: use for use in space.report(connection, by=by, **more).uses}


def test_only_runs_that_ended_long_ago_are_due(store: Store) -> None:
    send(store, Journal(id="live", run="live").log(0, loss=1.0))
    send(store, Journal(id="over", run="over").log(0, loss=1.0).finish())
    send(store, Journal(id="other", run="other", project="kept").log(0, loss=1.0).finish())
    assert due(store, days=29) == []
    assert {rows.run_id for rows in due(store)} == {"over", "other"}
    assert [rows.run_id for rows in due(store, ages=PerProject(30 * DAY_S, {"kept": None}))] == ["over"]
    assert [rows.run_id for rows in due(store, ages=PerProject(None, {"kept": DAY_S}))] == ["other"]


def test_thinned_rows_keep_what_a_chart_and_the_summary_show(store: Store) -> None:
    send(store, long_run().finish())
    with store.read() as connection:
        before = writing.list_series(connection, "run-1")
    size_before = uses(store, "run")["run-1"].row_bytes
    (rows,) = due(store)
    retention.thin(store, rows)
    with store.read() as connection:
        assert writing.list_series(connection, "run-1") == before
        run = runs.get_run(connection, "run-1")
        series = reading.read_buckets(connection, store.series, "run-1", "loss", width=100)
    assert run.thinned is not None and run.rows == MANY and run.summary["loss"] == (MANY - 1) % 97
    assert points(store, "run-1") < MANY / 2
    assert sum(bucket.count for bucket in series.buckets) == series.count == MANY
    assert uses(store, "run")["run-1"].row_bytes < size_before
    assert due(store) == []
    assert maintenance.check(store) == []
    with store.read() as connection:
        assert connection.scalar(select(func.count()).where(schema.series.c.owner_kind == "discarded")) == 0
        chunk = schema.column_chunk
        stored = connection.scalar(select(func.sum(func.length(chunk.c.data)))) or 0
        page = connection.scalar(select(func.sum(func.length(schema.rollup_page.c.data)))) or 0
        tails = connection.scalar(select(func.sum(func.length(schema.segment.c.tail)))) or 0
    assert uses(store, "run")["run-1"].row_bytes == stored + page + tails


def test_a_run_that_goes_on_is_left_alone(store: Store) -> None:
    journal = long_run().finish()
    send(store, journal)
    (rows,) = due(store)
    send(store, journal.log(MANY, loss=0.0))
    retention.thin(store, rows)
    retention.delete_rows(store, rows)
    assert points(store, "run-1") == MANY + 1
    with store.read() as connection:
        run = runs.get_run(connection, "run-1")
    assert run.thinned is run.rows_deleted is None


def test_rows_that_arrive_after_thinning_are_kept(store: Store) -> None:
    journal = long_run().finish()
    send(store, journal)
    retention.thin(store, due(store)[0])
    kept = points(store, "run-1")
    for step in range(MANY, MANY + 50):
        journal.log(step, loss=0.5)
    send(store, journal.finish())
    assert points(store, "run-1") == kept + 50
    with store.write() as connection:
        connection.execute(update(schema.run).values(thinned=store.now() - 100))
    retention.thin(store, due(store)[0])
    with store.read() as connection:
        series = reading.read_buckets(connection, store.series, "run-1", "loss", width=100)
    assert sum(bucket.count for bucket in series.buckets) == MANY + 50
    assert maintenance.check(store) == []


def test_deleted_rows_leave_the_run_and_its_summary(store: Store) -> None:
    send(store, long_run().say("hello").show("img", b"picture").finish())
    retention.delete_rows(store, due(store, "delete")[0])
    with store.read() as connection:
        run = runs.get_run(connection, "run-1")
        assert writing.list_series(connection, "run-1") == []
        tables = (schema.column_chunk, schema.rollup_page, schema.segment, schema.series, schema.logged_value)
        assert [connection.scalar(select(func.count()).select_from(table)) for table in tables] == [0] * 5
        assert connection.scalar(select(func.count()).select_from(schema.console)) == 1
    assert run.rows_deleted is not None and run.summary["loss"] == (MANY - 1) % 97
    assert due(store, "delete") == due(store, "thin") == []
    assert maintenance.check(store) == []


@pytest.mark.parametrize("action", ["thin", "delete"])
def test_samples_of_machines_age_by_journal(store: Store, action: retention.Action) -> None:
    for name, start in (("old", 0), ("new", 10_000)):
        journal = Journal(id=name, node="node-1", created=1_700_000_000.0 + start)
        for at in range(MANY):
            journal.log(start + at, cpu=float(at % 10))
        send(store, journal.finish() if name == "old" else journal)
    before = uses(store, "project")[space.MACHINES]
    (rows,) = due(store, action)
    assert rows.journal_id == "old"
    (retention.thin if action == "thin" else retention.delete_rows)(store, rows)
    after = uses(store, "project")[space.MACHINES]
    assert after.row_bytes < before.row_bytes
    assert after.points == (2 * MANY if action == "thin" else MANY)
    with store.read() as connection:
        series = reading.read_buckets(connection, store.series, "node-1", "cpu", width=50)
    assert sum(bucket.count for bucket in series.buckets) == after.points
    assert due(store, action) == []
    assert maintenance.check(store) == []


def test_space_is_told_by_project_run_and_key(store: Store) -> None:
    send(store, long_run().say("four").show("img", b"picture").keep("set", {"a": b"content"}, role="output"))
    send(store, Journal(id="other", run="other", project="small").log(0, loss=1.0).say("ab").finish())
    projects = uses(store, "project")
    assert next(iter(projects)) == "project-1"
    whole = projects["project-1"]
    assert (whole.runs, whole.rows, whole.points) == (1, MANY, 2 * MANY - 1)
    assert (whole.media_bytes, whole.artifact_bytes, whole.console_bytes) == (7, 7, 4)
    assert projects["small"].console_bytes == 2
    assert uses(store, "run")["run-1"] == dataclasses.replace(whole, name="run-1")
    keys = uses(store, "key", project="project-1")
    assert keys["img"].media_bytes == 7 and keys["loss"].points > 8_000
    assert keys["loss"].row_bytes + keys["note"].row_bytes == whole.row_bytes
    assert list(uses(store, "run", run="other")) == ["other"]
    assert len(uses(store, "run", limit=1)) == 1


def test_projects_over_their_quota(store: Store) -> None:
    send(store, long_run().finish())
    send(store, Journal(id="other", run="other", project="small").log(0, loss=1.0))
    limits = PerProject(5_000, {"small": None})
    with store.read() as connection:
        over = space.over_quota(space.counted_rows(connection), limits)
    assert over == {"project-1": "the project `project-1` has 9,000 rows of 5,000 that it may have"}
    assert "over quota" in uses(store, "project", quota=limits)["project-1"].note
    retention.thin(store, due(store)[0])
    with store.read() as connection:
        assert space.over_quota(space.counted_rows(connection), limits) == {}
