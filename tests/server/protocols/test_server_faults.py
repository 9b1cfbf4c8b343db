"""A fault of the server ends a request of another tool's client at once, with an error that the client shows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lightning_sweeps.core.paths import Home
from tests.server.protocols.mlflow_server import MlflowServer
from tests.server.protocols.wandb_client import PROGRAM_S, WandbPrograms
from tests.server.protocols.wandb_server import UPSERT, WandbServer
from tests.servers import running_server, wait_until

FAULT_S = 60
"""How long a client may take that hears of a fault. One that repeats the request takes a quarter of an hour."""
STARTS = "import wandb\nwandb.init()\n"
LOGS_WHEN_TOLD = """
import wandb
run = wandb.init(id="told")
input()
for step in range(10):
    run.log({"loss": step})
run.finish()
"""


@contextmanager
def broken(home: Path, change: str) -> Iterator[None]:
    """Let the database refuse a change, such as `INSERT ON run`."""
    with closing(sqlite3.connect(Home(home).server_database, timeout=30)) as database:
        database.execute(f"CREATE TRIGGER broken BEFORE {change} BEGIN SELECT RAISE(ABORT, 'broken'); END")
        database.commit()
        try:
            yield
        finally:
            database.execute("DROP TRIGGER broken")
            database.commit()


def test_requests_are_refused_for_good_in_the_clients_form(home: Path) -> None:
    with running_server(home) as (client, server):
        wandb, mlflow = WandbServer(client, server), MlflowServer(client, server)
        wandb.upsert("abc")
        run = mlflow.run()
        with broken(home, "UPDATE ON journal"):
            streamed = wandb.log("abc", 0, [0.5])
            logged = mlflow.log(run, 0.5)
        with broken(home, "INSERT ON run"):
            begun = wandb.post("/graphql", {"query": UPSERT, "variables": {"name": "new", "project": "digits"}})
        for answer in (streamed, begun):
            assert answer.status_code == 501
            said = answer.json()["errors"][0]["message"]
            assert "failed in the server" in said and "log has the traceback" in said
        assert (logged.status_code, logged.json()["error_code"]) == (501, "INTERNAL_ERROR")
        assert "failed in the server" in logged.json()["message"]
        assert wandb.log("abc", 0, [0.5]).ok, "the request can be repeated once the fault is mended"
    assert "Traceback" in Home(home).server_log.read_text()


@pytest.mark.slow
def test_a_wandb_client_ends_at_once_and_its_rows_can_be_sent_later(programs: WandbPrograms, home: Path) -> None:
    with broken(home, "INSERT ON run"):
        began = time.monotonic()
        printed = programs.run(STARTS, status=1)
        assert "failed in the server" in printed and time.monotonic() - began < FAULT_S
    program = programs.write(LOGS_WHEN_TOLD)
    with programs.start("python", str(program)) as process:
        wait_until(lambda: programs.served.has_rows(0), timeout_s=FAULT_S, what="the run")
        with broken(home, "UPDATE ON journal"):
            began = time.monotonic()
            printed, _ = process.communicate("\n", timeout=PROGRAM_S)
        assert process.returncode == 0 and time.monotonic() - began < FAULT_S, printed
    assert "Use `wandb sync`" in printed
    programs.sync("run-*-told")
    assert programs.served.losses() == [(step, float(step)) for step in range(10)]
