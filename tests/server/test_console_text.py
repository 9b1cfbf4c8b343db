"""The console of a run as a text file."""

from __future__ import annotations

from pathlib import Path

import requests

from lightning_sweeps.store.console import MAX_LINES
from tests.servers import running_server
from tests.store.journals import Journal


def test_all_lines_are_downloaded_page_by_page(tmp_path: Path) -> None:
    count = MAX_LINES + 5
    journal = Journal(run="run-1")
    for at in range(count):
        journal.say(f"line {at} \x1b[1mé\x1b[m")
    with running_server(tmp_path) as (client, server):
        client.send_journal(journal.id, 0, journal.data)
        headers = {"Authorization": f"Bearer {server.token}"}
        answer = requests.get(f"{server.url}/api/runs/run-1/console/text", headers=headers, timeout=60)
        missing = requests.get(f"{server.url}/api/runs/nobody/console/text", headers=headers, timeout=60)
    assert answer.text.splitlines() == [f"line {at} \x1b[1mé\x1b[m" for at in range(count)]
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''run-1.log"
    assert missing.status_code == 404
