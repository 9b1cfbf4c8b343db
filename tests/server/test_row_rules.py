"""A server thins and deletes old rows, and holds projects to their quota of rows, while machines upload."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.per_project import PerProject
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import ServerRefused, UsageError
from lightning_sweeps.journal.closing import SentPart
from lightning_sweeps.messages import KeyCreate
from lightning_sweeps.server import journal_parts
from lightning_sweeps.server.process.retention import Retention, RowRules, check_storage, row_rules
from lightning_sweeps.store.database import Store, open_store
from tests.servers import running_server, wait_until
from tests.store.journals import Journal

ROWS = 4_000
SLOWEST_S = 0.2


def logged(journal: Journal, rows: int) -> Journal:
    for _ in range(rows):
        journal.log(journal.sequence, loss=float(journal.sequence % 7))
    return journal


def test_rows_over_the_quota_wait_and_arrive_later(tmp_path: Path, database: str) -> None:
    full = logged(Journal(id="full", run="full"), 100)
    new = logged(Journal(id="new", run="new").say("started"), 10)
    elsewhere = logged(Journal(id="elsewhere", run="elsewhere", project="other"), 10)
    with running_server(tmp_path / "home", database, "--quota-rows", "50", "--quota-rows", "other=1k") as (client, _):
        accepted = 0

        def is_refused() -> bool:
            nonlocal accepted
            logged(full, 1)
            (outcome,) = client.send_journals([SentPart(full.id, accepted, full.data[accepted:], None)])
            accepted = outcome.offset or accepted
            return outcome.status == 507

        wait_until(is_refused, what="the quota")
        (refused,) = client.send_journals([SentPart(new.id, 0, new.data, None)])
        assert "`project-1` has " in refused.problem and "wait on the machine" in refused.problem
        run = client.run("new")
        assert (run.state, "that it may have" in run.reason) == ("running", True)
        with pytest.raises(ServerRefused, match="new rows wait") as refusal:
            client.send_journal(full.id, accepted, full.data[accepted:])
        assert refusal.value.status == 507
        (taken,) = client.send_journals([SentPart(elsewhere.id, 0, elsewhere.data, None)])
        assert taken.status == 200
        notes = {use.name: use.note for use in client.space("project").uses}
        assert "over quota" in notes["project-1"] and notes["other"] == ""
        assert client.run("new").rows == 0 and client.console("new")[0].line == "started"
    with running_server(tmp_path / "home", database, "--quota-rows", "1G") as (client, _):
        client.send_journal(new.id, 0, new.data)
        run = client.run("new")
        assert (run.rows, run.reason) == (10, "")


def test_only_admins_see_the_space(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as (client, server):
        key = client.create_key(KeyCreate("w", "write"))
        with Client(server.url, key.key) as writer, pytest.raises(ServerRefused, match="needs `admin`"):
            writer.space("run")
        assert client.space("run").uses == []


def test_uploads_do_not_wait_for_retention(tmp_path: Path, database: str) -> None:
    store = open_store(database)
    try:
        for number in range(6):
            journal = logged(Journal(id=f"old-{number}", run=f"old-{number}"), ROWS).finish()
            journal_parts.take(store, SentPart(journal.id, 0, journal.data, None))
        rules = RowRules(PerProject(1e-6), PerProject(None, {"other": 1e-6}))
        work = threading.Thread(target=Retention(store, rules).apply)
        work.start()
        durations = upload_while(store, work)
        work.join()
    finally:
        store.close()
    assert len(durations) > 5 and max(durations[1:]) < SLOWEST_S, sorted(durations)[-3:]  # the first one connects


def upload_while(store: Store, work: threading.Thread) -> list[float]:
    """Store small parts of a live run until the work ends, and return how long each took, in seconds."""
    live, sent, durations = Journal(id="live", run="live"), 0, []
    while work.is_alive():
        logged(live, 5)
        began = time.monotonic()
        journal_parts.take(store, SentPart(live.id, sent, live.data[sent:], None))
        durations.append(time.monotonic() - began)
        sent = len(live.data)
    return durations


def test_rules_are_read_from_options_and_settings() -> None:
    settings = read_settings({"LIGHTNING_SWEEPS_KEEP_ROWS": "90d,paper=forever", "LIGHTNING_SWEEPS_QUOTA_ROWS": "2k"})
    rules = row_rules(settings, thin=["30d", "demo=12h"], keep=[], quota=["1.5M"])
    assert (rules.thin_s.of("demo"), rules.thin_s.of("x")) == (43_200.0, 30 * 86_400.0)
    assert (rules.keep_s.of("paper"), rules.keep_s.of("x")) == (None, 90 * 86_400.0)
    assert rules.quota.of("x") == 1_500_000
    for wrong in (["30"], ["-1d"], ["1d", "2d"], ["demo="]):
        with pytest.raises(UsageError, match="`--thin-rows` is `"):
            row_rules(settings, thin=wrong, keep=[], quota=[])


def test_a_storage_that_cannot_thin_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(f"sqlite:///{tmp_path}/test.db")
    try:
        check_storage(store, RowRules(PerProject(1.0)))
        monkeypatch.setattr(type(store.series), "can_thin", False)
        check_storage(store, RowRules(keep_s=PerProject(1.0)))
        with pytest.raises(UsageError, match="`ChunkStorage` cannot"):
            check_storage(store, RowRules(PerProject(1.0)))
    finally:
        store.close()
