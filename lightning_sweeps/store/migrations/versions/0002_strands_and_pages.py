"""chunks become strands of full chunks with pages of spans above them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "strand",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("series_id", Big, nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("paged", sa.Integer(), nullable=False),
        sa.Column("tail", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_strand_series_id")),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_strand_journal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strand")),
        sa.UniqueConstraint("series_id", "journal_id", name=op.f("uq_strand_series_id_journal_id")),
    )
    op.create_index(op.f("ix_strand_journal_id"), "strand", ["journal_id"])
    op.create_table(
        "column_chunk",
        sa.Column("strand_id", Big, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["strand_id"], ["strand.id"], name=op.f("fk_column_chunk_strand_id")),
        sa.PrimaryKeyConstraint("strand_id", "number", name=op.f("pk_column_chunk")),
    )
    op.create_table(
        "page",
        sa.Column("strand_id", Big, nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["strand_id"], ["strand.id"], name=op.f("fk_page_strand_id")),
        sa.PrimaryKeyConstraint("strand_id", "level", "number", name=op.f("pk_page")),
    )
    op.add_column("series", sa.Column("first_time", sa.Double(), nullable=True))
    op.add_column("series", sa.Column("last_word", sa.Text(), nullable=True))
    for statement in _MOVE:
        op.execute(statement)
    op.drop_table("chunk")


_MOVE = (
    """UPDATE series SET first_time = (SELECT min(chunk.first_time) FROM chunk WHERE chunk.series_id = series.id)""",
    """INSERT INTO strand (series_id, journal_id, chunks, paged)
       SELECT series_id, journal_id, sum(CASE WHEN "full" THEN 1 ELSE 0 END), 0 FROM chunk
       GROUP BY series_id, journal_id""",
    """UPDATE strand SET tail = (
         SELECT data FROM chunk
         WHERE chunk.series_id = strand.series_id AND chunk.journal_id = strand.journal_id AND NOT chunk."full")""",
    """INSERT INTO column_chunk (strand_id, number, data)
       SELECT strand.id, row_number() OVER (PARTITION BY strand.id ORDER BY chunk.id) - 1, chunk.data
       FROM chunk JOIN strand ON strand.series_id = chunk.series_id AND strand.journal_id = chunk.journal_id
       WHERE chunk."full\"""",
)
