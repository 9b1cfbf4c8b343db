"""Creates every table: the schema of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_initial"
down_revision = None
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Structure = sa.JSON(none_as_null=True)


def upgrade() -> None:
    _create_api_key()
    _create_audit()
    _create_blob()
    _create_node()
    _create_project()
    _create_series()
    _create_artifact()
    _create_artifact_alias()
    _create_run()
    _create_sweep()
    _create_agent()
    _create_artifact_file()
    _create_journal()
    _create_sweep_change()
    _create_trial()
    _create_artifact_use()
    _create_console()
    _create_media()
    _create_rejected_record()
    _create_report()
    _create_segment()
    _create_write_buffer()
    _create_column_chunk()
    _create_rollup_page()


def _create_api_key() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("expires", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_key_digest")),
    )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("key_name", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )


def _create_blob() -> None:
    op.create_table(
        "blob",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size_bytes", Big, nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blob")),
    )


def _create_node() -> None:
    op.create_table(
        "node",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("cpu_count", sa.Integer(), nullable=False),
        sa.Column("memory_bytes", Big, nullable=False),
        sa.Column("gpus", Structure, nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("seen", sa.Double(), nullable=False),
        sa.Column("changed", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node")),
    )
    op.create_index(op.f("ix_node_changed"), "node", ["changed"])


def _create_project() -> None:
    op.create_table(
        "project",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("name", name=op.f("uq_project_name")),
    )


def _create_series() -> None:
    op.create_table(
        "series",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("count", Big, nullable=False),
        sa.Column("nonfinite", Big, nullable=False),
        sa.Column("first_step", Big, nullable=False),
        sa.Column("last_step", Big, nullable=False),
        sa.Column("last_time", sa.Double(), nullable=False),
        sa.Column("last", sa.Double(), nullable=True),
        sa.Column("minimum", sa.Double(), nullable=True),
        sa.Column("maximum", sa.Double(), nullable=True),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("first_time", sa.Double(), nullable=True),
        sa.Column("last_nonfinite", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("owner_kind", "owner_id", "key", name=op.f("uq_series_owner_kind_owner_id_key")),
    )


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
        sa.Column("metadata", Structure, nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_artifact_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artifact")),
        sa.UniqueConstraint("project_id", "name", "version", name=op.f("uq_artifact_project_id_name_version")),
    )


def _create_artifact_alias() -> None:
    op.create_table(
        "artifact_alias",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_artifact_alias_project_id")),
        sa.PrimaryKeyConstraint("project_id", "name", "alias", name=op.f("pk_artifact_alias")),
    )


def _create_run() -> None:
    op.create_table(
        "run",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("logged", Structure, nullable=False),
        sa.Column("changed", sa.Double(), nullable=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("world_size", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("job_type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("signal", sa.Integer(), nullable=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("config", Structure, nullable=False),
        sa.Column("summary", Structure, nullable=False),
        sa.Column("tags", Structure, nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("sweep_id", sa.Text(), nullable=True),
        sa.Column("trial_id", sa.Text(), nullable=True),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("updated", sa.Double(), nullable=False),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("rows", Big, nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("command", Structure, nullable=False),
        sa.Column("gpus", Structure, nullable=False),
        sa.Column("local_rank", sa.Integer(), nullable=False),
        sa.Column("node_rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_run_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_changed"), "run", ["changed"])
    op.create_index(op.f("ix_run_group"), "run", ["group"])
    op.create_index(op.f("ix_run_project_id_created"), "run", ["project_id", "created"])
    op.create_index(op.f("ix_run_sweep_id"), "run", ["sweep_id"])
    op.create_index(op.f("ix_run_trial_id"), "run", ["trial_id"])


def _create_sweep() -> None:
    op.create_table(
        "sweep",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("config", Structure, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_cap", sa.Integer(), nullable=True),
        sa.Column("seed", Big, nullable=False),
        sa.Column("exhausted", sa.Boolean(), nullable=False),
        sa.Column("failures_in_row", sa.Integer(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("changed", sa.Double(), nullable=True),
        sa.Column("prior", Structure, nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_sweep_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep")),
    )
    op.create_index(op.f("ix_sweep_changed"), "sweep", ["changed"])
    op.create_index(op.f("ix_sweep_project_id_created"), "sweep", ["project_id", "created"])


def _create_agent() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sweep_id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("pid", Big, nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("gpus", Structure, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("trial_id", sa.Text(), nullable=True),
        sa.Column("trials_done", sa.Integer(), nullable=False),
        sa.Column("registered", sa.Double(), nullable=False),
        sa.Column("seen", sa.Double(), nullable=False),
        sa.Column("changed", sa.Double(), nullable=True),
        sa.Column("spent_s", Structure, nullable=True),
        sa.Column("ready_until", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_agent_sweep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
    )
    op.create_index(op.f("ix_agent_changed"), "agent", ["changed"])
    op.create_index(op.f("ix_agent_sweep_id"), "agent", ["sweep_id"])


def _create_artifact_file() -> None:
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


def _create_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("node_id", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("offset", Big, nullable=False),
        sa.Column("rows", Big, nullable=False),
        sa.Column("damaged", Big, nullable=False),
        sa.Column("header", Structure, nullable=False),
        sa.Column("finish", Structure, nullable=True),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("updated", sa.Double(), nullable=False),
        sa.Column("resumed_step", Big, nullable=True),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_journal_node_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_journal_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_node_id"), "journal", ["node_id"])
    op.create_index(op.f("ix_journal_run_id"), "journal", ["run_id"])


def _create_sweep_change() -> None:
    op.create_table(
        "sweep_change",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("sweep_id", sa.Text(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("key_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("detail", Structure, nullable=False),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_sweep_change_sweep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep_change")),
    )
    op.create_index(op.f("ix_sweep_change_sweep_id"), "sweep_change", ["sweep_id"])


def _create_trial() -> None:
    op.create_table(
        "trial",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sweep_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("params", Structure, nullable=False),
        sa.Column("point", Structure, nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("lease_expires", sa.Double(), nullable=True),
        sa.Column("objective", sa.Double(), nullable=True),
        sa.Column("last_objective", sa.Double(), nullable=True),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("stderr_tail", sa.Text(), nullable=False),
        sa.Column("judged", Structure, nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("started", sa.Double(), nullable=True),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("changed", sa.Double(), nullable=True),
        sa.Column("gpus", sa.Integer(), nullable=True),
        sa.Column("start_s", sa.Double(), nullable=True),
        sa.Column("gpu_s", sa.Double(), nullable=True),
        sa.Column("gang", Structure, nullable=True),
        sa.Column("ignored", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_trial_sweep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial")),
        sa.UniqueConstraint("sweep_id", "number", name=op.f("uq_trial_sweep_id_number")),
    )
    op.create_index(op.f("ix_trial_agent_id"), "trial", ["agent_id"])
    op.create_index(op.f("ix_trial_changed"), "trial", ["changed"])
    op.create_index(op.f("ix_trial_sweep_id_state"), "trial", ["sweep_id", "state"])


def _create_artifact_use() -> None:
    op.create_table(
        "artifact_use",
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("sequence", Big, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("artifact_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifact.id"], name=op.f("fk_artifact_use_artifact_id")),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_artifact_use_journal_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_artifact_use_run_id")),
        sa.PrimaryKeyConstraint("journal_id", "sequence", name=op.f("pk_artifact_use")),
    )
    op.create_index(op.f("ix_artifact_use_artifact_id"), "artifact_use", ["artifact_id"])
    op.create_index(op.f("ix_artifact_use_run_id"), "artifact_use", ["run_id"])


def _create_console() -> None:
    op.create_table(
        "console",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("sequence", Big, nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_console_journal_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_console_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console")),
    )
    op.create_index(op.f("ix_console_run_id_id"), "console", ["run_id", "id"])


def _create_media() -> None:
    op.create_table(
        "media",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("sequence", Big, nullable=False),
        sa.Column("step", Big, nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size_bytes", Big, nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_media_journal_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_media_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
    )
    op.create_index(op.f("ix_media_digest"), "media", ["digest"])
    op.create_index(op.f("ix_media_journal_id"), "media", ["journal_id"])
    op.create_index(op.f("ix_media_run_id_id"), "media", ["run_id", "id"])


def _create_rejected_record() -> None:
    op.create_table(
        "rejected_record",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("offset", Big, nullable=False),
        sa.Column("size_bytes", Big, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_rejected_record_journal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_record")),
    )
    op.create_index(op.f("ix_rejected_record_journal_id"), "rejected_record", ["journal_id"])


def _create_report() -> None:
    op.create_table(
        "report",
        sa.Column("trial_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", Big, nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_report_trial_id")),
        sa.PrimaryKeyConstraint("trial_id", "number", name=op.f("pk_report")),
    )


def _create_segment() -> None:
    op.create_table(
        "segment",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("series_id", Big, nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("rolled_up", sa.Integer(), nullable=False),
        sa.Column("tail", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_segment_journal_id")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_segment_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        sa.UniqueConstraint("series_id", "journal_id", name=op.f("uq_segment_series_id_journal_id")),
    )
    op.create_index(op.f("ix_segment_journal_id"), "segment", ["journal_id"])


def _create_write_buffer() -> None:
    op.create_table(
        "write_buffer",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_write_buffer_journal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_buffer")),
    )
    op.create_index(op.f("ix_write_buffer_journal_id"), "write_buffer", ["journal_id"])


def _create_column_chunk() -> None:
    op.create_table(
        "column_chunk",
        sa.Column("segment_id", Big, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"], name=op.f("fk_column_chunk_segment_id")),
        sa.PrimaryKeyConstraint("segment_id", "number", name=op.f("pk_column_chunk")),
    )


def _create_rollup_page() -> None:
    op.create_table(
        "rollup_page",
        sa.Column("segment_id", Big, nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"], name=op.f("fk_rollup_page_segment_id")),
        sa.PrimaryKeyConstraint("segment_id", "level", "number", name=op.f("pk_rollup_page")),
    )
