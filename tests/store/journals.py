"""Builds journals in memory, as a process that logs would write them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from lightning_sweeps.journal import records
from lightning_sweeps.journal.format import PREAMBLE, encode
from lightning_sweeps.system.node import Process

STARTED = 1_700_000_000.0


@dataclass(slots=True)
class Journal:
    """A journal as bytes, and the offset at which each record ends."""

    id: str = "journal-1"
    run: str = "run-1"
    project: str = "project-1"
    group: str = "group-1"
    rank: int = 0
    attempt: int = 0
    trial: str | None = None
    resumed_step: int | None = None
    node: str | None = None
    on: str = "node-1"
    parent: str = ""
    devices: list[records.GpuInfo] = field(default_factory=list)
    created: float = STARTED
    config: dict[str, Any] = field(default_factory=dict)
    data: bytes = PREAMBLE
    ends: list[int] = field(default_factory=list)
    sequence: int = 0

    def __post_init__(self) -> None:
        self.add(self.header())

    def header(self) -> records.Header:
        process = Process(pid=1, started=self.created, node=self.on, host="host-1")
        if self.node is not None:
            names = [gpu.name for gpu in self.devices]
            node = records.NodeInfo(self.node, "host-1", 4, 2**34, names, self.devices)
            return records.Header(self.id, self.created, process, node=node)
        run = records.RunInfo(
            self.run,
            self.project,
            "a name",
            self.group,
            rank=self.rank,
            attempt=self.attempt,
            trial=self.trial,
            config=self.config,
            resumed_step=self.resumed_step,
        )
        return records.Header(self.id, self.created, process, run=run, parent=self.parent)

    def add(self, record: records.Record) -> Journal:
        self.data += encode(record)
        self.ends.append(len(self.data))
        return self

    def log(self, step: int, **values: Any) -> Journal:
        return self.add(records.Metrics(self._next(), step, self.created + self.sequence, values))

    def sample(self, run: str, **values: float) -> Journal:
        """Add a sample of a run's processes; for the journal of a node."""
        return self.add(records.ProcessSample(self._next(), self.created + self.sequence, run, values))

    def finish(self, state: records.RunState = "finished", **more: Any) -> Journal:
        return self.add(records.Finish(self._next(), self.created + self.sequence, state, **more))

    def set_config(self, **values: Any) -> Journal:
        return self.add(records.Config(self._next(), self.created, values))

    def set_summary(self, **values: Any) -> Journal:
        return self.add(records.Summary(self._next(), self.created, values))

    def say(self, line: str) -> Journal:
        return self.add(records.Text(self._next(), self.created, "stdout", line))

    def show(self, key: str, content: bytes, *, step: int = 0, mime: str = "image/png", **more: Any) -> Journal:
        digest = hashlib.sha256(content).hexdigest()
        return self.add(records.Media(self._next(), step, self.created, key, digest, len(content), mime, **more))

    def keep(self, name: str, files: dict[str, bytes], *, version: int = 0, **more: Any) -> Journal:
        listed = [
            records.ArtifactFileRecord(path, hashlib.sha256(content).hexdigest(), len(content))
            for path, content in files.items()
        ]
        digest = hashlib.sha256(repr(listed).encode()).hexdigest()
        place = (self._next(), self.created, name, "dataset", version, digest)
        return self.add(records.ArtifactRecord(*place, files=listed, **more))

    def beat(self, time: float) -> Journal:
        return self.add(records.Heartbeat(self._next(), time))

    def _next(self) -> int:
        self.sequence += 1
        return self.sequence
