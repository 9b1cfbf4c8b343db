"""A run with n keys, and a project with n media files: what one more value and one more file cost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count

from sqlalchemy import insert

from benchmarks.growth_laws.bench import Bench
from benchmarks.store import BEGAN, journal_of
from lightning_sweeps import messages as m
from lightning_sweeps.journal import records
from lightning_sweeps.journal.format import encode
from lightning_sweeps.store import schema

ROW_KEYS = 1000
AT_ONCE = 1000
CHARTED = "keys/0"


class Journal:
    """A journal that grows."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.name = name
        self._client = bench.client
        self._sequences: Iterator[int] = count(1)
        self._offset = 0
        self._send(journal_of(name, 0, 0))

    def log(self, values: dict[str, float]) -> None:
        """Send one row."""
        at = next(self._sequences)
        self._send(encode(records.Metrics(at, at, BEGAN + at, values)))

    def _send(self, data: bytes) -> None:
        self._offset = self._client.send_journal(self.name, self._offset, data).offset


def wide_run(bench: Bench, keys: int) -> dict[str, float]:
    """Measure batches, charts and lists of keys of a run with many keys."""
    journal = Journal(bench, "growth")
    names = [f"keys/{number}" for number in range(keys)]
    for start in range(0, keys, ROW_KEYS):
        journal.log(dict.fromkeys(names[start : start + ROW_KEYS], 1.0))
    chart = m.SeriesQuery([m.LineRequest("run-growth", CHARTED)], points=300)
    bench.client.query_series(chart)
    bench.settle()
    hundred = dict.fromkeys(names[:100], 2.0)
    (one_value,) = bench.cost_ms(lambda: journal.log({CHARTED: 2.0}))
    (row,) = bench.cost_ms(lambda: journal.log(hundred))

    def live() -> None:
        journal.log({CHARTED: 3.0})
        bench.client.query_series(chart)

    (watched,) = bench.cost_ms(live)
    url = f"{bench.server.url}/api/series/run-growth"
    (listed,) = bench.cost_ms(lambda: bench.get(url))
    return {
        "a batch of one value": one_value,
        "a batch of 100 values": row,
        "one value and its chart": watched,
        "first page of keys": listed,
        "first page of keys, kB": len(bench.get(url)) / 1e3,
    }


def media(bench: Bench, files: int) -> dict[str, float]:
    """Measure the upload of a media file to a project that has many."""
    journal = Journal(bench, "growth")
    journal.log({"loss": 1.0})
    rows = [_reference(number, f"old {number}".encode()) for number in range(files)]
    contents = [f"new {number}".encode() for number in range(200)]
    rows += [_reference(files + number, content) for number, content in enumerate(contents)]
    blobs = [{"digest": row["digest"], "size_bytes": row["size_bytes"], "created": BEGAN} for row in rows[:files]]
    with bench.store() as store:
        for start in range(0, len(rows), AT_ONCE):
            with store.write() as connection:
                connection.execute(insert(schema.media), rows[start : start + AT_ONCE])
                if some := blobs[start : start + AT_ONCE]:
                    connection.execute(insert(schema.blob), some)
    bench.settle()
    waiting = iter(contents)

    def upload() -> None:
        content = next(waiting)
        bench.client.put_blob(hashlib.sha256(content).hexdigest(), 0, content)

    (taken,) = bench.cost_ms(upload)
    return {"an upload": taken}


def _reference(number: int, content: bytes) -> dict[str, object]:
    place = {"run_id": "run-growth", "journal_id": "growth", "sequence": number, "step": number, "time": BEGAN}
    kind = {"key": "images", "mime": "image/png", "caption": None, "position": 0}
    return {**place, **kind, "digest": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
