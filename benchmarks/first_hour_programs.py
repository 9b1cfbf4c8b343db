"""The smallest programs for two tasks of the first hour with each tool, as their own first pages write them.

Log: record 100 values of a loss under a learning rate, then print the last value, or the runs, as the tool stores them.
Sweep: try 8 learning rates with the tool's search, then print the best value.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool and its programs.

    Attributes:
        name: its name in the table.
        package: what pip installs; empty: the wheel of this tree.
        log: the program that logs; empty: the tool cannot.
        sweep: the program that searches; empty: the tool cannot.
        why_not: why a program is missing.
        module: the distribution whose version is shown.
    """

    name: str
    package: str
    module: str
    log: str = ""
    sweep: str = ""
    why_not: str = ""


OURS_LOG = """\
import lightning_sweeps as ls

run = ls.init("first", config={"lr": 0.1})
for step in range(100):
    run.log({"loss": 1 / (step + 1)}, step=step)
ls.finish()
print(ls.wait(run).summary["loss"])
"""
OURS_SWEEP = """\
import lightning_sweeps as ls


def train(trial):
    with ls.init("first") as run:
        run.log({"loss": (trial.params["lr"] - 0.3) ** 2})


metric = {"name": "loss", "goal": "minimize"}
sweep_id = ls.sweep({"method": "bayes", "metric": metric, "parameters": {"lr": {"min": 0.0, "max": 1.0}}})
ls.agent(sweep_id, train, count=8)
print(ls.best(sweep_id).objective)
"""
WANDB_LOG = """\
import wandb

with wandb.init(project="first", config={"lr": 0.1}, mode="offline") as run:
    for step in range(100):
        run.log({"loss": 1 / (step + 1)}, step=step)
    print(run.summary["loss"])
"""
MLFLOW_LOG = """\
import mlflow

mlflow.set_experiment("first")
with mlflow.start_run() as run:
    mlflow.log_params({"lr": 0.1})
    for step in range(100):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
print(mlflow.get_run(run.info.run_id).data.metrics["loss"])
"""
TRACKIO_LOG = """\
import trackio

trackio.init(project="first", name="one", config={"lr": 0.1})
for step in range(100):
    trackio.log({"loss": 1 / (step + 1)}, step=step)
trackio.finish()
print(len(trackio.Api().runs("first")))
"""
OPTUNA_SWEEP = """\
import optuna


def train(trial):
    lr = trial.suggest_float("lr", 0.0, 1.0)
    return (lr - 0.3) ** 2


study = optuna.create_study(direction="minimize", storage="sqlite:///first.db", study_name="first")
study.optimize(train, n_trials=8)
print(study.best_value)
"""
RAY_SWEEP = """\
from ray import tune


def train(config):
    tune.report({"loss": (config["lr"] - 0.3) ** 2})


tuner = tune.Tuner(
    train,
    param_space={"lr": tune.uniform(0.0, 1.0)},
    tune_config=tune.TuneConfig(metric="loss", mode="min", num_samples=8),
)
print(tuner.fit().get_best_result().metrics["loss"])
"""
NO_SWEEP = "has no search"
TOOLS = (
    Tool("lightning-sweeps", "", "lightning-sweeps", OURS_LOG, OURS_SWEEP),
    Tool("W&B offline", "wandb", "wandb", WANDB_LOG, "", "sweeps need its server"),
    Tool("MLflow", "mlflow", "mlflow", MLFLOW_LOG, "", NO_SWEEP),
    Tool("trackio", "trackio", "trackio", TRACKIO_LOG, "", NO_SWEEP),
    Tool("Optuna", "optuna", "optuna", "", OPTUNA_SWEEP, "logs no series"),
    Tool("Ray Tune", "ray[tune]", "ray", "", RAY_SWEEP, "logs results of trials only"),
)


def lines_of(program: str) -> int:
    """Return the number of lines that are not empty."""
    return sum(1 for line in program.splitlines() if line.strip())
