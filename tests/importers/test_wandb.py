"""Record files of wandb: one that wandb 0.31.0 wrote, and files that are incomplete, damaged or long."""

from __future__ import annotations

import shutil
import struct
import zlib
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.importers import wandb
from lightning_sweeps.importers.wandb import WandbImporter
from tests.cli.test_cli import command
from tests.servers import running_server

FILE = Path(__file__).parent / "files" / "run-run0f1ba9e5.wandb"
"""8 rows of `train/loss` and `val.acc`, one with values that are not finite, one with a histogram."""


def framed(records: list[bytes]) -> bytes:
    """Return a file of records, split into blocks as the format requires."""
    data = bytearray(wandb.FILE_HEADER)
    for record in records:
        at = 0
        while True:
            left = wandb.BLOCK_BYTES - len(data) % wandb.BLOCK_BYTES
            if left < 7:
                data += bytes(left)
                continue
            part = record[at : at + left - 7]
            is_first, is_last = at == 0, at + len(part) == len(record)
            kind = 1 if is_first and is_last else 2 if is_first else 4 if is_last else 3
            data += struct.pack("<IHB", zlib.crc32(part, zlib.crc32(bytes([kind]))), len(part), kind) + part
            at += len(part)
            if is_last:
                break
    return bytes(data)


def test_the_rows_of_an_offline_run_are_imported_once(tmp_path: Path) -> None:
    folder = tmp_path / "wandb/offline-run-1"
    folder.mkdir(parents=True)
    shutil.copy(FILE, folder)
    with running_server(tmp_path / "home") as (client, _):
        for new in (10, 0):
            done = command(tmp_path / "home", "import", str(tmp_path / "wandb"))
            assert done.returncode == 0, done.stderr
            expected = f"first run0f1ba9e5: 10 rows, {new} new; left out: 1 texts, 1 histograms"
            assert done.stdout.splitlines() == [expected]
        check(client)


def check(client: Client) -> None:
    (run,) = client.runs(project="digits").runs
    assert (run.name, run.group, run.state, run.tags) == ("first run0f1ba9e5", "both", "finished", ["wandb"])
    assert run.config == {"lr": 0.1, "net": {"depth": 3}, "late": "x"}
    points = client.points(run.id, "train/loss")
    assert [(point.step, point.value) for point in points] == [(step, step) for step in range(8)] + [(41, 7.5)]
    assert 1.79e9 < points[0].time < points[-1].time
    assert [point.value for point in client.points(run.id, "val.acc")] == [step / 2 for step in range(8)]
    words = [client.points(run.id, key)[0].value for key in ("odd", "big", "flag")]
    assert words == ["nan", "inf", 1.0]


def test_several_files_of_one_run_become_one_run(tmp_path: Path) -> None:
    for name in ("offline-run-1", "offline-run-2"):
        (tmp_path / name).mkdir()
        shutil.copy(FILE, tmp_path / name)
    (run,) = WandbImporter().read(tmp_path)
    assert [len(rows) for rows in run.rows_by_file.values()] == [10, 10] and run.left_out == {
        "texts": 2,
        "histograms": 2,
    }


def test_records_longer_than_a_block_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "run-x.wandb"
    lengths = (0, 1, 32_741, 5, 100_000, 32_755, 32_761, 7)
    records = [bytes([number]) * length for number, length in enumerate(lengths)]
    path.write_bytes(framed(records))
    assert list(wandb.records(path)) == records
    whole = list(wandb.records(FILE))
    path.write_bytes(framed(whole))
    assert path.read_bytes() == FILE.read_bytes(), "the file is framed like wandb's"


def test_an_incomplete_record_is_left_out_and_damage_is_reported(tmp_path: Path) -> None:
    path, data = tmp_path / "run-x.wandb", FILE.read_bytes()
    count, seen = len(list(wandb.records(FILE))), 0
    for end in range(len(wandb.FILE_HEADER), len(data), 7):
        path.write_bytes(data[:end])
        found = len(list(wandb.records(path)))
        assert seen <= found <= count
        seen = found
    (expected,) = next(WandbImporter().read(FILE)).rows_by_file.values()
    for place in range(len(wandb.FILE_HEADER), len(data), 97):
        path.write_bytes(data[:place] + bytes([data[place] ^ 255]) + data[place + 1 :])
        (run,) = WandbImporter().read(path)
        (rows,) = run.rows_by_file.values()
        assert run.problem and repr(rows) == repr(expected[: len(rows)])
    path.write_bytes(b"no record file")
    assert "does not begin" in next(WandbImporter().read(path)).problem


@pytest.mark.parametrize("tail", [bytes(6), bytes(40)])
def test_zeros_at_the_end_contain_no_record(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "run-x.wandb"
    path.write_bytes(framed([b"a"]) + tail)
    assert list(wandb.records(path)) == [b"a"]
