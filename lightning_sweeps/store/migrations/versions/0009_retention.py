"""Adds when the rows of runs were thinned or deleted, and the sizes of series and of what runs printed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009_retention"
down_revision = "0008_run_index"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COLUMNS: tuple[tuple[str, str, Any], ...] = (
    ("run", "thinned", sa.Double()),
    ("run", "rows_deleted", sa.Double()),
    ("run", "console_bytes", Big),
    ("journal", "thinned", sa.Double()),
    ("journal", "rows_deleted", sa.Double()),
    ("series", "size_bytes", Big),
    ("segment", "removed", Big),
)
_MEASURE_SERIES = """
UPDATE series SET size_bytes = found.size_bytes FROM (
    SELECT segment.series_id AS series_id, SUM(part.size_bytes) AS size_bytes FROM segment JOIN (
        SELECT segment_id, LENGTH(data) AS size_bytes FROM column_chunk
        UNION ALL SELECT segment_id, LENGTH(data) FROM rollup_page
        UNION ALL SELECT id, LENGTH(tail) FROM segment
    ) AS part ON part.segment_id = segment.id GROUP BY segment.series_id
) AS found WHERE found.series_id = series.id
"""
_MEASURE_CONSOLE = """
UPDATE run SET console_bytes = found.size_bytes FROM (
    SELECT run_id, SUM(LENGTH(line)) AS size_bytes FROM console GROUP BY run_id
) AS found WHERE found.run_id = run.id
"""


def upgrade() -> None:
    for table, name, kind in _COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True))
    op.execute(_MEASURE_SERIES)
    op.execute(_MEASURE_CONSOLE)


def downgrade() -> None:
    for table, name, _ in reversed(_COLUMNS):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(name)
