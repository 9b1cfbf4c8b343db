"""Event files are followed as they grow: each row once, over restarts of the follower and of the server."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.mime_types import HISTOGRAM, PNG, TEXT
from lightning_sweeps.core.settings import environment
from lightning_sweeps.messages import RunDetails
from tests.cli.test_cli import assert_message, command
from tests.importers.test_contract import event_record
from tests.importers.test_import import write
from tests.servers import end_server, running_server, start_server, wait_for_server, wait_until

WRITE_ALL = """
import sys, numpy
from torch.utils.tensorboard import SummaryWriter
with SummaryWriter(f"{sys.argv[1]}/run") as writer:
    for step in range(3):
        writer.add_scalar("loss", 0.5 * step, step)
    writer.add_image("sample", numpy.zeros((3, 4, 4)), 1)
    writer.add_histogram("weights", numpy.arange(10.0), 1)
    writer.add_text("note", "hello", 2)
    writer.add_hparams({"lr": 0.1, "name": "adam", "fast": True}, {"score": 1.0}, run_name=".")
"""
FOLLOW_S = 60


@contextmanager
def following(home: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Follow a folder until the end of the block; kill what does not end by itself."""
    with subprocess.Popen(
        [sys.executable, "-m", "lightning_sweeps.cli", "import", "--follow", str(folder), "-p", "live"],
        env={**environment(), "LIGHTNING_SWEEPS_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def append(file: Path, *steps: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as stream:
        for step in steps:
            stream.write(event_record(step))


def live_run(client: Client) -> RunDetails | None:
    return next(iter(client.runs(project="live").runs), None)


def wait_for_rows(client: Client, count: int) -> None:
    def has_rows() -> bool:
        run = live_run(client)
        return run is not None and run.rows == count

    wait_until(has_rows, timeout_s=FOLLOW_S, what=f"{count} rows")


def steps(client: Client) -> list[int]:
    run = live_run(client)
    assert run is not None
    return [one.step for one in client.points(run.id, "x")]


def test_rows_arrive_while_a_file_grows_once_over_restarts(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    file = folder / "a" / "events.out.tfevents.1"
    server = start_server(home)
    try:
        found = wait_for_server(home, server)
        with Client(found.url, found.token) as client:
            with following(home, folder) as process:
                append(file, 0, 1)
                wait_for_rows(client, 2)
                run = live_run(client)
                assert run is not None and (run.name, run.state, run.tags) == ("a", "running", ["tensorboard"])
                half = event_record(2)
                with file.open("ab") as stream:
                    stream.write(half[:20])
                append(folder / "a" / "events.out.tfevents.2", 7)
                wait_for_rows(client, 3)
                with file.open("ab") as stream:
                    stream.write(half[20:])
                wait_for_rows(client, 4)
                process.kill()
            append(file, 3)
            with following(home, folder) as process:
                wait_for_rows(client, 5)
                server.kill()
                server.wait()
                append(file, 4)
                server = start_server(home)
                wait_for_server(home, server)
                wait_for_rows(client, 6)
                process.send_signal(signal.SIGINT)
                printed, _ = process.communicate(timeout=FOLLOW_S)
                assert process.returncode == 0, printed
            assert sorted(steps(client)) == [0, 1, 2, 3, 4, 7]
            run = live_run(client)
            assert run is not None and run.state == "finished"
            append(file, 5)
            done = command(home, "import", str(folder), "-p", "live")
            assert done.stdout == "a: 7 rows, 1 new\n", done.stderr
            append(file, 6)
            with following(home, folder):
                wait_for_rows(client, 8)
            assert sorted(steps(client)) == [0, 1, 2, 3, 4, 5, 6, 7]
    finally:
        end_server(server)


def test_all_that_a_writer_of_torch_logs_arrives(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    write(WRITE_ALL, tmp_path)
    with running_server(home) as (client, _):
        for _ in range(2):
            done = command(home, "import", str(tmp_path), "-p", "live")
            assert done.returncode == 0 and "left out" not in done.stdout, done.stdout + done.stderr
        (run,) = client.runs(project="live").runs
        assert run.config == {"lr": 0.1, "name": "adam", "fast": True}
        assert [one.value for one in client.points(run.id, "loss")] == [0.0, 0.5, 1.0]
        files = {one.key: one for one in client.media(run.id)}
        assert {key: (one.step, one.mime) for key, one in files.items()} == {
            "sample": (1, PNG),
            "weights": (1, HISTOGRAM),
            "note/text_summary": (2, TEXT),
        }
        contents = {key: b"".join(client.blob(one.digest)) for key, one in files.items()}
        assert contents["note/text_summary"] == b"hello" and contents["sample"].startswith(b"\x89PNG")
        histogram = msgspec.json.decode(contents["weights"])
        assert sum(histogram["counts"]) == 10 and len(histogram["edges"]) == len(histogram["counts"]) + 1
        assert (histogram["edges"][0], histogram["edges"][-1]) == (0.0, 9.0)


def test_other_formats_are_not_followed(home: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    with running_server(home):
        done = command(home, "import", "--follow", str(tmp_path))
    assert_message(done, 2, "files of the format `csv` cannot be followed", "each row is stored once")
