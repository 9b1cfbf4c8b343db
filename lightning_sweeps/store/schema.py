"""Every table, for SQLite and PostgreSQL alike; `migrations/` brings a database to this state.

Times are seconds since the epoch (UTC). JSON columns keep the order of keys, and hold non-finite numbers as the strings
`"nan"`, `"inf"` and `"-inf"` (see `plain.py`); number columns hold finite values only, NULL where there is none.
"""

from __future__ import annotations

import time

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Big = BigInteger().with_variant(Integer, "sqlite")
"""64 bits; SQLite gives row numbers only to columns that are called INTEGER, and those have 64 bits too."""

Structure = JSON(none_as_null=True)


def _changed() -> Column[float]:
    """Return a column that every INSERT and UPDATE sets to the server's time: what pages that are open watch."""
    return Column("changed", Double, default=time.time, onupdate=time.time)


api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),  # SHA-256 of the key, hexadecimal
    Column("name", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("role", Text),  # `read`, `write` or `admin`; NULL for the server's own key, which may do all
    Column("expires", Double),  # NULL: never
)

audit = Table(
    "audit",  # requests of people that changed something
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("time", Double, nullable=False),
    Column("key_name", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("status", Integer, nullable=False),
)

project = Table(
    "project",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created", Double, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("group", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("local_rank", Integer, nullable=False),
    Column("world_size", Integer, nullable=False),
    Column("node_rank", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),  # the highest one seen
    Column("mode", Text, nullable=False),
    Column("job_type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("exit_code", Integer),
    Column("signal", Integer),
    Column("host", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("command", Structure, nullable=False),
    Column("gpus", Structure, nullable=False),
    Column("config", Structure, nullable=False),
    Column("logged", Structure, nullable=False),  # the last logged value of each key
    Column("summary", Structure, nullable=False),  # what the user set, above `logged`
    Column("tags", Structure, nullable=False),
    Column("notes", Text, nullable=False),
    Column("sweep_id", Text),  # no foreign key: a journal may come from another server's sweep
    Column("trial_id", Text),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("ended", Double),
    Column("rows", Big, nullable=False),
    _changed(),
    Index(None, "changed"),
    Index(None, "project_id", "created"),
    Index(None, "group"),
    Index(None, "sweep_id"),
    Index(None, "trial_id"),
)

node = Table(
    "node",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("cpu_count", Integer, nullable=False),
    Column("memory_bytes", Big, nullable=False),
    Column("gpus", Structure, nullable=False),  # a map each, as `records.GpuInfo`; names alone in old rows
    Column("created", Double, nullable=False),
    Column("seen", Double, nullable=False),
    _changed(),
    Index(None, "changed"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run_id", ForeignKey("run.id")),  # exactly one of `run_id` and `node_id` is set
    Column("node_id", ForeignKey("node.id")),
    Column("rank", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("offset", Big, nullable=False),  # bytes committed
    Column("rows", Big, nullable=False),
    Column("damaged", Big, nullable=False),  # stretches that could not be read
    Column("header", Structure, nullable=False),
    Column("finish", Structure),  # the last finish record; NULL while the journal is open
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("resumed_step", Big),  # where its attempt went on from a checkpoint; NULL where it began afresh
    Index(None, "run_id"),
    Index(None, "node_id"),
)

series = Table(
    "series",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),  # in the order in which keys first appeared
    Column("owner_kind", Text, nullable=False),  # `run`, `node` or `process`
    Column("owner_id", Text, nullable=False),  # a run's or node's id; `process:` and the id of its run
    Column("key", Text, nullable=False),
    Column("count", Big, nullable=False),
    Column("nonfinite", Big, nullable=False),
    Column("first_step", Big, nullable=False),  # the lowest
    Column("last_step", Big, nullable=False),  # the highest
    Column("last_time", Double, nullable=False),
    Column("last", Double),
    Column("minimum", Double),
    Column("maximum", Double),
    Column("total", Double, nullable=False),  # the sum of the finite values
    Column("first_time", Double),
    Column("last_word", Text),  # `nan`, `inf` or `-inf` where the last value is not finite
    UniqueConstraint("owner_kind", "owner_id", "key"),
)

strand = Table(
    "strand",  # one journal's part of a series, in the order of its rows: full chunks, then the tail
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("series_id", ForeignKey("series.id"), nullable=False),
    Column("journal_id", ForeignKey("journal.id"), nullable=False),
    Column("chunks", Integer, nullable=False),  # how many full ones there are
    Column("paged", Integer, nullable=False),  # for how many of them there are pages
    Column("tail", LargeBinary),  # the points after the last full chunk; NULL where there are none
    UniqueConstraint("series_id", "journal_id"),
    Index(None, "journal_id"),
)

column_chunk = Table(
    "column_chunk",
    metadata,
    Column("strand_id", ForeignKey("strand.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 0
    Column("data", LargeBinary, nullable=False),  # see `chunks.py`
)

page = Table(
    "page",
    metadata,
    Column("strand_id", ForeignKey("strand.id"), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),  # from 0
    Column("data", LargeBinary, nullable=False),  # see `spans.py`
)

hot = Table(
    "hot",  # rows that are not sorted into series yet; see `hot.py`
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("journal_id", ForeignKey("journal.id"), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),  # see `blocks.py`
    Index(None, "journal_id"),
)

aside = Table(
    "aside",  # records of journals that could not be stored
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("journal_id", ForeignKey("journal.id"), nullable=False),
    Column("offset", Big, nullable=False),  # where the record begins in the journal
    Column("size_bytes", Big, nullable=False),
    Column("reason", Text, nullable=False),
    Column("time", Double, nullable=False),
    Index(None, "journal_id"),
)

console = Table(
    "console",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("run_id", ForeignKey("run.id"), nullable=False),
    Column("journal_id", ForeignKey("journal.id"), nullable=False),
    Column("sequence", Big, nullable=False),
    Column("time", Double, nullable=False),
    Column("stream", Text, nullable=False),
    Column("line", Text, nullable=False),
    Index(None, "run_id", "id"),
)

media = Table(
    "media",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("run_id", ForeignKey("run.id"), nullable=False),
    Column("journal_id", ForeignKey("journal.id"), nullable=False),
    Column("sequence", Big, nullable=False),
    Column("step", Big, nullable=False),
    Column("time", Double, nullable=False),
    Column("key", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size_bytes", Big, nullable=False),
    Column("mime", Text, nullable=False),
    Column("caption", Text),
    Column("position", Integer),  # its place among those of one key and step; NULL as 0
    Index(None, "run_id", "id"),
    Index(None, "journal_id"),
    Index(None, "digest"),
)

artifact = Table(
    "artifact",  # one version of a named set of files
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),  # from 0
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of its list of files
    Column("size_bytes", Big, nullable=False),
    Column("metadata", Structure, nullable=False),
    Column("created", Double, nullable=False),
    UniqueConstraint("project_id", "name", "version"),
)

artifact_file = Table(
    "artifact_file",
    metadata,
    Column("artifact_id", ForeignKey("artifact.id"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("size_bytes", Big, nullable=False),
    Index(None, "digest"),
)

artifact_alias = Table(
    "artifact_alias",  # `latest` is none of them: it is always the newest version
    metadata,
    Column("project_id", ForeignKey("project.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("version", Integer, nullable=False),
)

artifact_use = Table(
    "artifact_use",  # a run has made a version, or used it
    metadata,
    Column("journal_id", ForeignKey("journal.id"), primary_key=True),
    Column("sequence", Big, primary_key=True),
    Column("run_id", ForeignKey("run.id"), nullable=False),
    Column("artifact_id", ForeignKey("artifact.id"), nullable=False),
    Column("role", Text, nullable=False),  # `output` or `input`
    Column("time", Double, nullable=False),
    Index(None, "run_id"),
    Index(None, "artifact_id"),
)

blob = Table(
    "blob",  # contents that the server has as files; see `blobs.py`
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256, hexadecimal
    Column("size_bytes", Big, nullable=False),
    Column("created", Double, nullable=False),
)

sweep = Table(
    "sweep",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("config", Structure, nullable=False),
    Column("source", Text, nullable=False),
    Column("run_cap", Integer),
    Column("seed", Big, nullable=False),
    Column("exhausted", Boolean, nullable=False),
    Column("failures_in_row", Integer, nullable=False),
    Column("created", Double, nullable=False),
    Column("ended", Double),
    _changed(),
    Column("prior", Structure),  # points that others tried, each with its value
    Index(None, "changed"),
    Index(None, "project_id", "created"),
)

sweep_change = Table(
    "sweep_change",  # what people did to it
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("sweep_id", ForeignKey("sweep.id"), nullable=False),
    Column("time", Double, nullable=False),
    Column("key_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("detail", Structure, nullable=False),
    Index(None, "sweep_id"),
)

trial = Table(
    "trial",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sweep_id", ForeignKey("sweep.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("params", Structure, nullable=False),  # nested values: the truth
    Column("point", Structure),  # the engine's coordinates
    Column("attempt", Integer, nullable=False),
    Column("agent_id", Text),
    Column("lease_expires", Double),
    Column("objective", Double),  # the best reported, by the sweep's goal
    Column("last_objective", Double),
    Column("reports", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("exit_code", Integer),
    Column("stderr_tail", Text, nullable=False),
    Column("judged", Structure, nullable=False),  # bands that a stopping rule has judged
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("ended", Double),
    _changed(),
    Column("gpus", Integer),  # of the last attempt that told how it ended
    Column("start_s", Double),  # of that attempt
    Column("gpu_s", Double),  # of all attempts that told
    Column("gang", Structure),  # its agents by node rank, where they meet, how their parts ended: see `gangs.py`
    Column("ignored", Boolean),  # its value counts for nothing, as a person said; NULL: it counts
    Column("note", Text),
    Index(None, "changed"),
    UniqueConstraint("sweep_id", "number"),
    Index(None, "sweep_id", "state"),
    Index(None, "agent_id"),
)

report = Table(
    "report",
    metadata,
    Column("trial_id", ForeignKey("trial.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1, counting the trial's finite objective values
    Column("step", Big, nullable=False),
    Column("time", Double, nullable=False),
    Column("value", Double, nullable=False),
)

agent = Table(
    "agent",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sweep_id", ForeignKey("sweep.id"), nullable=False),
    Column("host", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("pid", Big, nullable=False),
    Column("slot", Integer, nullable=False),
    Column("gpus", Structure, nullable=False),
    Column("state", Text, nullable=False),
    Column("trial_id", Text),
    Column("trials_done", Integer, nullable=False),
    Column("registered", Double, nullable=False),
    Column("seen", Double, nullable=False),
    _changed(),
    Column("spent_s", Structure),  # seconds by what they went to
    Column("ready_until", Double),  # a gang can have it until then; NULL where its request does not wait
    Index(None, "changed"),
    Index(None, "sweep_id"),
)
