"""Example runs and sweeps, sent to a real server as agents and services send them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.journal.closing import SentPart
from lightning_sweeps.journal.format import PREAMBLE, encode
from lightning_sweeps.journal.records import (
    Finish,
    Header,
    Metrics,
    NodeInfo,
    Record,
    RunInfo,
    RunState,
    Stream,
    Text,
)
from lightning_sweeps.system.node import Process

EVIL = "<img src=x onerror=window.broken=1><script>window.broken=1</script>"
STEPS = 30_000
SPIKE_AT = 21_001
SPIKE = 500.0
LINES = 3000
"""Lines that each rank of the group `ddp` prints: more than a page loads at once."""


class Writer:
    """A growing journal. Each `send` uploads what was added."""

    def __init__(self, client: Client, info: RunInfo | None = None, node: NodeInfo | None = None) -> None:
        self._client = client
        self.id = f"journal-{info.id if info else node.id if node else ''}"
        self._offset = 0
        self._sequence = 0
        self.started = time.time()
        header = Header(self.id, self.started, Process(1, 1.0, "node-1", "host-1"), run=info, node=node)
        self._part = bytearray(PREAMBLE + encode(header))

    def log(self, step: int, **values: Any) -> Writer:
        return self.row(step, values)

    def row(self, step: int, values: dict[str, Any]) -> Writer:
        return self.add(Metrics(self._next(), step, self.started + self._sequence * 1e-3, values))

    def say(self, line: str, *, stream: Stream = "stdout") -> Writer:
        sequence = self._next()
        return self.add(Text(sequence, self.started + sequence * 1e-3, stream, line))

    def finish(self, state: RunState = "finished", reason: str = "") -> Writer:
        return self.add(Finish(self._next(), self.started + self._sequence * 1e-3, state, reason=reason))

    def add(self, record: Record) -> Writer:
        self._part += encode(record)
        return self

    def send(self) -> Writer:
        self._offset = self._client.send_journal(self.id, self._offset, bytes(self._part)).offset
        self._part.clear()
        return self

    def take(self) -> SentPart:
        """Return a whole unsent journal, for `send_journals`."""
        return SentPart(self.id, 0, bytes(self._part))

    def take_part(self) -> SentPart:
        """Return what was added since the last part, for `send_journals`."""
        part = SentPart(self.id, self._offset, bytes(self._part))
        self._offset += len(part.data)
        self._part.clear()
        return part

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence


def run_info(name: str, **more: Any) -> RunInfo:
    return RunInfo(f"run-{name}", more.pop("project", "tests"), name, more.pop("group", f"group-{name}"), **more)


@dataclass(frozen=True, slots=True)
class Examples:
    """Ids of the examples on the server."""

    sweep: str
    spiky: str
    evil: str


def build(client: Client) -> Examples:
    """Send the examples to an empty server."""
    for rank in (0, 1):
        ddp = Writer(
            client, run_info(f"ddp-{rank}", group="ddp", rank=rank, world_size=2, config={"lr": 0.1, "seed": rank})
        )
        for step in range(40):
            ddp.row(step, {"train/loss": 2 / (step + 1) + rank * 0.1, "val/accuracy": step / 50, "epoch": step // 10})
        for line in range(LINES):
            ddp.say(f"\x1b[32mINFO\x1b[0m rank {rank} says line {line}")
        ddp.say("10%|#    |\r100%|#####|\x1b[K", stream="stderr").say("\x1b]0;title\x07\x1b[1;31mworse\x1b[m")
        ddp.finish("killed" if rank else "finished", "killed by signal 9 (SIGKILL)" if rank else "").send()
    spiky = Writer(client, run_info("spiky", config={"lr": 0.2}))
    for step in range(STEPS):
        spiky.row(step, {"signal": SPIKE if step == SPIKE_AT else float(step % 7)})
        if step % 15_000 == 0:
            spiky.send()
    spiky.row(STEPS, {"broken/loss": float("nan")}).row(STEPS + 1, {"broken/loss": 1.0}).row(
        STEPS + 2, {"broken/loss": 2.0}
    )
    spiky.finish().send()
    evil = run_info("evil", config={EVIL: EVIL}, tags=[EVIL], notes=EVIL, job_type=EVIL)
    Writer(client, RunInfo(evil.id, EVIL, EVIL, EVIL, config={EVIL: EVIL}, tags=[EVIL], notes=EVIL)).row(
        1, {EVIL: 1.0, "val/loss": 1.0}
    ).say(EVIL).finish("failed", EVIL).send()
    node = Writer(client, node=NodeInfo("node-1", "host-1", 4, 2**34, ["GPU <b>A</b>"]))
    for at in range(30):
        node.row(at, {"cpu.percent": 10.0 + at, "memory.used_bytes": 1e9 + at, "gpu.0.utilization_percent": 50.0})
    node.send()
    return Examples(build_sweep(client), "run-spiky", "run-evil")


def build_sweep(client: Client, name: str = "trial", project: str = "tests") -> str:
    """Make a sweep of seven trials: four done, one stopped early, one failed; two agents, one at work."""
    config = {
        "program": "train.py",
        "method": "random",
        "metric": {"name": "val/loss", "goal": "minimize"},
        "run_cap": 8,
        "parameters": {
            "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-1},
            "layers": {"values": [1, 2, 3]},
            "kind": {"values": [EVIL, "plain"]},
        },
    }
    sweep = client.create_sweep(m.SweepCreate(config, project=project, name=f"sweep {EVIL}")).id
    agents = [
        client.register_agent(sweep, m.AgentRegister("host-1", "node-1", 1, slot, [str(slot)])).agent for slot in (0, 1)
    ]
    for number in range(7):
        agent = agents[number % 2]
        trial = client.lease(agent.id, wait_s=5).trial
        assert trial is not None
        client.start_trial(agent.id, trial.id)
        info = RunInfo(f"{name}-run-{number}", project, f"{name} {number}", trial.id, sweep=sweep, trial=trial.id)
        run = Writer(client, info)
        for step in range(10):
            run.row(step, {"val/loss": (number + 1) / (step + 1)})
        if number == 6:
            run.send()
            continue  # this one is running
        if number == 4:
            client.stop_trial(trial.id)
        state: m.TrialState = "failed" if number == 5 else "stopped" if number == 4 else "finished"
        run.finish("failed" if number == 5 else "stopped" if number == 4 else "finished").send()
        tail = f"Traceback\nValueError: {EVIL}" if number == 5 else ""
        client.end_trial(agent.id, trial.id, m.TrialEnd(state, 1 if number == 5 else 0, stderr_tail=tail))
    return sweep


def build_repeated_sweep(client: Client) -> str:
    """Make a sweep of two points that are hard to tell apart: the better one has three trials, the other one two."""
    config = {
        "program": "train.py",
        "method": "grid",
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": {"x": {"values": [1, 2]}},
        "repeats": {"count": 2, "max": 3},
        "run_cap": 5,
    }
    sweep = client.create_sweep(m.SweepCreate(config, project="tests")).id
    agent = client.register_agent(sweep, m.AgentRegister("host-1", "node-1", 1, 0, ["0"])).agent
    for value in (1.0, 2.0, 1.9, 2.7, 1.5):
        trial = client.lease(agent.id, wait_s=5).trial
        assert trial is not None
        client.start_trial(agent.id, trial.id)
        info = RunInfo(f"repeat-{trial.id}", "tests", f"repeat {trial.number}", trial.id, sweep=sweep, trial=trial.id)
        run = Writer(client, info)
        run.row(1, {"loss": value})
        run.finish("finished").send()
        client.end_trial(agent.id, trial.id, m.TrialEnd("finished", 0))
    return sweep


def build_two_metrics(client: Client) -> str:
    """Make a sweep of nine trials with two metrics; three of the trials are on the Pareto front."""
    config = {
        "program": "train.py",
        "method": "grid",
        "metrics": [{"name": "loss", "goal": "minimize"}, {"name": "size", "goal": "maximize"}],
        "parameters": {"x": {"values": [1, 2, 3]}, "y": {"values": [1, 2, 3]}},
    }
    sweep = client.create_sweep(m.SweepCreate(config, project="tests")).id
    agent = client.register_agent(sweep, m.AgentRegister("host-1", "node-1", 1, 0, ["0"])).agent
    for _ in range(9):
        trial = client.lease(agent.id, wait_s=5).trial
        assert trial is not None
        client.start_trial(agent.id, trial.id)
        info = RunInfo(f"front-{trial.id}", "tests", f"front {trial.number}", trial.id, sweep=sweep, trial=trial.id)
        x, y = trial.params["x"], trial.params["y"]
        Writer(client, info).row(1, {"loss": float(x + y), "size": float(x)}).finish("finished").send()
        client.end_trial(agent.id, trial.id, m.TrialEnd("finished", 0))
    return sweep


def build_scored_sweep(client: Client, method: str, count: int, score: Callable[[float, float], float]) -> str:
    """Make a sweep of `count` finished trials over `x` and `y` from 0 to 1, whose loss is `score(x, y)`."""
    config = {
        "program": "train.py",
        "method": method,
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": {name: {"min": 0.0, "max": 1.0} for name in ("x", "y")},
    }
    sweep = client.create_sweep(m.SweepCreate(config, project="scored", name=method)).id
    agent = client.register_agent(sweep, m.AgentRegister("host-1", "node-1", 1, 0, ["0"])).agent
    for _ in range(count):
        trial = client.lease(agent.id, wait_s=60).trial
        assert trial is not None
        client.start_trial(agent.id, trial.id)
        info = RunInfo(f"scored-{trial.id}", "scored", f"scored {trial.number}", trial.id, sweep=sweep, trial=trial.id)
        loss = score(trial.params["x"], trial.params["y"])
        Writer(client, info).log(1, loss=loss).finish("finished").send()
        client.end_trial(agent.id, trial.id, m.TrialEnd("finished", 0))
    return sweep
