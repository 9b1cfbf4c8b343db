"""`lightning-sweeps doctor` on a healthy machine, and with one thing wrong at a time."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from lightning_sweeps.cli.doctor_checks import CHECKS, run_checks
from lightning_sweeps.cli.doctor_checks.finding import Check, Finding, Machine
from lightning_sweeps.cli.doctor_checks.packages import is_older
from lightning_sweeps.cli.doctor_checks.ranks import judge
from lightning_sweeps.core.paths import Home, make_private_folder
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.system.home_cleanup import HomeCleanup
from tests.cli.test_cli import command
from tests.servers import running_server

SEEN = {"torch": "2.9", "cuda": "12.8", "gpus": 2, "nccl": "2.27", "nccl_ranks": 2, "nccl_error": "", "seconds": 0.1}


def machine(home: Path, **changes: object) -> Machine:
    settings = read_settings({"LIGHTNING_SWEEPS_HOME": str(home)})
    return Machine(replace(settings, **changes), Home(home))  # type: ignore[arg-type]


def findings(name: str, home: Path, **changes: object) -> list[Finding]:
    return list(run_checks(machine(home, **changes), {name: CHECKS[name]}))


def levels(found: list[Finding]) -> set[str]:
    return {finding.level for finding in found}


def only(found: list[Finding], level: str) -> Finding:
    """Return the one finding of a level, which says what to type."""
    (finding,) = [finding for finding in found if finding.level == level]
    assert finding.hint
    return finding


@pytest.mark.launch
def test_the_command_checks_everything_and_starts_no_server(home: Path) -> None:
    done = command(home, "doctor", "--json")
    found = json.loads(done.stdout)
    assert {one["check"] for one in found} == set(CHECKS)
    assert done.returncode == any(one["level"] == "fail" for one in found)
    assert all(one["hint"] for one in found if one["level"] != "ok")
    ranks = next(one for one in found if one["check"] == "ranks")
    assert ranks["message"].startswith("two ranks meet") or ranks["level"] == "warn", ranks  # a busy machine
    assert not home.exists()


def test_a_healthy_home_and_a_server_are_ok(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_server(home) as (_, file):
        found = findings("server", home)
        assert levels(found) == {"ok"}
        assert file.url in found[0].message
    assert levels(findings("home", home)) <= {"ok", "warn"}
    assert levels(findings("service", home)) == {"ok"}


def test_a_server_that_does_not_answer_or_does_not_know_the_key_fails(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert "does not answer" in only(findings("server", tmp_path, url=dead), "fail").message
    with running_server(tmp_path / "home") as (_, file):
        wrong = only(findings("server", tmp_path / "other", url=file.url, api_key="wrong"), "fail")
        assert "lightning-sweeps login" in wrong.hint


def test_a_home_that_is_open_or_a_file_is_said(tmp_path: Path) -> None:
    open_home = tmp_path / "open"
    open_home.mkdir()
    open_home.chmod(0o755)
    assert only(findings("home", open_home), "warn").hint == f"`chmod 700 {open_home}`"
    (tmp_path / "file").touch()
    assert "is a file" in only(findings("home", tmp_path / "file"), "fail").message


def test_a_rejected_journal_is_shown_with_its_reason_until_it_is_deleted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = Home(tmp_path)
    make_private_folder(home.journals)
    journal, note = home.journal("abc"), home.rejection("abc")
    journal.write_bytes(b"rows")
    for is_told in (False, True):
        note.write_bytes(msgspec.json.encode({"journal": {"reason": "too deep"}, "is_told": is_told}))
        found = only(findings("leftovers", tmp_path), "warn")
        assert "too deep" in found.message
        assert ("until the server knows" in found.message) is not is_told
    past = time.time() - 15 * 86400
    for path in (journal, note):
        os.utime(path, (past, past))
    assert "the next cleanup deletes it" in only(findings("leftovers", tmp_path), "warn").message
    HomeCleanup(home, keep_s=14 * 86400.0, keep_gib=None).clean_up(now=time.time())
    assert not journal.exists()
    assert "too deep" in caplog.text


def test_journals_that_wait_are_said(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for folder in (home.journals, home.offline):
        make_private_folder(folder)
        (folder / "abc.journal").write_bytes(b"rows")
    assert "1 journal wait" in only(findings("service", tmp_path), "warn").message
    assert only(findings("leftovers", tmp_path), "warn").hint == "`lightning-sweeps sync`"


def test_settings_that_keep_rows_on_this_machine_are_said(tmp_path: Path) -> None:
    assert "offline" in only(findings("settings", tmp_path, mode="offline"), "warn").message
    assert levels(findings("settings", tmp_path)) == {"ok"}


@pytest.fixture
def never() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_check_that_hangs_or_breaks_is_a_finding(tmp_path: Path, never: threading.Event) -> None:
    def hang(machine: Machine) -> list[Finding]:
        never.wait()
        return []

    def break_down(machine: Machine) -> list[Finding]:
        raise OSError("disk gone")

    checks = {"hangs": Check(hang, deadline_s=0.05), "breaks": Check(break_down)}
    hung, broken = run_checks(machine(tmp_path), checks)
    assert (hung.level, hung.message) == ("fail", "no answer within 0 s")
    assert "disk gone" in broken.message


@pytest.mark.parametrize(
    ("changes", "gpus", "level", "part"),
    [
        ({}, 2, "ok", "two GPUs meet"),
        ({"nccl_error": "unhandled system error"}, 2, "fail", "unhandled system error"),
        ({"gpus": 0, "nccl_ranks": 0, "cuda": None}, 1, "fail", "built without CUDA"),
        ({"gpus": 0, "nccl_ranks": 0}, 0, "ok", "meet over gloo"),
    ],
)
def test_what_ranks_saw_is_judged(changes: dict[str, object], gpus: int, level: str, part: str) -> None:
    last = list(judge({**SEEN, **changes}, gpus=gpus))[-1]
    assert last.level == level
    assert part in last.message


def test_versions_are_compared_by_their_numbers() -> None:
    assert is_older("2.5.1", "2.6")
    assert not is_older("2.13.0+cpu", "2.6")
    assert not is_older("2.6.0rc1", "2.6")
