"""Old trial folders, rejected journals and long logs are deleted by age and size; everything else stays."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import SettingError
from lightning_sweeps.system.home_cleanup import (
    GIB,
    LONGEST_LOG_BYTES,
    NEVER_YOUNGER_S,
    HomeCleanup,
    Leftover,
    too_old_or_too_much,
)
from tests.servers import wait_until
from tests.service.services import start_service

DAY_S = 86400.0
NOW = 1e9


def make_trial(home: Home, name: str, *, age_s: float, size: int = 10, is_running: bool = False) -> Path:
    folder = home.trial(name)
    folder.rank_logs.mkdir(parents=True)
    folder.stdout.write_bytes(b"x" * size)
    (folder.rank_logs / "out").write_text("x")
    if is_running:
        folder.process.write_text("{}")
    for path in (*folder.root.rglob("*"), folder.root):
        os.utime(path, (time.time() - age_s, time.time() - age_s))
    return folder.root


def make_rejected(home: Home, name: str, *, is_told: bool, age_s: float) -> list[Path]:
    home.journals.mkdir(parents=True, exist_ok=True)
    paths = [home.journal(name), home.rejection(name)]
    paths[0].write_text("not a journal" * 10)
    paths[1].write_text(json.dumps({"journal": {}, "is_told": is_told}))
    for path in paths:
        os.utime(path, (time.time() - age_s, time.time() - age_s))
    return paths


def test_a_service_deletes_what_is_old_before_it_ends(home: Path) -> None:
    place = Home(home)
    old = make_trial(place, "old", age_s=15 * DAY_S)
    kept = [
        make_trial(place, "new", age_s=13 * DAY_S),
        make_trial(place, "running", age_s=15 * DAY_S, is_running=True),
        *make_rejected(place, "j-untold", is_told=False, age_s=15 * DAY_S),
        *make_rejected(place, "j-new", is_told=True, age_s=DAY_S),
    ]
    gone = [old, *make_rejected(place, "j-told", is_told=True, age_s=15 * DAY_S)]
    service = start_service(home, LIGHTNING_SWEEPS_URL="http://127.0.0.1:1")
    wait_until(lambda: not any(path.exists() for path in gone), what="the cleanup")
    service.terminate()
    service.wait(20)
    assert all(path.exists() for path in kept)
    assert "deleted 2 old trial folders and rejected journals" in place.service_log.read_text()


def test_the_oldest_folders_are_deleted_until_the_rest_is_small_enough(tmp_path: Path) -> None:
    place = Home(tmp_path)
    folders = [make_trial(place, str(day), age_s=day * DAY_S, size=2**20) for day in (1, 2, 3, 4)]
    recent = make_trial(place, "recent", age_s=0, size=2**20)
    cleanup = HomeCleanup(place, keep_s=None, keep_gib=3.5 * 2**20 / GIB)
    assert cleanup.clean_up(now=time.time())
    assert [folder.exists() for folder in (recent, *folders)] == [True, True, True, False, False]
    assert HomeCleanup(place, keep_s=None, keep_gib=None).clean_up(now=time.time())
    assert folders[0].exists()


def test_a_long_log_starts_again_and_its_writer_continues(tmp_path: Path) -> None:
    place = Home(tmp_path)
    with place.service_log.open("ab", buffering=0) as writer:
        writer.write(b"x" * (LONGEST_LOG_BYTES + 1))
        HomeCleanup(place, keep_s=None, keep_gib=None).clean_up(now=time.time())
        writer.write(b"next line\n")
    assert place.service_log.read_text() == "next line\n"
    assert place.service_log.with_name("service.log.1").stat().st_size == LONGEST_LOG_BYTES + 1
    assert not place.server_log.exists()


sizes_and_ages = st.lists(st.tuples(st.integers(0, 100), st.floats(0, 30 * DAY_S)), max_size=8)
limits = st.none() | st.floats(1, 20 * DAY_S)


@given(sizes_and_ages, limits, st.none() | st.integers(0, 300))
def test_no_more_is_deleted_than_the_limits_ask_for(
    parts: list[tuple[int, float]], keep_s: float | None, keep_bytes: int | None
) -> None:
    leftovers = [Leftover((Path(str(index)),), size, NOW - age) for index, (size, age) in enumerate(parts)]
    chosen = too_old_or_too_much(leftovers, now=NOW, keep_s=keep_s, keep_bytes=keep_bytes)
    kept = [leftover for leftover in leftovers if leftover not in chosen]
    deletable = [leftover for leftover in kept if NOW - leftover.modified > NEVER_YOUNGER_S]
    assert all(NOW - leftover.modified > NEVER_YOUNGER_S for leftover in chosen)
    assert keep_s is None or all(NOW - leftover.modified <= keep_s for leftover in deletable)
    total = sum(leftover.size_bytes for leftover in kept)
    assert keep_bytes is None or total <= keep_bytes or not deletable
    young = [leftover for leftover in chosen if keep_s is None or NOW - leftover.modified <= keep_s]
    if young:  # deleted for its size: without it, the rest was still too large
        assert keep_bytes is not None
        latest = max(leftover.modified for leftover in young)
        assert total + sum(one.size_bytes for one in young if one.modified == latest) > keep_bytes


@pytest.mark.parametrize(
    ("text", "seconds"), [("14d", 14 * DAY_S), ("1.5h", 5400.0), ("30m", 1800.0), ("forever", None), ("", 14 * DAY_S)]
)
def test_durations(text: str, seconds: float | None) -> None:
    assert read_settings({"LIGHTNING_SWEEPS_KEEP": text}).keep == seconds


@pytest.mark.parametrize("text", ["14", "d", "-1d", "0d", "14 weeks", "nan d"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(SettingError, match="LIGHTNING_SWEEPS_KEEP"):
        read_settings({"LIGHTNING_SWEEPS_KEEP": text})
