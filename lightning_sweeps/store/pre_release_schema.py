"""Upgrades databases that were created before the first release.

Their tables, and the media key that a run uses for its environment, had other names. The last schema of that time,
`0013`, becomes the initial schema of the first release. Older ones must be migrated to `0013` first, by the code that
knew them.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store.database import is_postgresql

LAST = "0013"
OLDER = frozenset({"0001", "0002", "0003", "0004", "0005", "0007", "0008", "0010"})
INITIAL = "0001_initial"
"""The revision that a database has after `upgrade`."""

_TABLES = {"hot": "write_buffer", "aside": "rejected_record", "strand": "segment", "page": "rollup_page"}
_COLUMNS = (
    ("segment", "paged", "rolled_up"),
    ("column_chunk", "strand_id", "segment_id"),
    ("rollup_page", "strand_id", "segment_id"),
    ("series", "last_word", "last_nonfinite"),
)
_INDEXED = ("hot", "aside", "strand")
"""Tables with an index on `journal_id` and, on PostgreSQL, a sequence for `id`."""
_CONSTRAINTS = (
    ("write_buffer", "pk_hot", "pk_write_buffer"),
    ("write_buffer", "fk_hot_journal_id", "fk_write_buffer_journal_id"),
    ("rejected_record", "pk_aside", "pk_rejected_record"),
    ("rejected_record", "fk_aside_journal_id", "fk_rejected_record_journal_id"),
    ("segment", "pk_strand", "pk_segment"),
    ("segment", "uq_strand_series_id_journal_id", "uq_segment_series_id_journal_id"),
    ("segment", "fk_strand_series_id", "fk_segment_series_id"),
    ("segment", "fk_strand_journal_id", "fk_segment_journal_id"),
    ("column_chunk", "fk_column_chunk_strand_id", "fk_column_chunk_segment_id"),
    ("rollup_page", "pk_page", "pk_rollup_page"),
    ("rollup_page", "fk_page_strand_id", "fk_rollup_page_segment_id"),
)


def upgrade_if_needed(connection: Connection, revision: str | None) -> None:
    """Rename the tables of a pre-release database; leave any other database alone.

    Args:
        connection: a transaction that writes; the caller commits it.
        revision: the database's revision, None for an empty database.

    Raises:
        UsageError: the database's schema is older than `0013`.
    """
    if revision in OLDER:
        raise UsageError(
            f"the database has schema `{revision}`, which this version cannot upgrade, allowed: `{LAST}` or later",
            hint=f"run `lightning-sweeps db migrate` with the code that has schema `{LAST}`, then start this version",
        )
    if revision == LAST:
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    for old, new in _TABLES.items():
        _run(connection, f'ALTER TABLE "{old}" RENAME TO "{new}"')
    for table, old, new in _COLUMNS:
        _run(connection, f'ALTER TABLE "{table}" RENAME COLUMN "{old}" TO "{new}"')
    for old in _INDEXED:
        new = _TABLES[old]
        if is_postgresql(connection):
            _run(connection, f"ALTER INDEX ix_{old}_journal_id RENAME TO ix_{new}_journal_id")
            _run(connection, f"ALTER SEQUENCE {old}_id_seq RENAME TO {new}_id_seq")
        else:
            _run(connection, f"DROP INDEX ix_{old}_journal_id")
            _run(connection, f"CREATE INDEX ix_{new}_journal_id ON {new} (journal_id)")
    if is_postgresql(
        connection
    ):  # SQLite can rename a constraint only by copying the table, and nothing refers to the names
        for table, old, new in _CONSTRAINTS:
            _run(connection, f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
    _run(connection, "UPDATE media SET key = 'environment' WHERE key = 'surroundings'")
    connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": INITIAL})


def _run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))
