"""A home folder that the code before schema 0003 left is opened with everything in it.

`tests/store/files/home-0001-server.sql` is its database. `home-0001.journal` is a journal that its service had closed:
at that time, the service wrote the end of a dead process into the journal itself.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from lightning_sweeps.core.paths import Home
from lightning_sweeps.journal.closing import has_own_end
from lightning_sweeps.journal.reader import read_header
from tests.servers import running_server, wait_until
from tests.service.services import running_service
from tests.service.test_service import closed_run

FILES = Path(__file__).parents[1] / "store" / "files"


def test_a_home_of_the_schema_before_is_opened(home: Path) -> None:
    header = read_header(FILES / "home-0001.journal")
    assert header is not None and has_own_end(FILES / "home-0001.journal")
    waiting = Home(home).journal(header.journal)
    waiting.parent.mkdir(parents=True)
    shutil.copy(FILES / "home-0001.journal", waiting)
    with sqlite3.connect(Home(home).server_database) as database:
        database.executescript((FILES / "home-0001-server.sql").read_text())
    with running_server(home) as (client, _), running_service(home, LIGHTNING_SWEEPS_ORPHAN_S="1"):
        found = {run.name: run for run in closed_run(client, "before", runs=3)}
        assert {name: (run.state, run.rows) for name, run in found.items()} == {
            "stored": ("finished", 50),
            "rejected": ("finished", 2),
            "waiting": ("killed", 50),
        }
        assert found["waiting"].reason == "killed by signal 9 (SIGKILL)"
        assert found["rejected"].rejected == 1 and found["stored"].rejected is None
        assert len(client.rejected().records) == 1
        assert client.values(found["stored"].id) == []
        assert len(client.points(found["stored"].id, "x")) == 50
        wait_until(lambda: not waiting.exists(), what="the end of the journal")
