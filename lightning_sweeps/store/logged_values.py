"""Lists logged values that a series cannot store exactly: text, lists, and integers beyond 2**53."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, func, select

from lightning_sweeps.messages import LoggedValue, LoggedValueKey
from lightning_sweeps.store import runs, schema

MAX_VALUES = 10_000

_value = schema.logged_value


def list_keys(connection: Connection, run_id: str) -> list[LoggedValueKey]:
    """Return the keys of a run that have such values, with their number, in the order of their first value.

    Raises:
        NotFound: there is no such run.
    """
    runs.get_run(connection, run_id)
    counted = select(_value.c.key, func.count().label("count")).where(_value.c.run_id == run_id)
    rows = connection.execute(counted.group_by(_value.c.key).order_by(func.min(_value.c.id)))
    return [LoggedValueKey(row[0], row[1]) for row in rows]


def list_values(
    connection: Connection, run_id: str, key: str | None, *, after: int, limit: int, is_newest_first: bool = False
) -> list[LoggedValue]:
    """Return values of a run in the order in which they arrived.

    Args:
        connection: a transaction.
        run_id: the run.
        key: only values of this key; None: of all keys.
        after: only values with a greater id.
        limit: maximum number of values.
        is_newest_first: True: the last values, in reverse order.

    Raises:
        NotFound: there is no such run.
    """
    runs.get_run(connection, run_id)
    query = select(_value).where(_value.c.run_id == run_id, _value.c.id > after)
    if key is not None:
        query = query.where(_value.c.key == key)
    order = _value.c.id.desc() if is_newest_first else _value.c.id
    return _messages(connection, query.order_by(order).limit(limit))


def values_between(
    connection: Connection, run_id: str, keys: Collection[str], *, low: int | None, high: int | None, limit: int
) -> list[LoggedValue]:
    """Return values of a run of these keys with steps from `low` to `high`, at most one more than `limit`."""
    query = select(_value).where(_value.c.run_id == run_id, _value.c.key.in_(list(keys)))
    if low is not None:
        query = query.where(_value.c.step >= low)
    if high is not None:
        query = query.where(_value.c.step <= high)
    return _messages(connection, query.order_by(_value.c.id).limit(limit + 1))


def last_step(connection: Connection, run_id: str) -> int:
    """Return the greatest step of such a value of a run; -1 if there is none."""
    found: int | None = connection.scalar(select(func.max(_value.c.step)).where(_value.c.run_id == run_id))
    return -1 if found is None else found


def _messages(connection: Connection, query: Select[Any]) -> list[LoggedValue]:
    names = ("id", "journal_id", "sequence", "step", "time", "key", "value")
    return [LoggedValue(*(row[name] for name in names)) for row in connection.execute(query).mappings()]
