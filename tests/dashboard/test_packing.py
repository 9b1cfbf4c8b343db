"""The binary format of chart lines."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lightning_sweeps.server.web.packing import pack
from lightning_sweeps.store.series.chunks import Floats
from lightning_sweeps.store.series.downsampling import DrawnBuckets
from lightning_sweeps.store.series.reading import ChartLine, VisibleSeries


def drawn(
    count: int,
    x: list[float],
    mean: list[float],
    low: list[float],
    high: list[float],
    nonfinite: list[int],
    *,
    reach: float = 4.0,
    is_tail: bool = False,
) -> ChartLine:
    def floats(values: list[float]) -> Floats:
        return np.array(values, dtype=np.float64)

    whole = DrawnBuckets(
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
    return ChartLine(VisibleSeries(count, reach, 7, []), whole, is_tail)


def unpack(data: bytes) -> list[tuple[dict[str, object], list[list[float]]]]:
    """Read a frame in the same way as the page."""
    at = 8 + int.from_bytes(data[:4], "little")
    assert at + int.from_bytes(data[4:8], "little") == len(data)
    head = json.loads(data[8:at])
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


def test_packed_lines_are_read_back_unchanged() -> None:
    nan = float("nan")
    plain = drawn(3, [0, 2, 4], [0.1, 0.2, 0.3], [0.1, 0.2, 0.3], [0.1, 0.2, 0.3], [0, 0, 0])
    rough = drawn(1000, [1, 2, 4], [1, nan, 3], [0, nan, 3], [5, nan, 3], [0, 2, 0], is_tail=True)
    empty = drawn(0, [], [], [], [], [], reach=nan)
    (first, second, third) = unpack(pack([plain, rough, empty], is_wide=True))
    known = {"count": 3, "reach": 4, "branch": 7, "tail": False, "size": 3, "even": True, "bounds": False, "broken": []}
    assert first == (known, [[0, 2], [0.1, 0.2, 0.3]])
    assert second[0] == known | {"count": 1000, "tail": True, "even": False, "bounds": True, "broken": [1]}
    np.testing.assert_array_equal(second[1], [[1, 2, 4], [1, nan, 3], [0, nan, 3], [5, nan, 3]])
    assert (third[0]["size"], third[0]["reach"]) == (0, None)


def test_many_points_are_sent_with_seven_digits() -> None:
    x = list(np.arange(20_000.0))
    data = pack([drawn(len(x), x, x, x, x, [0] * len(x))], is_wide=False)
    ((line, (ends, mean)),) = unpack(data)
    assert line["even"] and ends == [0, 1]
    assert mean == pytest.approx(x, rel=1e-6)
    assert len(data) < 5 * len(x)
