"""Acts as a sweep with trials that log values and lines, on a machine with two GPUs, for tests of `top`."""

from __future__ import annotations

import time

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.journal.format import PREAMBLE, encode
from lightning_sweeps.journal.records import GpuInfo, Header, Metrics, NodeInfo, RunInfo, Text
from lightning_sweeps.system.node import Process

CONFIG = {
    "program": "train.py",
    "name": "learning-rate",
    "method": "grid",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"lr": {"values": [0.1, 0.2, 0.3]}},
}


class Training:
    """A sweep with one agent and one running trial."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.sweep = client.create_sweep(m.SweepCreate(CONFIG, project="digits")).id
        self.node = f"node-{self.sweep}"
        self.agent = client.register_agent(self.sweep, m.AgentRegister("host-1", self.node, 1, 0, ["1"])).agent.id
        self.run = ""
        self.trial = self.next_trial()
        self._send_node()

    def next_trial(self) -> m.Trial:
        """Lease and start a trial, and begin its run."""
        trial = self.client.lease(self.agent, wait_s=5).trial
        assert trial is not None
        self.client.start_trial(self.agent, trial.id)
        self.run, self._journal, self._offset, self._sequence = new_id(), new_id(), 0, 0
        run = RunInfo(self.run, "digits", f"run-{trial.number}", "group", sweep=self.sweep, trial=trial.id, gpus=["1"])
        self._send(PREAMBLE + encode(Header(self._journal, time.time(), Process(1, 1.0, self.node, "host-1"), run)))
        self.trial = trial
        return trial

    def log(self, values: dict[str, float], line: str = "") -> None:
        """Log values, and print a line."""
        self._sequence += 1
        self._send(encode(Metrics(self._sequence, self._sequence, time.time(), values)))
        if line:
            self._sequence += 1
            self._send(encode(Text(self._sequence, time.time(), "stdout", line)))

    def end(self) -> None:
        """End the trial."""
        self.client.end_trial(self.agent, self.trial.id, m.TrialEnd("finished", exit_code=0))

    def _send(self, part: bytes) -> None:
        self._offset = self.client.send_journal(self._journal, self._offset, part).offset

    def _send_node(self) -> None:
        devices = [GpuInfo(str(number), f"GPU-{number}", "H100", 80 * 10**9) for number in range(2)]
        node = NodeInfo(self.node, "host-1", 8, 64 * 10**9, ["H100", "H100"], devices)
        values = {"cpu.percent": 12.0, "gpu.0.utilization_percent": 0.0, "gpu.1.utilization_percent": 97.0}
        header = Header(journal := new_id(), time.time(), Process(1, 1.0, self.node, "host-1"), node=node)
        part = PREAMBLE + encode(header) + encode(Metrics(1, 1, time.time(), values))
        self.client.send_journal(journal, 0, part)
