"""Declares every table, for SQLite and PostgreSQL; `migrations/` creates them.

Times are seconds since the epoch (UTC). JSON columns keep the order of keys, and hold non-finite numbers as the strings
`"nan"`, `"inf"` and `"-inf"` (see `column_values.py`). Number columns hold finite values or NULL.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy
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

from lightning_sweeps.messages import RunDetails
from lightning_sweeps.messages.columns import declared_columns
from lightning_sweeps.store.clock import time_of_statement

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Big = BigInteger().with_variant(Integer, "sqlite")
"""64-bit integers. SQLite assigns row numbers only to columns of type INTEGER, which have 64 bits there."""

Structure = JSON(none_as_null=True)
_TYPES: dict[type, Any] = {str: Text, int: Integer, float: Double, list: Structure, dict: Structure}


def _changed() -> Column[float]:
    """Return a column that every INSERT and UPDATE sets to the database's time. Open dashboard pages poll it."""
    return Column("changed", Double, default=time_of_statement, onupdate=time_of_statement)


def _declared(message: type) -> Iterator[Column[Any]]:
    """Yield the columns that a message's fields declare."""
    for declared in declared_columns(message):
        if not declared.column.is_stored:
            continue
        kind = Big if declared.column.is_long else _TYPES[declared.kind]
        name, is_key = declared.sql_name, declared.name == "id"
        yield Column(name, kind, primary_key=is_key, nullable=declared.is_nullable)


api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),  # SHA-256 of the key, hexadecimal
    Column("name", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("role", Text),  # `read`, `write` or `admin`; NULL: the server's own key, which may do everything
    Column("expires", Double),  # NULL: never
    Column("projects", Structure),  # names of projects; NULL: all
)

spent_token = Table(
    "spent_token",  # links and tickets that were used, and sessions that were logged out
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of the token, hexadecimal
    Column("kind", Text, nullable=False),
    Column("expires", Double, nullable=False),
)

audit = Table(
    "audit",  # requests that changed something
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
    Column("page", Structure),  # what people wrote on its page; see `project_pages.py`; NULL: nothing yet
    Column("page_version", Integer),  # number of edits of the page; NULL: 0
    Column("page_edited", Double),  # when it was edited last; NULL: never
    Column("page_edited_by", Text),  # name of the API key that did it
    Column("experiment", Structure),  # what MLflow clients say of it; see `experiments.py`; NULL: nothing
)

run = Table(
    "run",
    metadata,
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("logged", Structure, nullable=False),  # last logged values of its first keys; `summary` overrides them
    _changed(),
    *_declared(RunDetails),  # the sweep and the trial have no foreign key: they may belong to another server
    Index(None, "changed"),
    Index(None, "deleted"),
    Index(None, "project_id", "changed"),
    Index(None, "group"),
    Index(None, "sweep_id"),
    Index(None, "trial_id"),
)

last_value = Table(
    "last_value",  # last logged values of a run's keys that are not in `run.logged`; see `last_values.py`
    metadata,
    Column("run_id", ForeignKey("run.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", JSON, nullable=False),
)

deleted_run = Table(
    "deleted_run",  # runs that were deleted for good; their journals are rejected
    metadata,
    Column("id", Text, primary_key=True),
    Column("time", Double, nullable=False),
    Column("key_name", Text, nullable=False),  # of the key that moved it to the trash
    Index(None, "time"),
)

node = Table(
    "node",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("cpu_count", Integer, nullable=False),
    Column("memory_bytes", Big, nullable=False),
    Column("gpus", Structure, nullable=False),  # a map per GPU, as `records.GpuInfo`; only names in old rows
    Column("created", Double, nullable=False),
    Column("seen", Double, nullable=False),
    _changed(),
    Index(None, "changed"),
)

_OPEN = sqlalchemy.text("finish IS NULL")
_DAMAGED = sqlalchemy.text("damaged > 0")

journal = Table(
    "journal",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run_id", ForeignKey("run.id")),  # exactly one of `run_id` and `node_id` is set
    Column("node_id", ForeignKey("node.id")),
    Column("rank", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("offset", Big, nullable=False),  # committed bytes
    Column("rows", Big, nullable=False),
    Column("damaged", Big, nullable=False),  # number of unreadable stretches and rejected records
    Column("header", Structure, nullable=False),
    Column("finish", Structure),  # the last finish record; NULL while the journal is open
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),  # when its machine last sent it or asked about it, by the server's clock
    Column("resumed_step", Big),  # first step of the attempt: rows of earlier ones are abandoned from it on
    Column("first_step", Big),  # step of its first row; NULL: it has no row
    Column("parent", Text),  # the main process's journal, if a child process writes this one; it decides no state
    Column("thinned", Double),  # when its samples were thinned, for the journal of a node
    Column("rows_deleted", Double),  # when its samples were deleted
    Index(None, "run_id"),
    Index(None, "node_id"),
    Index("ix_journal_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_journal_damaged", "damaged", sqlite_where=_DAMAGED, postgresql_where=_DAMAGED),
)

taken_request = Table(
    "taken_request",  # the newest requests of clients that repeat requests without numbers; see `taken_requests.py`
    metadata,
    Column("journal_id", ForeignKey("journal.id"), primary_key=True),
    Column("digests", LargeBinary, nullable=False),
)

series = Table(
    "series",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),  # keys in order of first appearance
    Column("owner_kind", Text, nullable=False),  # `run`, `node` or `process`; `discarded`: its points will be deleted
    Column("owner_id", Text, nullable=False),  # id of a run or node; `process:<run id>` for a process
    Column("key", Text, nullable=False),
    Column("count", Big, nullable=False),
    Column("nonfinite", Big, nullable=False),
    Column("first_step", Big, nullable=False),  # lowest
    Column("last_step", Big, nullable=False),  # highest
    Column("last_time", Double, nullable=False),
    Column("last", Double),
    Column("minimum", Double),
    Column("maximum", Double),
    Column("total", Double, nullable=False),  # sum of the finite values
    Column("first_time", Double),
    Column("last_nonfinite", Text),  # `nan`, `inf` or `-inf` if the last value is not finite
    Column("size_bytes", Big),  # of its points, as far as the storage knows; NULL: 0
    UniqueConstraint("owner_kind", "owner_id", "key"),
)

segment = Table(
    "segment",  # the points of a series that come from one journal, in row order: full chunks, then the tail
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("series_id", ForeignKey("series.id"), nullable=False),
    Column("journal_id", ForeignKey("journal.id"), nullable=False),
    Column("chunks", Integer, nullable=False),  # number of full chunks
    Column("rolled_up", Integer, nullable=False),  # number of full chunks with rollups
    Column("tail", LargeBinary),  # encoded points after the last full chunk; NULL: none
    Column("removed", Big),  # number of points that thinning removed; NULL: 0
    UniqueConstraint("series_id", "journal_id"),
    Index(None, "journal_id"),
)

column_chunk = Table(
    "column_chunk",
    metadata,
    Column("segment_id", ForeignKey("segment.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 0
    Column("data", LargeBinary, nullable=False),  # see `series/chunks.py`
)

rollup_page = Table(
    "rollup_page",
    metadata,
    Column("segment_id", ForeignKey("segment.id"), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),  # from 0
    Column("data", LargeBinary, nullable=False),  # see `series/rollups.py`
)

write_buffer = Table(
    "write_buffer",  # rows that are not in their series yet; see `series/write_buffer.py`
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("journal_id", ForeignKey("journal.id"), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),  # see `series/blocks.py`
    Index(None, "journal_id"),
)

rejected_record = Table(
    "rejected_record",  # journal records that could not be stored
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("journal_id", ForeignKey("journal.id"), nullable=False),
    Column("offset", Big, nullable=False),  # where the record begins in the journal file
    Column("size_bytes", Big, nullable=False),
    Column("reason", Text, nullable=False),
    Column("time", Double, nullable=False),
    Column("data", LargeBinary),  # the record, to be tried again; NULL: an earlier version did not keep it
    Index(None, "journal_id"),
)

rejected_journal = Table(
    "rejected_journal",  # journals that stay on their machine, because they could not be stored
    metadata,
    Column("id", Text, primary_key=True),
    Column("run_id", Text),  # no foreign key: the run may be unknown here
    Column("host", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("time", Double, nullable=False),
)

logged_value = Table(
    "logged_value",  # logged values that a series cannot store exactly: text, lists, long integers
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("run_id", ForeignKey("run.id"), nullable=False),
    Column("journal_id", ForeignKey("journal.id"), nullable=False),
    Column("sequence", Big, nullable=False),
    Column("step", Big, nullable=False),
    Column("time", Double, nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Structure),
    Index(None, "run_id", "key", "id"),
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

console_block = Table(
    "console_block",
    metadata,
    Column("run_id", ForeignKey("run.id"), primary_key=True),
    Column("last_id", Big, primary_key=True, autoincrement=False),
    Column("after_id", Big, nullable=False),
    Column("signature", LargeBinary, nullable=False),
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
    Column("position", Integer),  # index among the files of one key and step; NULL: 0
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
    Column("digest", Text, nullable=False),  # SHA-256 of the list of files
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
    "artifact_alias",  # `latest` is not stored: it is always the newest version
    metadata,
    Column("project_id", ForeignKey("project.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("version", Integer, nullable=False),
)

artifact_use = Table(
    "artifact_use",  # a run created or used a version
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
    "blob",  # content of media and artifacts that the server has; see `blobs/blob_storage.py`
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256, hexadecimal
    Column("size_bytes", Big, nullable=False),
    Column("created", Double, nullable=False),
    Column("md5", Text),  # hexadecimal; wandb clients name contents by it. NULL: nobody has asked for it
    Index(None, "md5"),
)

artifact_draft = Table(
    "artifact_draft",  # an artifact that a wandb client uploads; see `blobs/drafts.py`
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", Text, nullable=False),  # what the client calls it
    Column("given", Structure, nullable=False),  # what it says about it
    Column("entries", Structure),  # the files that it lists
    Column("artifact_id", Text),  # the version that it became
    Column("created", Double, nullable=False),
    Index(None, "client_id"),
    Index(None, "artifact_id"),
)

draft_blob = Table(
    "draft_blob",  # a blob that a draft needs until it is a version
    metadata,
    Column("draft_id", ForeignKey("artifact_draft.id"), primary_key=True),
    Column("digest", Text, primary_key=True),
    Index(None, "digest"),
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
    Column("prior", Structure),  # results of earlier sweeps and runs
    Column("search_end", Text),  # why the model ended the search, in words; NULL: it did not
    Column("search_changes", Integer),  # how often a user changed the search; NULL: never
    Column("continued_at", Integer),  # number of ended trials when a user last continued the sweep after its end
    Column("deleted", Double),  # when it was moved to the trash; NULL: it was not
    Column("deleted_by", Text),  # name of the API key that did it
    Column("tried_below", Big),  # lower indexes of the space are tried; NULL: `trial.point_index` is not up to date
    Index(None, "changed"),
    Index(None, "project_id", "created"),
)

sweep_change = Table(
    "sweep_change",  # changes made by people
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
    Column("params", Structure, nullable=False),  # the parameters, nested
    Column("point", Structure),  # the method's coordinates
    Column("attempt", Integer, nullable=False),
    Column("agent_id", Text),
    Column("lease_expires", Double),
    Column("objective", Double),  # best reported value, by the sweep's goal
    Column("last_objective", Double),
    Column("reports", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("exit_code", Integer),
    Column("stderr_tail", Text, nullable=False),
    Column("judged", Structure, nullable=False),  # state of the sweep's stopping rule
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("ended", Double),
    _changed(),
    Column("gpus", Integer),  # of the last attempt that reported its end
    Column("start_s", Double),  # start-up time of that attempt
    Column("gpu_s", Double),  # of all attempts that reported their end
    Column("gang", Structure),  # agents by node rank, their rendezvous, and how their parts ended
    Column("ignored", Boolean),  # True: a person excluded its value; NULL: it counts
    Column("note", Text),
    Column("ending", Structure),  # how the processes ended, while the last rows of their journals are on their way
    Column("end_number", Integer),  # position among the sweep's ended trials, from 1
    Column("chosen_by", Text),  # `model`, `random` (in place of the model), `method`, `user` or `repeat`; NULL: unknown
    Column("known_ends", Integer),  # number of ended trials that the method knew when it chose the point
    Column("unseen_ends", Integer),  # number of trials that had ended at the lease and that the method did not know
    Column("discarded", Boolean),  # True: a user discarded the trial, its point is free; NULL: it counts
    Column("preemptions", Integer),  # number of preempted attempts; NULL: 0
    Column("losses", Integer),  # number of lost attempts since the last one that made progress; NULL: 0
    Column("resumed_step", Big),  # the latest step from which an attempt continued; NULL: 0
    Column("point_number", Integer),  # number of the point within the sweep, from 1; NULL: the trial's number
    Column("repeat", Integer),  # which trial of its point it is, from 1; NULL: the only one
    Column("point_index", Big),  # index of the point in a finite space; NULL: it is not in the space, or not known
    Index(None, "changed"),
    UniqueConstraint("sweep_id", "number"),
    Index(None, "sweep_id", "state", "discarded"),
    Index(None, "sweep_id", "point_index"),
    Index(None, "sweep_id", "end_number"),
    Index(None, "agent_id"),
)

trial_attempt = Table(
    "trial_attempt",  # earlier attempts of trials that ran again
    metadata,
    Column("trial_id", ForeignKey("trial.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("exit_code", Integer),
    Column("stderr_tail", Text, nullable=False),
    Column("agent_id", Text),
    Column("objective", Double),
    Column("last_objective", Double),
    Column("reports", Integer, nullable=False),
    Column("started", Double),
    Column("ended", Double, nullable=False),
    Column("gpus", Integer),
    Column("gpu_s", Double),
)

report = Table(
    "report",
    metadata,
    Column("trial_id", ForeignKey("trial.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1, counting the trial's finite objective values
    Column("step", Big, nullable=False),
    Column("time", Double, nullable=False),
    Column("value", Double, nullable=False),
    Column("sweep_id", Text),  # of the trial: values of all trials with the same number are compared
    Index(None, "sweep_id", "number", "value", "trial_id"),
)

band_value = Table(
    "band_value",  # what a trial had reported when it reached a band of its stopping rule
    metadata,
    Column("trial_id", ForeignKey("trial.id"), primary_key=True),
    Column("band", Big, primary_key=True),
    Column("sweep_id", Text, nullable=False),
    Column("value", Double, nullable=False),
    Index(None, "sweep_id", "band", "value", "trial_id"),
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
    Column("spent_s", Structure),  # seconds per activity
    Column("ready_until", Double),  # the agent waits for a gang until then; NULL: it does not wait
    Index(None, "changed"),
    Index(None, "sweep_id"),
)

alert_rule = Table(
    "alert_rule",  # what raises alerts
    metadata,
    Column("id", Text, primary_key=True),
    Column("condition", Text, nullable=False),
    Column("project_id", ForeignKey("project.id")),  # NULL: all projects
    Column("sweep_id", Text),  # NULL: all sweeps; no foreign key: the rule of a deleted sweep does nothing
    Column("options", Structure, nullable=False),
    Column("channels", Structure, nullable=False),  # names; empty: all
    Column("created", Double, nullable=False),
    Column("created_by", Text, nullable=False),  # name of the API key; empty: every server has it
)

alert = Table(
    "alert",  # alerts of the last weeks, one row for each channel
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("rule_id", Text),  # no foreign key: alerts outlive their rule; NULL: a test
    Column("key", Text, nullable=False),  # the same for the same event
    Column("channel", Text, nullable=False),
    Column("content", Structure, nullable=False),
    Column("created", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try", Double),  # NULL: it was sent, or given up
    Column("sent", Double),
    Column("problem", Text, nullable=False),  # why the last attempt failed
    Index(None, "rule_id", "key", "channel"),
    Index(None, "next_try"),
)

alert_position = Table(
    "alert_position",  # one row: up to where the servers have looked for events
    metadata,
    Column("id", Integer, primary_key=True),
    Column("since", Double, nullable=False),  # changes up to this time
    Column("line", Big, nullable=False),  # id of the last console line
)
