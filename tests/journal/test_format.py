"""The journal format, cut and damaged at every byte: the reader never raises, never loops and never invents a row."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightning_sweeps.errors import JournalError
from lightning_sweeps.journal.format import (
    FRAME,
    MAX_PAYLOAD_BYTES,
    PREAMBLE,
    Damage,
    JournalEntry,
    check_preamble,
    decode,
    encode,
    frame,
)
from lightning_sweeps.journal.reader import read_part
from lightning_sweeps.journal.records import Finish, Header, Metrics, Record, Text

RECORDS: list[Record] = [
    Metrics(1, 0, 1.5, {"loss": 0.5, "note": "a"}),
    Metrics(2, 1, 2.5, {"loss": 0.25, "nested": {"deep": True}}),
    Text(3, 3.5, "stderr", "a line"),
    Finish(4, 4.5, "finished"),
]
DATA = b"".join(encode(record) for record in RECORDS)

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
metrics = st.builds(
    Metrics,
    st.integers(1, 2**62),
    st.integers(-(2**62), 2**62),
    st.floats(0, 1e12),
    st.dictionaries(st.text(max_size=8), values, max_size=6),
)


def _records(data: bytes) -> list[Record]:
    return [item.record for item in decode(data) if isinstance(item, JournalEntry)]


def test_decoded_records_equal_the_encoded_ones() -> None:
    assert _records(DATA) == RECORDS


@given(st.lists(metrics, max_size=8))
@settings(max_examples=100)
def test_any_rows_are_decoded_as_they_were_encoded(stream: list[Metrics]) -> None:
    assert _records(b"".join(encode(row) for row in stream)) == stream


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_non_finite_values_are_kept(value: float) -> None:
    (record,) = _records(encode(Metrics(1, 0, 0.0, {"x": value})))
    assert isinstance(record, Metrics)
    assert math.isnan(record.values["x"]) if math.isnan(value) else record.values["x"] == value


def test_a_cut_at_any_byte_loses_only_the_cut_record() -> None:
    ends = [item.end for item in decode(DATA)]
    for cut in range(len(DATA)):
        items = list(decode(DATA[:cut]))
        assert all(isinstance(item, JournalEntry) for item in items), cut
        assert _records(DATA[:cut]) == RECORDS[: sum(end <= cut for end in ends)]


def test_a_flipped_byte_loses_at_most_its_record_and_is_reported() -> None:
    spans = [(item.start, item.end) for item in decode(DATA)]
    for place in range(len(DATA)):
        damaged = bytearray(DATA)
        damaged[place] ^= 0xFF
        hit = next(number for number, (start, end) in enumerate(spans) if start <= place < end)
        items = list(decode(bytes(damaged)))
        found = [item.record for item in items if isinstance(item, JournalEntry)]
        assert found == RECORDS[:hit] + RECORDS[hit + 1 :], place
        if hit < len(RECORDS) - 1:  # the last record may also look incomplete
            (damage,) = [item for item in items if isinstance(item, Damage)]
            assert (damage.start, damage.end) == spans[hit]
            assert damage.reason


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_random_bytes_give_no_row_and_no_error(noise: bytes) -> None:
    assert _records(noise) == []


@given(st.binary(max_size=60), st.integers(0, len(RECORDS)))
@settings(max_examples=200)
def test_noise_between_records_loses_none_of_them(noise: bytes, place: int) -> None:
    parts = [encode(record) for record in RECORDS]
    data = b"".join([*parts[:place], noise, *parts[place:]])
    found = _records(data)
    assert all(record in found for record in RECORDS[:place])
    if place < len(RECORDS):
        assert found[-1] == RECORDS[-1] or len(noise) < FRAME.size


def test_offsets_are_those_in_the_file() -> None:
    damaged = DATA[:3] + b"?" + DATA[4:]
    shifted = list(decode(damaged, file_offset=1000))
    assert [(item.start - 1000, item.end - 1000) for item in shifted] == [
        (item.start, item.end) for item in decode(damaged)
    ]


def test_a_run_of_zeros_is_damage_not_records() -> None:
    data = encode(RECORDS[0]) + bytes(64) + encode(RECORDS[1])
    assert _records(data) == RECORDS[:2]


def test_a_record_of_impossible_length_is_skipped() -> None:
    data = FRAME.pack(MAX_PAYLOAD_BYTES + 1, 0) + b"x" * 16 + encode(RECORDS[0])
    items = list(decode(data))
    assert [type(item) for item in items] == [Damage, JournalEntry]
    assert isinstance(items[0], Damage)
    assert "length" in items[0].reason


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a journal"),
        (b"PK\x03\x04....", "not a journal"),
        (b"LSWJ\xff\x00\x00\x00", "format version 255"),
        (b"LSWJ\x00\x00\x00\x00", "format version 0"),
    ],
)
def test_a_file_that_is_not_a_journal_is_reported_as_such(data: bytes, message: str) -> None:
    with pytest.raises(JournalError, match=message):
        check_preamble(data)


def test_the_preamble_is_accepted() -> None:
    check_preamble(PREAMBLE)


def test_fields_added_later_do_not_break_old_readers() -> None:
    longer: list[Any] = [*msgspec.msgpack.decode(encode(RECORDS[0])[FRAME.size :]), "a new field"]
    assert _records(frame(msgspec.msgpack.encode(longer))) == [RECORDS[0]]


def test_a_journal_of_the_first_version_stays_readable() -> None:
    """The file was written by format version 1; do not replace it."""
    path = Path(__file__).parent / "files" / "version-1.journal"
    header, *rows, end = read_part(path, 0, limit_bytes=1 << 20).records
    assert isinstance(header, Header)
    assert header.run is not None
    assert (header.process.pid, header.run.id, header.run.rank, header.run.config) == (4242, "r-first", 1, {"lr": 0.1})
    assert [type(row).__name__ for row in rows] == [
        "Metrics",
        "Metrics",
        "Config",
        "Summary",
        "Text",
        "Media",
        "Heartbeat",
    ]
    assert rows[0] == Metrics(1, 0, 1795200000.5, {"loss": 0.5, "nested": {"x": 1}})
    assert end == Finish(8, 1795200004.0, "failed", exit_code=1, reason="ValueError: x")
