"""Messages about nodes: machines, their runs and their agents."""

from __future__ import annotations

from dataclasses import dataclass, field

from lightning_sweeps.messages.agents import Agent

LEAST_UUID_CHARACTERS = 5
"""Shorter names do not count as the beginning of a UUID."""


@dataclass(frozen=True, slots=True)
class NodeGpu:
    """A GPU of a node.

    Attributes:
        place: index of the GPU, for example `1`; `1:0` for the first MIG instance of GPU 1.
        uuid: UUID of the GPU; empty if an earlier version reported it.
        name: name of the model.
        memory_bytes: size of its memory; 0 if an earlier version reported it.
    """

    place: str
    uuid: str
    name: str
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Node:
    """A machine that has sent system metrics.

    Attributes:
        seen: when it sent something last, in seconds since the epoch.
        gpus: names of its GPUs.
        devices: the same GPUs in the same order.
    """

    id: str
    host: str
    cpu_count: int
    memory_bytes: int
    gpus: list[str]
    seen: float
    devices: list[NodeGpu] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NodeRun:
    """A run that runs on a node.

    Attributes:
        gpus: its GPUs, as in CUDA_VISIBLE_DEVICES.
        values: the last sample of its processes, by key; empty if there is none.
    """

    id: str
    project: str
    name: str
    group: str
    rank: int
    world_size: int
    user: str
    sweep: str | None
    trial: str | None
    created: float
    gpus: list[str]
    values: dict[str, float]

    def is_on(self, place: str, uuid: str) -> bool:
        """Return whether the run has a GPU of its node. The beginning of a UUID may stand for it."""
        return any(
            given == place or (len(given) >= LEAST_UUID_CHARACTERS and not given.isdigit() and uuid.startswith(given))
            for given in self.gpus
        )


@dataclass(frozen=True, slots=True)
class NodeAgent:
    """An agent of a sweep that has not ended, with its trial if it has one.

    Attributes:
        trial_since: when the trial started.
        lease_expires: when the trial returns to the sweep if the agent sends no heartbeat.
    """

    agent: Agent
    sweep_name: str
    trial_number: int | None
    trial_since: float | None
    lease_expires: float | None


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A node with its activity.

    Attributes:
        node: the node. A machine that is known only from its agents has no CPUs and no memory.
        values: its last sample, by key; empty if there is none.
        runs: the runs on it.
        agents: the agents on it.
    """

    node: Node
    values: dict[str, float]
    runs: list[NodeRun]
    agents: list[NodeAgent]
