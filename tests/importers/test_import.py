"""Import of files that real programs wrote: repeated imports, growing files and damaged files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps.api.query import Api
from lightning_sweeps.client import Client
from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import UsageError
from lightning_sweeps.importers import protobuf, tensorboard, upload
from lightning_sweeps.importers.csv_files import CsvImporter
from lightning_sweeps.importers.imported_run import ImportedRow, ImportedRun
from lightning_sweeps.importers.tensorboard import TensorBoardImporter
from lightning_sweeps.importers.upload import upload_run
from tests.cli.test_cli import command
from tests.servers import running_server

WRITE_EVENTS = """
import sys
from torch.utils.tensorboard import SummaryWriter
for name, shift in (("a", 0), ("a/inner", 100)):
    with SummaryWriter(f"{sys.argv[1]}/{name}") as writer:
        for step in range(int(sys.argv[2]), int(sys.argv[3])):
            writer.add_scalar("train/loss", step + shift, step, walltime=1.7e9 + step)
        writer.add_scalar("new", 0.5, 7, new_style=True)
        writer.add_scalar("odd", float("nan"), -1)
        writer.add_text("note", "hello")
        writer.add_histogram("weights", __import__("numpy").arange(10.0))
"""
WRITE_CSV = """
import sys
from lightning.pytorch.loggers import CSVLogger
logger = CSVLogger(sys.argv[1], "digits")
logger.log_hyperparams({"lr": 0.1, "net": {"depth": 3}})
for step in range(int(sys.argv[2])):
    logger.log_metrics({"loss": 1.0 / (step + 1)}, step)
    if step % 2:
        logger.log_metrics({"val": float(step)}, step + 1000)
logger.save()
"""


def write(code: str, *arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)],
        env=environment(), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Path]]:
    home = tmp_path_factory.mktemp("import") / "home"
    with running_server(home) as (client, _):
        yield client, home


def test_event_files_of_torch_are_imported_once_and_can_grow(server: tuple[Client, Path], tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    client, home = server
    write(WRITE_EVENTS, tmp_path, 0, 20)
    done = command(home, "import", str(tmp_path), "-p", "events")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{name}: 24 rows, 24 new" for name in ("a", "a/inner")]
    assert "24 rows, 0 new" in command(home, "import", str(tmp_path), "-p", "events").stdout
    runs = {run.name: run for run in client.runs(project="events").runs}
    assert (runs["a"].state, runs["a"].tags, runs["a"].summary["new"]) == ("finished", ["tensorboard"], 0.5)
    write(WRITE_EVENTS, tmp_path, 20, 30)
    command(home, "import", str(tmp_path), "-p", "events")
    with Api(Client(client.url, (home / "server.key").read_text())) as api:
        points = list(api.points(runs["a/inner"].id, "train/loss"))
        odd = [point["step"] for point in api.points(runs["a"].id, "odd")]
    assert [(point["step"], point["value"], point["time"]) for point in points] == [
        (step, step + 100.0, 1.7e9 + step) for step in range(30)
    ]
    assert odd == [-1, -1]


def test_files_of_the_csv_logger_are_imported_with_their_hyperparameters(
    server: tuple[Client, Path], tmp_path: Path
) -> None:
    client, home = server
    write(WRITE_CSV, tmp_path, 10)
    for new in (15, 0):
        done = command(home, "import", str(tmp_path), "--from", "csv", "-p", "tables")
        assert done.stdout == f"digits/version_0: 15 rows, {new} new\n", done.stderr
    (run,) = client.runs(project="tables").runs
    assert (run.config, run.state, run.rows) == ({"lr": 0.1, "net": {"depth": 3}}, "finished", 15)
    assert [(point.step, point.value) for point in client.points(run.id, "val")] == [
        (step + 1000, float(step)) for step in range(1, 10, 2)
    ]


def test_any_csv_file_with_a_header_line_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("loss,word,lr\n1,a,\nnan,,0.5\n,b,\n1e3\n")
    (run,) = CsvImporter().read(tmp_path)
    assert run.name == "x" and run.left_out == {"texts": 2}
    rows = run.rows_by_file["x.csv"]
    assert [(row.step, set(row.values)) for row in rows] == [(0, {"loss"}), (1, {"loss", "lr"}), (3, {"loss"})]


def test_a_file_that_grows_adds_segments_and_a_changed_one_is_an_error(
    server: tuple[Client, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = server
    monkeypatch.setattr(upload, "SEGMENT_ROWS", 10)
    rows = [ImportedRow(step, 1.7e9 + step, {"x": float(step)}) for step in range(40)]

    def import_rows(part: list[ImportedRow]) -> int:
        return upload_run(client, ImportedRun("grows", {"file": part}), project="growth", source="csv").new_rows

    assert [import_rows(rows[:count]) for count in (4, 4, 9, 33, 33, 40)] == [4, 0, 5, 24, 0, 7]
    (run,) = client.runs(project="growth").runs
    assert (run.rows, run.state) == (40, "finished")
    assert sorted(point.step for point in client.points(run.id, "x")) == list(range(40))
    with pytest.raises(UsageError, match="rows were changed"):
        import_rows([ImportedRow(0, 1.7e9, {"a longer name": 1.0}), *rows[1:]])


def test_a_damaged_file_is_read_up_to_the_damage(tmp_path: Path) -> None:
    data = b"".join(_record(_event(step)) for step in range(5))
    path = tmp_path / "events.out.tfevents.1"
    size = len(data) // 5
    for end in range(len(data)):
        path.write_bytes(data[:end])
        (run,) = TensorBoardImporter().read(tmp_path)
        assert len(run.rows_by_file[path.name]) == end // size and not run.problem, "an incomplete record is left out"
    for place in range(0, size, 3):
        path.write_bytes(data[: size + place] + bytes([data[size + place] ^ 255]) + data[size + place + 1 :])
        (run,) = TensorBoardImporter().read(tmp_path)
        assert len(run.rows_by_file[path.name]) == 1 and "byte" in run.problem
    path.write_bytes(b"not an event file at all")
    assert next(TensorBoardImporter().read(path)).problem


@pytest.mark.parametrize("message", [b"\x0d\x00", b"\x0a\x05ab", b"\xff" * 11, b"\x0b"])
def test_invalid_messages_are_errors(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"incomplete|wire type|does not end"):
        list(protobuf.fields(message))


def _event(step: int) -> bytes:
    value = b"\x0a\x01x\x15\x00\x00\x80\x3f"
    return b"\x09" + b"\0" * 8 + bytes([0x10, step]) + bytes([0x2A, len(value) + 2, 0x0A, len(value)]) + value


def _record(data: bytes) -> bytes:
    length = len(data).to_bytes(8, "little")
    checksums = [tensorboard.masked_crc(part).to_bytes(4, "little") for part in (length, data)]
    return length + checksums[0] + data + checksums[1]
