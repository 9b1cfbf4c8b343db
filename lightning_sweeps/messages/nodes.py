"""Machines, and what goes on there."""

from __future__ import annotations

from dataclasses import dataclass, field

from lightning_sweeps.messages.agents import Agent


@dataclass(frozen=True, slots=True)
class NodeGpu:
    """A GPU of a node. `place`: `1` for the second one, `1:0` for the first part of it where MIG divides it.

    `uuid` is empty and `memory_bytes` 0 where a service of an earlier version has told of it.
    """

    place: str
    uuid: str
    name: str
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Node:
    """A machine whose service has sent samples. `gpus`: their names; `devices`: the same GPUs in the same order."""

    id: str
    host: str
    cpu_count: int
    memory_bytes: int
    gpus: list[str]
    seen: float
    devices: list[NodeGpu] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RunThere:
    """A run that goes on at a node.

    Attributes:
        gpus: those it was given, as CUDA_VISIBLE_DEVICES named them.
        values: what its processes took when they were sampled last, by key; empty where they were not.
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


@dataclass(frozen=True, slots=True)
class AgentThere:
    """An agent of a sweep that is not over, with its trial as far as it has one.

    `lease_expires`: when the trial goes back to the sweep unless the agent is heard of before.
    """

    agent: Agent
    sweep_name: str
    trial_number: int | None
    trial_since: float | None
    lease_expires: float | None


@dataclass(frozen=True, slots=True)
class NodeNow:
    """A node and what goes on there. Machines whose agents alone are known have neither processors nor values.

    `values`: its newest sample, by key; empty where it has none.
    """

    node: Node
    values: dict[str, float]
    runs: list[RunThere]
    agents: list[AgentThere]
