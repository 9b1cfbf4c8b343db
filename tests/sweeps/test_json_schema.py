"""The published JSON schema accepts what the checker accepts, and rejects errors of single keys."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from lightning_sweeps.errors import SweepFileError
from lightning_sweeps.sweeps.config import IGNORED_KEYS, validate
from lightning_sweeps.sweeps.json_schema import json_schema

SMALL: dict[str, Any] = {"method": "random", "parameters": {"x": {"value": 1}}}


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json_schema())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"parameters": {"width": {"min": 1, "max": 8}, "rate": {"min": 0, "max": 0.5}}},
        {
            "parameters": {
                "model": {"parameters": {"lr": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1}}}
            }
        },
        {"parameters": {"p": {"values": [True, 1, None, [1], {"a": 2}]}, "q": {"value": None, "when": "p == 1"}}},
        {"parameters": {"p": {"values": ["a", "b"], "probabilities": [0, 1]}}},
        {"parameters": {"p": {"distribution": "q_normal", "mu": -1, "sigma": 0.1, "q": 2}}},
        {
            "metric": {"name": "loss", "target": 1, "impute_while_running": False},
            "name": None,
            "run_cap": 3,
            "seed": -1,
        },
        {"metrics": [{"name": "loss"}, {"name": "size", "goal": "maximize"}]},
        {"metric": {"name": "loss"}, "early_terminate": {"type": "hyperband", "max_iter": 27, "s": 2, "strict": True}},
        {"metric": {"name": "loss"}, "early_terminate": {"type": "threshold", "upper": 3}},
        {"method": "custom", "metrics": [{"name": "loss"}], "scheduler": {"engine": "optuna"}},
        {"args": "dotted", "yaml": 1.1, "command": ["x", True]},
        {"command": ["python", "train.py", 3, "${args}"], "program": "train.py", "timeout": 0.5},
        {"resources": {"gpus": 0, "processes": 2}, "preload": ["a.b"], "constraints": ["x < 2"]},
        dict.fromkeys(IGNORED_KEYS, "anything"),
    ],
)
def test_the_schema_accepts_what_the_checker_accepts(
    schema: jsonschema_rs.Draft202012Validator, changes: dict[str, Any]
) -> None:
    validate(SMALL | changes)
    assert [error.message for error in schema.iter_errors(SMALL | changes)] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "baysian"},
        {"paramters": {}},
        {"parameters": {}},
        {"parameters": {"p": {"value": 1, "valeu": 2}}},
        {"parameters": {"p": {"min": 1}}},
        {"parameters": {"p": {"distribution": "normal", "sigma": 0}}},
        {"parameters": {"p": {"distribution": "gaussian"}}},
        {"metric": {"goal": "minimize"}},
        {"metric": {"name": "loss", "goal": "minimise"}},
        {"early_terminate": {"type": "hyperbnad", "min_iter": 1}},
        {"run_cap": 0},
        {"program": " "},
        {"command": []},
        {"timeout": 0},
        {"retry": -1},
        {"resources": {"gpu": 1}},
        {"scheduler": {}},
    ],
)
def test_the_schema_rejects_what_the_checker_rejects(
    schema: jsonschema_rs.Draft202012Validator, changes: dict[str, Any]
) -> None:
    with pytest.raises(SweepFileError):
        validate(SMALL | changes)
    assert not schema.is_valid(SMALL | changes)
