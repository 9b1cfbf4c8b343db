"""artifacts with versions, contents that the server has, where attempts went on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("journal", sa.Column("resumed_step", Big, nullable=True))
    op.add_column("media", sa.Column("caption", sa.Text(), nullable=True))
    op.add_column("media", sa.Column("position", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_media_journal_id"), "media", ["journal_id"])
    op.create_index(op.f("ix_media_digest"), "media", ["digest"])
    op.create_table(
        "blob",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size_bytes", Big, nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blob")),
    )
    _create_artifact()
    op.create_table(
        "artifact_file",
        sa.Column("artifact_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size_bytes", Big, nullable=False),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifact.id"], name=op.f("fk_artifact_file_artifact_id")),
        sa.PrimaryKeyConstraint("artifact_id", "path", name=op.f("pk_artifact_file")),
    )
    op.create_index(op.f("ix_artifact_file_digest"), "artifact_file", ["digest"])
    op.create_table(
        "artifact_alias",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_artifact_alias_project_id")),
        sa.PrimaryKeyConstraint("project_id", "name", "alias", name=op.f("pk_artifact_alias")),
    )
    _create_artifact_use()


def _create_artifact() -> None:
    op.create_table(
        "artifact",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size_bytes", Big, nullable=False),
        sa.Column("metadata", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_artifact_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artifact")),
        sa.UniqueConstraint("project_id", "name", "version", name=op.f("uq_artifact_project_id_name_version")),
    )


def _create_artifact_use() -> None:
    op.create_table(
        "artifact_use",
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("sequence", Big, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("artifact_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_artifact_use_journal_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_artifact_use_run_id")),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifact.id"], name=op.f("fk_artifact_use_artifact_id")),
        sa.PrimaryKeyConstraint("journal_id", "sequence", name=op.f("pk_artifact_use")),
    )
    op.create_index(op.f("ix_artifact_use_run_id"), "artifact_use", ["run_id"])
    op.create_index(op.f("ix_artifact_use_artifact_id"), "artifact_use", ["artifact_id"])
