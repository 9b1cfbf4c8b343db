"""The real wandb client reads and changes what is here by its public API, unmodified."""

from __future__ import annotations

import pytest

from tests.server.protocols.wandb_client import WandbPrograms

pytestmark = pytest.mark.slow

LOGS = """
import wandb
for number, lr in enumerate([0.1, 0.2, 0.3]):
    config = {"lr": lr, "model": {"width": 8}}
    with wandb.init(name=f"run-{number}", config=config, tags=["a"] if number else []) as run:
        for step in range(20):
            run.log({"loss": lr * step, "text": f"word {step}", "inner": {"accuracy": step}})
        run.save("program.py", policy="now")
        print("printed")
"""
READS = """
import os, pathlib, wandb
api = wandb.Api()
project = f"{api.default_entity}/{os.environ['WANDB_PROJECT']}"
runs = api.runs(project, order="-summary_metrics.loss")
assert len(runs) == 3 and [one.name for one in runs] == ["run-2", "run-1", "run-0"], [one.name for one in runs]
assert [one.name for one in api.runs(project)] == ["run-0", "run-1", "run-2"]
small = api.runs(project, filters={"$and": [{"config.lr.value": {"$lt": 0.25}}, {"state": "finished"}]}, per_page=1)
assert [one.name for one in small] == ["run-0", "run-1"]
assert [one.name for one in api.runs(project, filters={"tags": {"$in": ["a"]}})] == ["run-1", "run-2"]
assert [one.name for one in api.runs(project, filters={"display_name": {"$regex": "^run-1"}})] == ["run-1"]
run = api.run(f"{project}/{runs[0].id}")
assert run.state == "finished" and run.config == {"lr": 0.3, "model": {"width": 8}}, run.config
assert run.summary["loss"] == 0.3 * 19 and run.summary["text"] == "word 19"
rows = run.history(pandas=False)
assert len(rows) == 20 and rows[3]["loss"] == 0.3 * 3 and rows[3]["inner.accuracy"] == 3 and rows[3]["text"] == "word 3"
sampled = run.history(keys=["loss"], samples=5, pandas=False)
assert [one["_step"] for one in sampled] == [0, 5, 10, 14, 19], sampled
assert [one["loss"] for one in run.scan_history(keys=["loss", "_step"])] == [0.3 * step for step in range(20)]
assert len(list(run.scan_history(page_size=7))) == 20
assert "program.py" in [one.name for one in run.files()], [one.name for one in run.files()]
run.file("program.py").download(root="downloaded", replace=True)
assert pathlib.Path("downloaded/program.py").read_text().startswith("\\nimport wandb")
assert "printed" in [one.content for one in run.console_logs()]
run.config["late"] = 1
run.tags.append("b")
run.notes = "a note"
run.name = "renamed"
run.summary["extra"] = 2
run.update()
again = wandb.Api().run(f"{project}/{run.id}")
assert (again.name, again.notes, again.tags, again.state) == ("renamed", "a note", ["a", "b"], "finished")
assert again.config["late"] == 1 and again.summary["extra"] == 2
assert os.environ["WANDB_PROJECT"] in [one.name for one in api.projects()]
again.delete()
assert len(wandb.Api().runs(project)) == 2
"""
SWEEPS = """
import wandb

def train():
    with wandb.init() as run:
        run.log({"loss": run.config["lr"]})

metric = {"name": "loss", "goal": "minimize"}
name = wandb.sweep({"method": "grid", "metric": metric, "parameters": {"lr": {"values": [0.2, 0.1]}}})
wandb.agent(name, function=train)
sweep = wandb.Api().sweep(name)
assert sweep.state == "FINISHED", sweep.state
assert sorted(one.config["lr"] for one in sweep.runs) == [0.1, 0.2]
assert sweep.best_run().config["lr"] == 0.1
assert [one.id for one in wandb.Api().project(sweep.project, sweep.entity).sweeps()] == [name]
"""


def test_runs_are_found_read_changed_and_deleted(programs: WandbPrograms) -> None:
    assert "ERROR" not in programs.run(LOGS)
    programs.write(READS, "reads.py")
    programs.call("python", "reads.py")
    (run,) = programs.served.client.runs(project=programs.served.project, shown="deleted").runs
    assert (run.name, run.tags, run.config["late"], run.attempt) == ("renamed", ["a", "b"], 1, 0)


def test_a_sweep_and_its_best_run_are_read(programs: WandbPrograms) -> None:
    programs.run(SWEEPS)
