"""What the name of a metric says about its goal, and the warning about a goal that contradicts it."""

from __future__ import annotations

import pytest

from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.metric_names import usual_goal


@pytest.mark.parametrize(
    ("name", "goal"),
    [
        ("val_acc", "maximize"),
        ("val/accuracy", "maximize"),
        ("ImageNetTop5Acc", "maximize"),
        ("train/f1_score", "maximize"),
        ("R2", "maximize"),
        ("mAP50", "maximize"),
        ("Reward / Total reward (mean)", "maximize"),
        ("val_loss", "minimize"),
        ("RMSE", "minimize"),
        ("neg_loss", None),
        ("loss_at_best_acc", None),
        ("score", None),
        ("account", None),
        ("", None),
    ],
)
def test_names(name: str, goal: str | None) -> None:
    assert usual_goal(name) == goal


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ({"name": "val_acc"}, "`goal` is missing, which means `minimize`, but by its name the metric `val_acc`"),
        ({"name": "val_acc", "goal": "minimize"}, "`goal` is `minimize`"),
        ({"name": "loss", "goal": "maximize"}, "is better when it is lower; write `goal: minimize`"),
        ({"name": "val_acc", "goal": "maximize"}, ""),
        ({"name": "loss"}, ""),
        ({"name": "score"}, ""),
    ],
)
def test_a_goal_that_contradicts_the_name_warns(metric: dict[str, str], words: str) -> None:
    warnings = validate({"method": "random", "parameters": {"x": {"value": 1}}, "metric": metric}).warnings
    assert [words in warning for warning in warnings] == ([True] if words else [])
