"""Sweeps that are written in Python, with tuples, ranges, and numpy's scalars and arrays."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from lightning_sweeps.errors import SweepFileError
from lightning_sweeps.messages import SweepCreate
from lightning_sweeps.sweeps.config import validate


class Color(str, Enum):
    RED = "red"


def sweep(leaf: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"method": "random", "parameters": {"x": leaf}, **keys}


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ({"values": (1, (2, 3))}, {"values": [1, [2, 3]]}),
        ({"values": range(3)}, {"values": [0, 1, 2]}),
        ({"values": np.arange(3)}, {"values": [0, 1, 2]}),
        ({"values": list(np.array([0.1, 0.25]))}, {"values": [0.1, 0.25]}),
        ({"values": np.array([["a"], ["b"]])}, {"values": [["a"], ["b"]]}),
        ({"values": [np.bool_(True), np.int64(3), np.str_("a")]}, {"values": [True, 3, "a"]}),
        ({"min": np.float64(0.5), "max": np.float32(2)}, {"min": 0.5, "max": 2.0}),
        ({"min": np.int32(1), "max": np.int64(9)}, {"min": 1, "max": 9}),
        ({"value": {np.str_("k"): np.array(3)}}, {"value": {"k": 3}}),
        ({"values": [Color.RED]}, {"values": ["red"]}),
    ],
    ids=str,
)
def test_values_of_python_and_numpy(given: dict[str, Any], plain: dict[str, Any]) -> None:
    raw = validate(sweep(given)).raw
    assert repr(raw["parameters"]["x"]) == repr(plain)
    sent = msgspec.json.decode(msgspec.json.encode(SweepCreate(raw)), type=SweepCreate)
    assert sent.config == raw


def test_a_path_is_a_program_and_a_tuple_is_a_command() -> None:
    raw = validate(sweep({"value": 1}, program=Path("train.py"), command=("${program}", np.int64(3)))).raw
    assert (raw["program"], raw["command"]) == ("train.py", ["${program}", 3])


@pytest.mark.parametrize(
    ("values", "kind"),
    [({1, 2}, "is "), ([{1}], "holds a `set`"), ([object()], "holds a `object`"), (range(10**9), "is `range")],
    ids=["set", "set inside", "object", "long range"],
)
def test_what_a_sweep_file_cannot_have_is_an_error(values: Any, kind: str) -> None:
    with pytest.raises(SweepFileError, match=kind):
        validate(sweep({"values": values}))
