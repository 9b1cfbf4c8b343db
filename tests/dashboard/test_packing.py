"""The bytes in which charts get their lines."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lightning_sweeps.server.packing import WIDE_POINTS, pack
from lightning_sweeps.store.chunks import Floats
from lightning_sweeps.store.drawing import Drawn


def drawn(x: list[float], mean: list[float], low: list[float], high: list[float], nonfinite: list[int]) -> Drawn:
    def floats(values: list[float]) -> Floats:
        return np.array(values, dtype=np.float64)

    return Drawn(
        x=floats(x),
        time=floats(x),
        minimum=floats(low),
        maximum=floats(high),
        mean=floats(mean),
        last=floats(mean),
        count=np.ones(len(x), dtype=np.int64),
        nonfinite=np.array(nonfinite, dtype=np.int64),
        index=np.arange(len(x)),
    )


def unpack(data: bytes) -> list[tuple[dict[str, object], list[list[float]]]]:
    """Read the answer as the page does."""
    at = 4 + int.from_bytes(data[:4], "little")
    head = json.loads(data[4:at])
    found = []
    for line in head["lines"]:
        arrays = []
        kinds = ["<f8"] + [("<f8" if head["wide"] else "<f4")] * (3 if line["bounds"] else 1)
        for place, kind in enumerate(kinds):
            size = 2 if place == 0 and line["even"] else line["size"]
            part = np.frombuffer(data, dtype=kind, count=size, offset=at)
            at += part.nbytes
            arrays.append([float(value) for value in part])
        found.append((line, arrays))
    assert at == len(data)
    return found


def test_lines_come_back_as_they_were() -> None:
    nan = float("nan")
    plain = drawn([0, 2, 4], [0.1, 0.2, 0.3], [0.1, 0.2, 0.3], [0.1, 0.2, 0.3], [0, 0, 0])
    rough = drawn([1, 2, 4], [1, nan, 3], [0, nan, 3], [5, nan, 3], [0, 2, 0])
    empty = drawn([], [], [], [], [])
    (first, second, third) = unpack(pack([(3, plain), (1000, rough), (0, empty)]))
    assert first == ({"count": 3, "size": 3, "even": True, "bounds": False, "broken": []}, [[0, 2], [0.1, 0.2, 0.3]])
    assert second[0] == {"count": 1000, "size": 3, "even": False, "bounds": True, "broken": [1]}
    np.testing.assert_array_equal(second[1], [[1, 2, 4], [1, nan, 3], [0, nan, 3], [5, nan, 3]])
    assert third[0]["size"] == 0


def test_many_points_are_sent_at_seven_digits() -> None:
    x = list(np.arange(WIDE_POINTS + 1.0))
    ((line, (ends, mean)),) = unpack(pack([(len(x), drawn(x, x, x, x, [0] * len(x)))]))
    assert line["even"] and ends == [0, 1]
    assert mean == pytest.approx(x, rel=1e-6)
    assert len(pack([(len(x), drawn(x, x, x, x, [0] * len(x)))])) < 5 * len(x)
