"""Hyperparameters of every type become plain values."""

from __future__ import annotations

import dataclasses
import enum
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lightning_sweeps.trainer.hparams import UNREADABLE, plain_hparams


class Colour(enum.Enum):
    RED = 1


class Size(str, enum.Enum):
    LARGE = "large"


@dataclasses.dataclass
class Optimizer:
    lr: float
    betas: tuple[float, float]


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def circle() -> dict[str, Any]:
    values: dict[str, Any] = {"lr": 0.1}
    values["self"] = values
    return values


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Namespace(lr=0.1, layers=[1, 2]), {"lr": 0.1, "layers": [1, 2]}),
        (Optimizer(0.1, (0.9, 0.99)), {"lr": 0.1, "betas": [0.9, 0.99]}),
        ({"optimizer": Optimizer(0.1, (0.9, 0.99))}, {"optimizer": {"lr": 0.1, "betas": [0.9, 0.99]}}),
        ({"data": Namespace(path=Path("a") / "b")}, {"data": {"path": "a/b"}}),
        ({"_instantiator": "x", "lr": 1, "model": {"_target_": "m.Net"}}, {"lr": 1, "model": {"_target_": "m.Net"}}),
        ({"on": True, "none": None, "zero": 0, "text": ""}, {"on": True, "none": None, "zero": 0, "text": ""}),
        ({"activation": torch.relu, "layer": torch.nn.ReLU}, {"layer": "torch.nn.modules.activation.ReLU"}),
        ({"step": len, "own": plain_hparams}, {"own": "lightning_sweeps.trainer.hparams.plain_hparams"}),
        ({"colour": Colour.RED, "size": Size.LARGE}, {"colour": "RED", "size": "large"}),
        ({"lr": torch.tensor(0.5), "n": np.int64(3)}, {"lr": 0.5, "n": 3}),
        ({1: "one", ("a",): "tuple"}, {"1": "one", "('a',)": "tuple"}),
        ({"broken": Broken(), "lr": 1}, {"broken": UNREADABLE, "lr": 1}),
        (3, {"hparams": 3}),
        ({}, {}),
    ],
)
def test_hyperparameters_become_plain_values(given: Any, expected: dict[str, Any]) -> None:
    found = plain_hparams(given)
    assert {name: found[name] for name in expected} == expected
    assert not any("0x" in str(value) for value in found.values())


def test_an_object_that_contains_itself_is_cut() -> None:
    assert plain_hparams(circle())["lr"] == 0.1
