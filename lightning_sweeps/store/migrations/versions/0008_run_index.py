"""Adds indexes for what changed lately, and for journals that are open or damaged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_run_index"
down_revision = "0007_key_projects"
branch_labels = None
depends_on = None

_OPEN = sa.text("finish IS NULL")
_DAMAGED = sa.text("damaged > 0")


def upgrade() -> None:
    op.create_index(op.f("ix_run_project_id_changed"), "run", ["project_id", "changed"])
    op.drop_index(op.f("ix_run_project_id_created"), "run")
    op.create_index(op.f("ix_deleted_run_time"), "deleted_run", ["time"])
    op.create_index("ix_journal_open", "journal", ["id"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index("ix_journal_damaged", "journal", ["damaged"], sqlite_where=_DAMAGED, postgresql_where=_DAMAGED)


def downgrade() -> None:
    op.drop_index("ix_journal_damaged", "journal")
    op.drop_index("ix_journal_open", "journal")
    op.drop_index(op.f("ix_deleted_run_time"), "deleted_run")
    op.create_index(op.f("ix_run_project_id_created"), "run", ["project_id", "created"])
    op.drop_index(op.f("ix_run_project_id_changed"), "run")
