"""Objects that people pass to loggers by accident, and some that were made to break them."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import itertools
import math
import random
import uuid
from argparse import Namespace
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import attrs
import numpy as np
import pydantic
import torch
from omegaconf import OmegaConf
from PIL import Image


class Colour(enum.Enum):
    RED = 1


class Size(str, enum.Enum):
    LARGE = "large"


class Flag(enum.IntFlag):
    A = 1


class Point(NamedTuple):
    x: float
    y: float


@dataclasses.dataclass
class Optimizer:
    lr: Any = 0.1
    betas: tuple[float, float] = (0.9, 0.99)


@attrs.define
class Attributes:
    lr: float = 0.1


class Model(pydantic.BaseModel):
    lr: float = 0.1
    layers: list[int] = [1, 2]


class Broken:
    """Raises at whatever is asked."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__

    def __bool__(self) -> bool:
        raise RuntimeError("no truth")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not comparable")

    def __hash__(self) -> int:
        return 1

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("no items")


class BrokenMap(Mapping[str, Any]):
    """A map whose values cannot be read."""

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(["a", "b"])

    def __len__(self) -> int:
        return 2


class Endless:
    """Stands for itself."""

    def compute(self) -> Endless:
        return self

    def item(self) -> Endless:
        return self


def cycle() -> dict[str, Any]:
    values: dict[str, Any] = {"lr": 0.1}
    values["self"] = values
    return values


def nested(depth: int) -> dict[str, Any]:
    values: dict[str, Any] = {"x": 1.0}
    for _ in range(depth):
        values = {"deeper": values}
    return values


def nested_list(depth: int) -> list[Any]:
    values: list[Any] = [1.0]
    for _ in range(depth):
        values = [values]
    return values


def laughs() -> list[Any]:
    """Return a small object with a billion parts."""
    values: list[Any] = ["ha"]
    for _ in range(30):
        values = [values, values]
    return values


VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 3, 2**31, 2**53 + 1, 2**63, 2**64, -(2**70), 10**400, 10**5000, 0.5, -0.0, 1e308, math.nan,
    math.inf, -math.inf, 1j, "text", "", " ", "a\x00b", "\ud800", "caf\udce9", "x" * 100_000, "a/b", "..", "5",
    "1e999", "nan", b"bytes", b"\xff\xfe", bytearray(b"x"), memoryview(b"x"), Ellipsis, NotImplemented, int,
    Optimizer, len, Path("x"), Path("missing/file.pt"), Decimal("0.1"), Decimal("sNaN"), Fraction(1, 3),
    Fraction(10**400), Colour.RED, Size.LARGE, Flag.A, datetime.datetime(2024, 1, 1),
    datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc), datetime.date(2024, 1, 1), datetime.time(1),
    datetime.timedelta(seconds=3), uuid.UUID(int=1), range(3), (1, 2), Point(1.0, 2.0), frozenset({1}),
    np.float32(2.5), np.float64(5.0), np.float16(1), np.int64(3), np.uint64(2**64 - 1), np.longdouble(1) / 3,
    np.bool_(True), np.datetime64("2024-01-01"), np.str_("s"), torch.float32, torch.device("cpu"),
    np.array(3.0), np.arange(3), np.ones((2, 2)), np.array([]), np.array(["a"]), np.ones((2, 3, 8, 8)),
    np.array([object()]), torch.tensor(1.0), torch.ones(3), torch.tensor(1.0, requires_grad=True),
    torch.tensor(2.0, dtype=torch.bfloat16), torch.ones(2, 2).to_sparse(), object(), Broken(), BrokenMap(), Endless(),
    Namespace(lr=0.1, layers=[1]), SimpleNamespace(a=1), Optimizer(), Optimizer(Broken()), Attributes(), Model(),
    OmegaConf.create({"layers": [64, 32], "dir": "???", "bad": "${nowhere}", "lr": 1}), OmegaConf.create([1, 2]),
    MappingProxyType({"a": 1}), Image.new("RGB", (4, 4)), Image.new("CMYK", (4, 4)), lambda: 1,
)  # fmt: skip
"""Objects that may be used several times."""


def sparse_list() -> list[Any]:
    return [1, "a", None, Broken()]


MADE: tuple[Callable[[], Any], ...] = (
    list, dict, cycle, sparse_list, itertools.count, lambda: ["a", "b"], lambda: {1, "a", None},
    lambda: {"a": 1, "b": {"c": [1]}}, lambda: {1: 1.0, "1": 2.0, None: 3.0, (1, 2): 4.0},
    lambda: {"a.b": 1.0, "a": {"b": 2.0}}, lambda: {Broken(): 1}, lambda: {"\ud800": "\ud800"}, lambda: {"": 1},
    lambda: {"k" * 2000: 1}, lambda: nested(40), lambda: nested(1000), lambda: nested_list(40),
    lambda: nested_list(1000), lambda: nested_list(990), lambda: {"x": Broken(), "y": 1.0},
    lambda: (each for each in (1, 2)), lambda: deque([1, 2]), lambda: OrderedDict(a=1), lambda: torch.nn.Linear(2, 2),
    lambda: [Image.new("RGB", (4, 4))], lambda: {f"f{number}": 1.0 for number in range(25_000)}, lambda: ["t"] * 2000,
)  # fmt: skip
"""Functions that make objects that can be used once, or that a call may change."""

COUNT = len(VALUES) + len(MADE)


def strange(chance: random.Random) -> Any:
    """Return one of the objects."""
    number = chance.randrange(COUNT)
    return VALUES[number] if number < len(VALUES) else MADE[number - len(VALUES)]()
