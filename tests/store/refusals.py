"""Makes a real database refuse rows, until it is told otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from lightning_sweeps.store.database import Store


@contextmanager
def refusing(store: Store, table: str, condition: str) -> Iterator[None]:
    """Refuse new rows of `table` for which the SQL `condition` holds; `new` is the row."""
    if store.kind == "sqlite":
        make = f"CREATE TRIGGER refuses BEFORE INSERT ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, 'no'); END"
        drop = "DROP TRIGGER refuses"
    else:
        make = (
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN IF {condition} THEN RAISE EXCEPTION 'no'; END IF; RETURN new; END $$;"
            f" CREATE TRIGGER refuses BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
        drop = f"DROP TRIGGER refuses ON {table}; DROP FUNCTION refuse()"
    with store.write() as connection:
        connection.execute(text(make))
    try:
        yield
    finally:
        with store.write() as connection:
            connection.execute(text(drop))
