"""Reads from the database what the rules of alerts look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from lightning_sweeps.alerts.idle_gpus import IdleGpus
from lightning_sweeps.alerts.observations import (
    Facts,
    GpuFacts,
    LineFacts,
    MachineFacts,
    MachineRun,
    RunFacts,
    SweepFacts,
)
from lightning_sweeps.engine import node_activity, sweeps
from lightning_sweeps.messages import AlertCondition, NodeRun, NodeStatus
from lightning_sweeps.store import last_values, schema

SWEEP_CONDITIONS: frozenset[AlertCondition] = frozenset({"sweep_finished", "sweep_paused", "failed"})
VALUE_CONDITIONS: frozenset[AlertCondition] = frozenset({"diverged", "metric"})
LINE_CONDITIONS: frozenset[AlertCondition] = frozenset({"rank_hangs", "run_alert"})
MACHINE_CONDITIONS: frozenset[AlertCondition] = frozenset({"gpu_idle", "gpu_overheated", "machine_lost"})
MAX_RUNS = 2000
"""Runs in one reading. The next reading continues after the last one."""
AT_ONCE = 500
FRESH_S = 60.0
"""An older sample says nothing about a GPU."""

_run = schema.run
_line = schema.console


@dataclass(frozen=True, slots=True)
class Reading:
    """Facts, and up to which change of runs they go: a time; None: there are no later ones."""

    facts: Facts
    last: float | None = None


@dataclass(slots=True)
class FactReader:
    """Reads facts, and remembers what never changes and for how long GPUs have been idle."""

    _metrics: dict[str, str | None] = field(default_factory=dict)
    _idle: IdleGpus = field(default_factory=IdleGpus)

    def read(
        self,
        connection: Connection,
        conditions: Iterable[AlertCondition],
        *,
        since: float,
        line: int,
        now: float,
        with_machines: bool,
        answering_since: float,
    ) -> Reading:
        """Return what the rules need to know.

        Args:
            connection: a transaction.
            conditions: the conditions of all rules; what none of them looks at is not read.
            since: only sweeps and runs that changed after this time.
            line: only console lines with a higher id, of these runs.
            now: the time, in seconds since the epoch.
            with_machines: whether to read machines too.
            answering_since: since when the server has answered: silence before that proves nothing.
        """
        wanted = frozenset(conditions)
        rows = self._changed_runs(connection, since)
        runs = self._runs(connection, rows, with_values=bool(wanted & VALUE_CONDITIONS))
        nodes = node_activity.read_nodes(connection) if with_machines and wanted & MACHINE_CONDITIONS else []
        facts = Facts(
            now,
            _sweeps(connection, since) if wanted & SWEEP_CONDITIONS else (),
            tuple(runs.values()),
            _lines(connection, runs, line) if wanted & LINE_CONDITIONS else (),
            tuple(_machine(node, now, answering_since) for node in nodes),
            self._gpus(nodes, now),
        )
        return Reading(facts, rows[-1].changed if len(rows) == MAX_RUNS else None)

    def _changed_runs(self, connection: Connection, since: float) -> Sequence[Any]:
        names = (
            "id",
            "name",
            "group",
            "attempt",
            "state",
            "reason",
            "sweep_id",
            "ended",
            "logged",
            "summary",
            "changed",
        )
        asked = select(schema.project.c.name.label("project"), *(_run.c[name] for name in names)).join(schema.project)
        changed = asked.where(_run.c.changed > since, _run.c.deleted.is_(None))
        return connection.execute(changed.order_by(_run.c.changed).limit(MAX_RUNS)).all()

    def _runs(self, connection: Connection, rows: Sequence[Any], *, with_values: bool) -> dict[str, RunFacts]:
        more = last_values.of_runs(connection, [row.id for row in rows]) if with_values else {}
        found = {}
        for row in rows:
            values = {**row.logged, **more.get(row.id, {}), **row.summary} if with_values else {}
            objective = self._metric(connection, row.sweep_id) if with_values and row.sweep_id else None
            who = (row.id, row.project, row.name, row.group or row.id, row.attempt, row.state, row.reason)
            found[row.id] = RunFacts(*who, row.sweep_id, row.ended, values, objective)
        return found

    def _metric(self, connection: Connection, sweep_id: str) -> str | None:
        """Return the name of a sweep's metric, which never changes."""
        if sweep_id not in self._metrics:
            config = connection.scalar(select(schema.sweep.c.config).where(schema.sweep.c.id == sweep_id)) or {}
            metric = config.get("metric")
            self._metrics[sweep_id] = metric.get("name") if isinstance(metric, dict) else None
        return self._metrics[sweep_id]

    def _gpus(self, nodes: Sequence[NodeStatus], now: float) -> tuple[GpuFacts, ...]:
        if not nodes:
            return ()
        gpus = [gpu for node in nodes if now - node.node.seen < FRESH_S for gpu in _gpus_of(node)]
        busy = {gpu.key: gpu.percent for gpu in gpus if gpu.runs and gpu.percent is not None}
        idle = self._idle.update(busy, now=now)
        return tuple(replace(gpu, idle_s=idle.get(gpu.key, 0.0)) for gpu in gpus)


def _gpus_of(status: NodeStatus) -> list[GpuFacts]:
    found = []
    for device in status.node.devices:
        key = f"gpu.{device.place}."
        runs = tuple(_machine_run(run) for run in status.runs if run.is_on(device.place, device.uuid))
        percent = status.values.get(f"{key}utilization_percent")
        temperature_c = status.values.get(f"{key}temperature_c")
        where = (status.node.id, status.node.host, device.place, device.name)
        found.append(GpuFacts(*where, percent, temperature_c, runs))
    return found


def _machine(status: NodeStatus, now: float, answering_since: float) -> MachineFacts:
    node = status.node
    silent_s = now - max(node.seen, answering_since)
    return MachineFacts(node.id, node.host, node.seen, silent_s, tuple(_machine_run(run) for run in status.runs))


def _machine_run(run: NodeRun) -> MachineRun:
    return MachineRun(run.id, run.project, run.name, run.sweep)


def _sweeps(connection: Connection, since: float) -> tuple[SweepFacts, ...]:
    """Return the sweeps that changed, or whose trials did."""
    sweep, trial, change = schema.sweep.c, schema.trial.c, schema.sweep_change.c
    changed = set(connection.scalars(select(sweep.id).where(sweep.changed > since)))
    changed |= set(connection.scalars(select(trial.sweep_id).where(trial.changed > since).distinct()))
    kept = connection.scalars(select(sweep.id).where(sweep.id.in_(changed), sweep.deleted.is_(None)))
    counted = select(change.sweep_id, func.count()).where(change.sweep_id.in_(changed)).group_by(change.sweep_id)
    edits = {row[0]: row[1] for row in connection.execute(counted)}
    return tuple(SweepFacts(sweeps.get_sweep(connection, one), edits.get(one, 0)) for one in sorted(kept))


def _lines(connection: Connection, runs: dict[str, RunFacts], after: int) -> tuple[LineFacts, ...]:
    """Return the lines of runs that say that a rank hangs, or that the program called `run.alert`."""
    hangs = and_(_line.c.stream == "stacks", _line.c.line.like("rank % has logged nothing for %"))
    alerts = and_(_line.c.stream == "stderr", _line.c.line.like("alert (%): %"))
    found = []
    ids = list(runs)
    for at in range(0, len(ids), AT_ONCE):
        asked = select(_line.c.id, _line.c.run_id, _line.c.stream, _line.c.line)
        own = _line.c.run_id.in_(ids[at : at + AT_ONCE]) & (_line.c.id > after)
        for row in connection.execute(asked.where(own, or_(hangs, alerts)).order_by(_line.c.id)):
            kind = "rank_hangs" if row.stream == "stacks" else "run_alert"
            found.append(LineFacts(kind, row.id, row.line, runs[row.run_id]))  # type: ignore[arg-type]
    return tuple(found)


def last_line(connection: Connection) -> int:
    """Return the id of the last console line."""
    return connection.scalar(select(func.max(_line.c.id))) or 0
