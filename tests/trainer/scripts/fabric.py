"""Trains two steps with Fabric on two ranks. Every rank uses the run as W&B's users do, and prints what it sees."""

from __future__ import annotations

import json

import torch
from lightning.fabric import Fabric

from lightning_sweeps import SweepLogger


def main() -> None:
    torch.set_num_threads(1)
    logger = SweepLogger(config={"lr": 0.1})
    fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp", loggers=logger)
    fabric.launch()
    run = logger.experiment
    model = torch.nn.Linear(2, 1)
    model, optimizer = fabric.setup(model, torch.optim.SGD(model.parameters(), run.config["lr"]))
    for step in range(2):
        loss = model(torch.ones(1, 2)).sum()
        fabric.backward(loss)
        optimizer.step()
        fabric.log("loss", loss, step=step)
        run.log({"own": fabric.global_rank})
    run.summary["steps"] = 2
    seen = {"id": run.id, "name": run.name, "config": dict(run.config), "summary": dict(run.summary)}
    fabric.barrier()
    line = f"rank {fabric.global_rank}: " + json.dumps(seen | {"has_lr": "lr" in run.config})
    print(line + "\n", end="", flush=True)  # one write, beside that of the other rank


if __name__ == "__main__":
    main()
