"""Measures how much early stopping saves: `python -m benchmarks.stopping`.

300 real learning curves (perceptrons on scikit-learn's digits, 27 epochs, validation loss) are computed once and
stored in a file. Then searches are replayed: 4 workers take curves in random order, and a rule sees the loss of each
epoch as it arrives and stops trials, until the budget of epochs is used up. Every rule sees the same curves in the
same order with the same durations. The table shows the regret of the best trial that was trained to its end (its final
loss minus the best of all 300), median and mean over the seeds, and the number of trials started and trained to the
end.

Compared with: no stopping, Optuna's pruners, and W&B's open source engine (the package `sweeps`), asked at every epoch.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.stopping_rules import StoppingRule, TrialReport, make_rule
from lightning_sweeps.testing.stopping_rules import HistoryPeers

TRIALS, EPOCHS, WORKERS = 300, 27, 4
BUDGETS = (270, 810)
SPREAD = 0.5
"""Standard deviation of the logarithm of the duration of an epoch."""

Curves = NDArray[np.float64]
"""Validation loss after each epoch, NaN after a divergence: (n_trials, n_epochs)."""


class Judge(Protocol):
    """Decides after each epoch of each trial. A search has one judge."""

    def stops(self, trial: int, values: Sequence[float]) -> bool:
        """Return whether `trial` stops after it has reported the last of `values`."""
        ...

    def ended(self, trial: int) -> None:
        """Record that a trial was trained to its end."""
        ...


class Never:
    """Stops only diverged trials, as a careful program does without a rule."""

    def stops(self, trial: int, values: Sequence[float]) -> bool:  # noqa: ARG002
        return not math.isfinite(values[-1])

    def ended(self, trial: int) -> None: ...


class Ours:
    """A stopping rule of this package, called as the server calls it."""

    def __init__(self, section: dict[str, Any]) -> None:
        sweep = {"method": "random", "metric": {"name": "loss"}, "parameters": {"x": {"value": 1}}}
        config = validate({**sweep, "early_terminate": section}).config.early_terminate
        assert config is not None
        self._rule: StoppingRule = make_rule(config)
        self._values: dict[int, list[float]] = {}

    def stops(self, trial: int, values: Sequence[float]) -> bool:
        if not math.isfinite(values[-1]):
            return True
        self._values[trial] = list(values)
        number = len(values)
        report = TrialReport(number, lambda: values, str, position=number, previous=number - 1)
        others = [history for other, history in self._values.items() if other != trial]
        judgement = self._rule.judge(report, HistoryPeers(others))
        return judgement is not None and judgement.stop

    def ended(self, trial: int) -> None: ...


class Optuna:
    """A pruner of Optuna, asked after each epoch."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0), pruner=make(optuna.pruners))
        self._pruned = optuna.trial.TrialState.PRUNED
        self._trials: dict[int, Any] = {}
        self._last: dict[int, float] = {}

    def stops(self, trial: int, values: Sequence[float]) -> bool:
        asked = self._trials.setdefault(trial, None) or self._study.ask()
        self._trials[trial] = asked
        self._last[trial] = values[-1]
        asked.report(values[-1], len(values))
        if asked.should_prune() or not math.isfinite(values[-1]):
            self._study.tell(asked, state=self._pruned)
            return True
        return False

    def ended(self, trial: int) -> None:
        self._study.tell(self._trials[trial], self._last[trial])


class Wandb:
    """W&B's rule, which looks at all runs at every poll. It is polled after each epoch of each trial."""

    def __init__(self, section: dict[str, Any]) -> None:
        import sweeps

        self._sweeps = sweeps
        self._config = {
            "method": "random",
            "metric": {"name": "loss", "goal": "minimize"},
            "parameters": {"x": {"min": 0.0, "max": 1.0}},
            "early_terminate": {"type": "hyperband", **section},
        }
        self._runs: dict[int, Any] = {}

    def stops(self, trial: int, values: Sequence[float]) -> bool:
        if not math.isfinite(values[-1]):
            self._runs[trial].state = self._sweeps.RunState.crashed
            return True
        if trial not in self._runs:
            self._runs[trial] = self._sweeps.SweepRun(name=str(trial), state=self._sweeps.RunState.running, config={})
        run = self._runs[trial]
        run.history = [*run.history, {"loss": values[-1]}]
        run.summary_metrics = {"loss": values[-1]}
        is_stopped = any(
            other.name == run.name for other in self._sweeps.stop_runs(self._config, [*self._runs.values()])
        )
        if is_stopped:
            run.state = self._sweeps.RunState.killed
        return is_stopped

    def ended(self, trial: int) -> None:
        self._runs[trial].state = self._sweeps.RunState.finished


JUDGES: dict[str, Callable[[], Judge]] = {
    "none": Never,
    "ours: asha": lambda: Ours({"type": "asha"}),
    "ours: asha, eta 3, min 3": lambda: Ours({"type": "asha", "eta": 3, "min": 3, "min_trials": 1}),
    "ours: hyperband, min_iter 3": lambda: Ours({"type": "hyperband", "min_iter": 3}),
    "ours: median": lambda: Ours({"type": "median"}),
    "ours: percentile 25, warmup 2": lambda: Ours({"type": "percentile", "keep": 25, "warmup": 2}),
    "ours: patience 3": lambda: Ours({"type": "patience", "reports": 3}),
    "wandb: hyperband strict, min_iter 3": lambda: Wandb({"min_iter": 3, "eta": 3, "strict": True}),
    "optuna: SuccessiveHalving(3, rf 3)": lambda: Optuna(
        lambda pruners: pruners.SuccessiveHalvingPruner(min_resource=3, reduction_factor=3)
    ),
    "optuna: SuccessiveHalving(1, rf 4)": lambda: Optuna(
        lambda pruners: pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=4)
    ),
    "optuna: Hyperband(3, 27)": lambda: Optuna(
        lambda pruners: pruners.HyperbandPruner(min_resource=3, max_resource=EPOCHS)
    ),
    "optuna: Median": lambda: Optuna(lambda pruners: pruners.MedianPruner()),
    "optuna: Percentile 25, warmup 2": lambda: Optuna(lambda pruners: pruners.PercentilePruner(25.0, n_warmup_steps=2)),
}


@dataclass(slots=True)
class Outcome:
    """The result of one search: trials started, and final losses of the trials trained to their end."""

    started: int = 0
    finals: list[float] = field(default_factory=list)


def replay(curves: Curves, judge: Judge, *, budget: int, seed: int) -> Outcome:
    """Replay one search until it has trained `budget` epochs."""
    random = Random(seed)
    order = random.sample(range(len(curves)), len(curves))
    pace = [random.lognormvariate(0, SPREAD) for _ in order]
    outcome = Outcome()
    running: list[tuple[float, int, int]] = []

    def start(now: float) -> None:
        if outcome.started < len(order):
            number = outcome.started
            heapq.heappush(running, (now + pace[number], number, 1))
            outcome.started += 1

    for _ in range(WORKERS):
        start(0.0)
    for _ in range(budget):
        if not running:
            break
        now, number, epoch = heapq.heappop(running)
        curve = curves[order[number]]
        if judge.stops(number, curve[:epoch].tolist()):
            start(now)
        elif epoch == EPOCHS:
            judge.ended(number)
            outcome.finals.append(float(curve[-1]))
            start(now)
        else:
            heapq.heappush(running, (now + pace[number], number, epoch + 1))
    return outcome


def train(seed: int) -> list[float]:
    """Train a perceptron with random hyperparameters. Return its validation loss after each epoch."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    inputs = torch.tensor(digits.data[order] / 16, dtype=torch.float32)
    labels = torch.tensor(digits.target[order])
    random = Random(seed)
    torch.manual_seed(seed)
    width, layers = 2 ** random.randint(3, 8), random.randint(1, 3)
    sizes = [64, *[width] * layers]
    blocks: list[torch.nn.Module] = []
    for before, after in itertools.pairwise(sizes):
        blocks += [torch.nn.Linear(before, after), torch.nn.ReLU(), torch.nn.Dropout(random.choice((0.0, 0.2, 0.5)))]
    model = torch.nn.Sequential(*blocks, torch.nn.Linear(width, 10))
    rate, momentum = 10 ** random.uniform(-3.5, 0.5), random.choice((0.0, 0.9))
    optimizer = torch.optim.SGD(model.parameters(), rate, momentum, weight_decay=10 ** random.uniform(-6, -2))
    batch = 2 ** random.randint(4, 8)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    losses: list[float] = []
    count = 1200
    for _ in range(EPOCHS):
        model.train()
        for rows in torch.split(torch.randperm(count), batch):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(inputs[rows]), labels[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        schedule.step()
        model.eval()
        with torch.no_grad():
            loss = float(torch.nn.functional.cross_entropy(model(inputs[count:]), labels[count:]))
        losses.append(loss if math.isfinite(loss) else math.nan)
    return losses


def load(path: Path) -> Curves:
    """Return the curves. Compute them if the file does not exist."""
    if not path.exists():
        torch.set_num_threads(1)
        np.save(path, np.array([train(seed) for seed in range(TRIALS)]))
    curves: Curves = np.load(path)
    return curves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--curves",
        type=Path,
        default=Path("learning-curves.npy"),
        help="computed if the file does not exist (default: %(default)s)",
    )
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--rules", nargs="+", default=list(JUDGES), choices=list(JUDGES))
    given = parser.parse_args()
    curves = load(given.curves)
    best = float(np.nanmin(curves[:, -1]))
    print(
        "| rule |" + "".join(f" {budget} epochs: regret, median / mean | started | to the end |" for budget in BUDGETS)
    )
    print("|---" * (1 + 3 * len(BUDGETS)) + "|")
    for name in given.rules:
        print(
            f"| {name} | "
            + " | ".join(row(curves, JUDGES[name], budget, given.seeds, best) for budget in BUDGETS)
            + " |"
        )


def row(curves: Curves, make: Callable[[], Judge], budget: int, seeds: int, best: float) -> str:
    outcomes = [replay(curves, make(), budget=budget, seed=seed) for seed in range(seeds)]
    worst = float(np.nanmax(curves[:, 0]))
    regrets = [min(outcome.finals, default=worst) - best for outcome in outcomes]
    started, ended = (mean(counts) for counts in zip(*[(o.started, len(o.finals)) for o in outcomes], strict=True))
    return f"{median(regrets):.4f} / {mean(regrets):.4f} | {started:.0f} | {ended:.1f}"


if __name__ == "__main__":
    main()
