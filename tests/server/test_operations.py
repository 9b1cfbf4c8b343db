"""Readiness and metrics."""

from __future__ import annotations

import re
from pathlib import Path

import requests

from lightning_sweeps.store.migrate import latest
from tests.servers import running_server
from tests.store.journals import Journal


def test_ready_and_metrics(tmp_path: Path, database: str) -> None:
    journal = Journal().log(0, loss=1.0).log(1, loss=2.0)
    with running_server(tmp_path / "home", database) as (client, server), requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {server.token}"
        client.send_journal(journal.id, 0, journal.data)
        ready = session.get(f"{server.url}/api/ready", timeout=5)
        assert (ready.status_code, ready.json()["version"]) == (200, latest())
        answer = session.get(f"{server.url}/api/metrics", timeout=5)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    values = dict(re.findall(r"^(lightning_sweeps_[a-z_]+(?:\{[^}]*\})?) (\S+)$", answer.text, re.MULTILINE))
    assert values['lightning_sweeps_runs{state="running"}'] == "1"
    assert (values["lightning_sweeps_rows"], values["lightning_sweeps_rows_unsorted"]) == ("2", "2")
    assert float(values["lightning_sweeps_process_resident_bytes"]) > 1e6
    for line in answer.text.splitlines():
        assert line.startswith("# ") or re.fullmatch(r"[a-z_]+(\{[^}]*\})? [0-9.e+-]+", line), line
